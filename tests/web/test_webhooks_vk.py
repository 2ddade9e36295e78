"""VK's Callback API: who knows the secret, what is kept, what VK is told; connecting by it, against the simulator."""

import json

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import select

from inbox.channels.models import Channel
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.settings import Settings
from inbox.core.stream import STREAM
from tests.company import Company, administrator_key, community_key, connect_community, found_company, serve
from tests.desk import until
from tests.ports import two_free_ports
from tests.servers import TestServers

pytestmark = pytest.mark.outside
GROUP = 770001
SECRET = f"hook-{GROUP}-secret"
ENTRIES = TypeAdapter(list[tuple[str, dict[str, str]]])
EVENT = {
    "type": "message_new",
    "group_id": GROUP,
    "event_id": "e1",
    "v": "5.199",
    "object": {"message": {"text": "ау"}},
}


async def connected(company: Company, api_url: str) -> int:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        channel = await connect_community(session, company.context, company.workspace_id, GROUP, api_url)
        return channel.id


async def call(company: Company, channel_id: int, body: object) -> httpx.Response:
    vk = await company.guest()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await vk.post(f"/webhooks/vk/{channel_id}", content=content)


async def kept(company: Company) -> list[dict[str, str]]:
    return [fields for _, fields in ENTRIES.validate_python(await company.context.redis.xrange(STREAM))]


async def test_an_event_is_on_the_stream_without_its_secret_when_vk_is_told(company: Company, simulator: str) -> None:
    channel_id = await connected(company, simulator)
    answer = await call(company, channel_id, {**EVENT, "secret": SECRET})
    assert (answer.status_code, answer.text) == (200, "ok")
    (entry,) = await kept(company)
    assert (entry["channel_id"], entry["via"], json.loads(entry["raw"])) == (str(channel_id), "webhook", EVENT)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (EVENT, 401),
        ({**EVENT, "secret": "wrong"}, 401),
        ({**EVENT, "secret": SECRET, "group_id": 770002}, 401),
        ({"type": "confirmation", "group_id": 770002}, 401),
        (b"{not json", 400),
        ([1], 400),
    ],
)
async def test_what_is_not_vks_is_not_kept(company: Company, simulator: str, body: object, status: int) -> None:
    channel_id = await connected(company, simulator)
    assert (await call(company, channel_id, body)).status_code == status
    assert (await call(company, 424242, body)).status_code == status
    assert await kept(company) == []


async def test_the_confirmation_string_is_read_from_vk(company: Company, simulator: str) -> None:
    channel_id = await connected(company, simulator)
    async with httpx.AsyncClient(base_url=simulator) as vk:
        asked = {"access_token": community_key(GROUP), "v": "5.199", "group_id": str(GROUP)}
        code = (await vk.post("/method/groups.getCallbackConfirmationCode", data=asked)).json()["response"]["code"]
    answer = await call(company, channel_id, {"type": "confirmation", "group_id": GROUP})
    assert (answer.status_code, answer.text) == (200, code)


async def test_a_community_connected_by_callback_is_confirmed_and_brings_its_events(
    servers: TestServers, simulator: str
) -> None:
    port = two_free_ports()
    settings = Settings(_env_file=None, base_url=f"http://127.0.0.1:{port}", channels_private=True)
    async with found_company(servers, settings) as company, serve(company.app, port):
        owner = await company.client_of("owner")
        wanted = {
            "workspace_id": company.workspace_id, "platform": "vk",
            "credentials": {"token": community_key(GROUP), "user_token": administrator_key(GROUP)},
            "settings": {"api_url": simulator, "group_id": GROUP, "mode": "webhook"},
        }  # fmt: skip
        other = {**wanted, "settings": {**wanted["settings"], "group_id": GROUP + 1}}  # type: ignore[dict-item]
        refused = await owner.post("/api/v1/channels", json=other)
        assert (refused.status_code, refused.json()["field"]) == (422, "settings.group_id")
        made = await owner.post("/api/v1/channels", json=wanted)
        assert made.status_code == 201, made.text
        async with httpx.AsyncClient(base_url=simulator) as phone:
            said = {"platform": "vk", "kind": "direct", "author": {"id": 5, "name": "Анна"}, "text": "ау"}
            (await phone.post("/sim/say", json=said)).raise_for_status()

        async def has_come() -> bool:
            return len(await kept(company)) == 1

        await until(has_come, 30)
        async with company.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.scalars(select(Channel).where(Channel.id == made.json()["id"]))
            assert rows.one().mode == "webhook"
        async with httpx.AsyncClient(base_url=simulator) as phone:
            world = (await phone.get("/sim/world", params={"platform": "vk"})).json()
        assert world["bots"][0]["receives"] == "webhook"

"""Channels over the API, against the simulated platform."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, event, select, text, update

from inbox.agents.models import Agent
from inbox.agents.tokens import load_caller
from inbox.audit.models import AuditEntry
from inbox.channels.account import account_of, webhook_secret_of
from inbox.channels.changing import change_keys
from inbox.channels.events import Author, ConversationKind
from inbox.channels.models import Channel, ChannelChat, ChannelStatus, ReceiveMode
from inbox.channels.schemas import ChannelOut
from inbox.channels.service import run_check
from inbox.channels.status import set_status
from inbox.contacts.models import Identity
from inbox.contacts.service import Seen, store_identities
from inbox.conversations.models import Conversation, Delivery, Direction, Message
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError
from inbox.core.events import CheckChannel
from tests.company import NOWHERE, Company, bot_token

pytestmark = pytest.mark.outside
TOKEN = bot_token("810001")
NEXT_TOKEN = "810001:BBAnotherKeyOfTheSameBot0123456789"


def wanted(
    company: Company, simulator: str, settings: Mapping[str, object] | None = None, key: str = TOKEN
) -> dict[str, object]:
    return {
        "workspace_id": company.workspace_id,
        "platform": "telegram",
        "credentials": {"token": key},
        "settings": {"api_url": simulator, **(settings or {})},
    }


async def create(company: Company, simulator: str, /, **settings: str) -> ChannelOut:
    owner = await company.client_of("owner")
    answer = await owner.post("/api/v1/channels", json=wanted(company, simulator, settings))
    assert answer.status_code == 201, answer.text
    return ChannelOut.model_validate_json(answer.content)


async def read(company: Company, channel_id: int) -> Channel:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.scalars(select(Channel).where(Channel.id == channel_id))).one()


async def simulate(simulator: str, path: str, **body: object) -> None:
    async with httpx.AsyncClient(base_url=simulator) as phone:
        answer = await phone.post(f"/sim/{path}", json={"platform": "telegram", **body})
    assert answer.is_success, answer.text


async def jobs(company: Company, name: str) -> list[dict[str, int]]:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        statement = text("select args from procrastinate_jobs where task_name = :name order by id")
        return list(await session.scalars(statement, {"name": name}))


async def test_a_connected_channel_tells_what_its_key_can_do_and_never_the_key(
    company: Company, simulator: str
) -> None:
    created = await create(company, simulator)
    assert created.workspace_id == company.workspace_id
    assert created.external_id == "810001"
    assert created.status == "new"
    assert created.key_fingerprint == TOKEN[-4:]
    assert {"direct_messages", "delete_messages"} <= {one.name for one in created.capabilities}
    assert created.settings.model_dump() == {
        "api_url": simulator, "has_proxy": False, "mode": "poll", "alert_chat_id": None,
    }  # fmt: skip
    moderator = await company.client_of("moderator")
    listed = (await moderator.get("/api/v1/channels")).json()["items"]
    assert [one["id"] for one in listed] == [company.channel_id, created.id]
    assert TOKEN not in str(listed)
    stored = await read(company, created.id)
    assert account_of(stored, company.context.cipher).token == TOKEN
    assert TOKEN.encode() not in stored.credentials_encrypted


async def test_a_key_that_the_platform_refuses_is_refused_in_words_and_nothing_is_stored(
    company: Company, simulator: str
) -> None:
    owner = await company.client_of("owner")
    answer = await owner.post("/api/v1/channels", json=wanted(company, simulator, key="not-a-token"))
    assert (answer.status_code, answer.json()["field"]) == (422, "credentials.token")
    assert "revoked or mistyped" in answer.json()["detail"]
    away = await owner.post("/api/v1/channels", json=wanted(company, NOWHERE))
    assert (away.status_code, away.json()["field"]) == (422, "settings.api_url")
    assert [one["id"] for one in (await owner.get("/api/v1/channels")).json()["items"]] == [company.channel_id]


async def test_an_account_is_connected_once(company: Company, simulator: str) -> None:
    await create(company, simulator)
    outsider = await company.client_of("outsider")
    again = await outsider.post(
        "/api/v1/channels", json=wanted(company, simulator) | {"workspace_id": company.foreign_id}
    )
    assert again.status_code == 409
    assert "already connected" in again.json()["detail"]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"api_url": "ftp://x"}, "settings.api_url"),
        ({"api_url": "https://user:pass@x"}, "settings.api_url"),
        ({"api_url": "http://"}, "settings.api_url"),
        ({"proxy_url": "javascript:alert(1)"}, "settings.proxy_url"),
        ({"proxy_url": "socks5://"}, "settings.proxy_url"),
        ({"mode": "push"}, "settings.mode"),
        ({"group_id": 5}, "settings.group_id"),
        ({"surprise": 1}, "settings.surprise"),
    ],
)
async def test_bad_settings_name_the_field(
    company: Company, simulator: str, settings: dict[str, str | int], field: str
) -> None:
    owner = await company.client_of("owner")
    answer = await owner.post("/api/v1/channels", json=wanted(company, simulator, settings))
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert TOKEN not in answer.text


@pytest.mark.parametrize(("name", "status"), [("viewer", 403), ("moderator", 403), ("sales", 403), ("outsider", 404)])
async def test_only_owners_and_administrators_connect(company: Company, simulator: str, name: str, status: int) -> None:
    client = await company.client_of(name)
    assert (await client.post("/api/v1/channels", json=wanted(company, simulator))).status_code == status
    path = f"/api/v1/channels/{company.channel_id}"
    assert (await client.patch(path, json={"name": "x"})).status_code == status
    assert (await client.delete(path)).status_code == status
    assert (await client.post(f"{path}/check")).status_code == status


async def test_a_socks_proxy_is_tried_and_kept_encrypted(company: Company, simulator: str) -> None:
    owner = await company.client_of("owner")
    proxy = "socks5://someone:proxy-password@127.0.0.1:9"
    refused = await owner.post("/api/v1/channels", json=wanted(company, simulator, {"proxy_url": proxy}))
    assert refused.status_code == 422
    assert "could not be reached" in refused.json()["detail"]
    assert "proxy-password" not in refused.text


async def test_webhook_mode_tells_the_platform_and_poll_takes_it_back(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    owner = await company.client_of("owner")
    path = f"/api/v1/channels/{created.id}"
    hooked = await owner.patch(path, json={"settings": {"mode": "webhook"}})
    assert (hooked.status_code, hooked.json()["settings"]["mode"]) == (200, "webhook")
    assert hooked.json()["settings"]["api_url"] == simulator
    stored = await read(company, created.id)
    async with httpx.AsyncClient(base_url=simulator) as platform:
        shown = (await platform.get(f"/bot{TOKEN}/getWebhookInfo")).json()["result"]
        assert shown["url"] == f"https://otklik.test/webhooks/telegram/{created.id}"
        calls = (await platform.get("/sim/calls", params={"method": "setWebhook"})).json()["items"]
        assert calls[-1]["params"]["secret_token"] == webhook_secret_of(stored, company.context.cipher)
        assert (await owner.patch(path, json={"settings": {"mode": "poll"}})).status_code == 200
        assert (await platform.get(f"/bot{TOKEN}/getWebhookInfo")).json()["result"]["url"] == ""
    assert (await read(company, created.id)).epoch == stored.epoch + 1


async def test_a_webhook_that_the_platform_refuses_leaves_the_mode_as_it_was(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    await simulate(simulator, "fault", method="setWebhook", error=400, when="before", times=5)
    owner = await company.client_of("owner")
    answer = await owner.patch(f"/api/v1/channels/{created.id}", json={"settings": {"mode": "webhook"}})
    assert (answer.status_code, answer.json()["field"]) == (422, "settings.mode")
    assert (await read(company, created.id)).mode is ReceiveMode.POLL


async def test_a_channel_whose_webhook_is_refused_is_not_connected(company: Company, simulator: str) -> None:
    await simulate(simulator, "fault", method="setWebhook", error=400, when="before", times=5)
    owner = await company.client_of("owner")
    answer = await owner.post("/api/v1/channels", json=wanted(company, simulator, {"mode": "webhook"}))
    assert (answer.status_code, answer.json()["field"]) == (422, "settings.mode")
    assert [one["id"] for one in (await owner.get("/api/v1/channels")).json()["items"]] == [company.channel_id]


async def test_a_new_key_is_checked_frees_waiting_replies_and_leaves_the_rest(company: Company, simulator: str) -> None:
    created = await create(company, simulator, alert_chat_id="-100500")
    message_id = await park_a_reply(company, created.id)
    owner = await company.client_of("owner")
    path = f"/api/v1/channels/{created.id}"
    foreign = await owner.patch(path, json={"credentials": {"token": bot_token("810002")}})
    assert (foreign.status_code, foreign.json()["field"]) == (422, "credentials.token")
    secret = webhook_secret_of(await read(company, created.id), company.context.cipher)
    await simulate(simulator, "bot", bot=810001, revoked=True)
    renewed = await owner.patch(path, json={"credentials": {"token": NEXT_TOKEN}, "name": "Renamed"})
    assert renewed.status_code == 200, renewed.text
    assert (renewed.json()["status"], renewed.json()["name"]) == ("active", "Renamed")
    assert renewed.json()["key_fingerprint"] == NEXT_TOKEN[-4:]
    assert renewed.json()["settings"]["alert_chat_id"] == "-100500"
    stored = await read(company, created.id)
    assert account_of(stored, company.context.cipher).token == NEXT_TOKEN
    assert webhook_secret_of(stored, company.context.cipher) == secret
    assert [job["message_id"] for job in await jobs(company, "inbox.replies.deliver")] == [message_id]
    assert await jobs(company, "inbox.channels.check") == [{"channel_id": created.id}] * 2  # connected, changed


async def park_a_reply(company: Company, channel_id: int) -> int:
    """A queued reply without a job, on a channel that needs attention."""
    now = company.clock()
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        channel = (await session.scalars(select(Channel).where(Channel.id == channel_id))).one()
        await set_status(session, channel, ChannelStatus.ATTENTION, "the key is dead", now)
        author = Author("501", "Анна")
        known = await store_identities(session, [Seen(company.workspace_id, channel_id, author, now)])
        one = known[channel_id, "501"]
        conversation = Conversation(
            workspace_id=company.workspace_id, channel_id=channel_id, contact_id=one.contact_id,
            identity_id=one.identity_id, kind=ConversationKind.DIRECT, key="direct::501:", chat_external_id="501",
            started_at=now, last_message_at=now,
        )  # fmt: skip
        session.add(conversation)
        await session.flush()
        message = Message(
            workspace_id=company.workspace_id, conversation_id=conversation.id, channel_id=channel_id,
            direction=Direction.OUTBOUND, author_agent_id=company.people["owner"].agent_id, text="Здравствуйте",
            sent_at=now, delivery=Delivery.QUEUED,
        )  # fmt: skip
        session.add(message)
        await session.flush()
        return message.id


async def test_a_dead_key_is_found_by_a_check_and_a_living_one_again_too(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    owner = await company.client_of("owner")
    await simulate(simulator, "fault", method="getMe", error=401, when="before", times=1)
    dead = await owner.post(f"/api/v1/channels/{created.id}/check")
    assert (dead.status_code, dead.json()["status"]) == (200, "attention")
    assert "revoked or mistyped" in dead.json()["status_reason"]
    alive = await owner.post(f"/api/v1/channels/{created.id}/check")
    assert (alive.json()["status"], alive.json()["status_reason"]) == ("active", None)


async def test_a_platform_that_is_away_changes_no_status(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    await simulate(simulator, "fault", method="getMe", error=502, when="before", times=1)
    answer = await (await company.client_of("owner")).post(f"/api/v1/channels/{created.id}/check")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert (await read(company, created.id)).status is ChannelStatus.NEW


async def test_a_check_finds_chats_rights_and_our_people(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    async with httpx.AsyncClient(base_url=simulator) as phone:
        world = (await phone.get("/sim/world")).json()
        said = {"platform": "telegram", "kind": "group", "author": {"id": 901, "name": "Пётр"}, "text": "есть кто?"}
        assert (await phone.post("/sim/say", json=said)).is_success
        updates = (await phone.get(f"/bot{TOKEN}/getUpdates")).json()["result"]
    group = str(next(update["message"]["chat"]["id"] for update in updates if "message" in update))
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        for chat in (group, "-4242"):
            session.add(
                ChannelChat(workspace_id=company.workspace_id, channel_id=created.id, external_id=chat,
                            changed_at=company.clock())
            )  # fmt: skip
    await run_check(company.context, CheckChannel(channel_id=created.id))
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        chats = {one.external_id: one for one in await session.scalars(select(ChannelChat))}
        ours = set(await session.scalars(select(Identity.external_id).where(Identity.is_ours)))
    assert chats[group].title
    assert chats[group].is_member
    assert not chats["-4242"].is_member
    async with httpx.AsyncClient(base_url=simulator) as phone:
        found = (await phone.get(f"/bot{TOKEN}/getChatAdministrators", params={"chat_id": group})).json()["result"]
    assert ours == {str(one["user"]["id"]) for one in found} - {"810001"}
    assert world["platform"] == "telegram"


async def test_a_result_for_an_older_key_is_thrown_away(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    before = await read(company, created.id)
    await simulate(simulator, "fault", method="getMe", error=401, when="before", times=1, delay_ms=400)
    checking = asyncio.create_task(run_check(company.context, CheckChannel(channel_id=created.id)))
    await asyncio.sleep(0.2)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        channel = (await session.scalars(select(Channel).where(Channel.id == created.id))).one()
        fields = company.context.cipher.decrypt_fields(channel.credentials_encrypted)
        channel.credentials_encrypted = company.context.cipher.encrypt_fields(fields | {"token": NEXT_TOKEN})
    await checking
    assert (await read(company, created.id)).status is before.status


async def test_a_removed_channel_is_gone_for_everybody_and_its_key_forgotten(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    message_id = await park_a_reply(company, created.id)
    owner = await company.client_of("owner")
    assert (await owner.patch(f"/api/v1/channels/{created.id}", json={"settings": {"mode": "webhook"}})).is_success
    assert (await owner.delete(f"/api/v1/channels/{created.id}")).status_code == 204
    assert (await owner.get(f"/api/v1/channels/{created.id}")).status_code == 404
    stored = await read(company, created.id)
    assert stored.removed_at is not None
    assert account_of(stored, company.context.cipher).token == ""
    async with httpx.AsyncClient(base_url=simulator) as platform:
        assert (await platform.get(f"/bot{TOKEN}/getWebhookInfo")).json()["result"]["url"] == ""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        message = await session.get_one(Message, message_id)
    assert message.delivery is not Delivery.QUEUED
    # The account may be connected again.
    assert (await owner.post("/api/v1/channels", json=wanted(company, simulator))).status_code == 201


async def test_the_journal_tells_who_did_what_without_keys(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    owner = await company.client_of("owner")
    await owner.patch(f"/api/v1/channels/{created.id}", json={"name": "Two", "credentials": {"token": TOKEN}})
    await owner.delete(f"/api/v1/channels/{created.id}")
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [(one.action, one.row_id) for one in entries] == [
        ("channel.created", created.id), ("channel.changed", created.id), ("channel.removed", created.id),
    ]  # fmt: skip
    assert {one.agent_id for one in entries} == {company.people["owner"].agent_id}
    assert entries[1].after == {"name": "Two"}
    assert TOKEN not in str([(one.before, one.after) for one in entries])


async def test_lists_go_on_where_the_cursor_says(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    owner = await company.client_of("owner")
    first = (await owner.get("/api/v1/channels", params={"limit": 1})).json()
    second = (await owner.get("/api/v1/channels", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["items"] + second["items"]] == [company.channel_id, created.id]
    assert second["next_cursor"] is None
    for bad in ("nonsense", "W10", "WyJ4Il0", "%00"):
        answer = await owner.get("/api/v1/channels", params={"cursor": bad})
        assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


async def test_a_key_is_changed_on_a_page_that_shows_none_and_a_wrong_one_changes_nothing(
    company: Company, simulator: str
) -> None:
    created = await create(company, simulator)
    browser = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/channels/{created.id}/keys"
    page = (await browser.get(at)).text
    assert TOKEN not in page
    assert TOKEN[-4:] in page
    for key in ("", bot_token("810002")):
        answer = await browser.post(at, data={"token": key})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert (await read(company, created.id)).key_fingerprint == TOKEN[-4:]
    await simulate(simulator, "bot", bot=810001, revoked=True)
    answer = await browser.post(at, data={"token": NEXT_TOKEN})
    assert answer.status_code == 303, answer.text
    assert (await read(company, created.id)).key_fingerprint == NEXT_TOKEN[-4:]


async def test_a_key_that_a_colleague_changes_at_this_moment_is_not_overwritten(
    company: Company, simulator: str
) -> None:
    created = await create(company, simulator)
    cipher, before = company.context.cipher, await read(company, created.id)
    theirs = cipher.encrypt_fields(cipher.decrypt_fields(before.credentials_encrypted) | {"token": NEXT_TOKEN})

    def change_too(connection: Connection) -> None:
        """Right after the channel was read for the first time."""
        connection.execute(update(Channel).where(Channel.id == created.id).values(credentials_encrypted=theirs))

    async with company.context.transaction(EVERY_WORKSPACE) as session:
        agent = await session.get_one(Agent, company.people["owner"].agent_id)
        owner = await load_caller(session, agent, 1)
    event.listen(company.context.database.engine.sync_engine, "commit", change_too, once=True)
    with pytest.raises(ConflictError):
        await change_keys(company.context, owner, created.id, None, SecretStr("vk1.an-administrators"))
    assert account_of(await read(company, created.id), cipher).token == NEXT_TOKEN

"""Platform webhooks: who knows the secret, what is kept, and what the platform is told."""

import json

import httpx
import pytest
from pydantic import TypeAdapter
from redis.asyncio import Redis
from sqlalchemy import select, update

from inbox.channels.models import Channel, ReceiveMode
from inbox.conversations.models import DeadEvent
from inbox.core.database import EVERY_WORKSPACE, Database
from inbox.core.stream import STREAM
from tests.company import Company

pytestmark = pytest.mark.outside
SECRET = "hook-700001-secret"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
ENTRIES = TypeAdapter(list[tuple[str, dict[str, str]]])
UPDATE = {"update_id": 5, "message": {"text": "Здравствуйте"}}


@pytest.fixture
async def hooked(company: Company) -> Company:
    """The company, whose first channel receives by webhook."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).where(Channel.id == company.channel_id).values(mode=ReceiveMode.WEBHOOK))
    return company


async def bring(
    company: Company, body: bytes | object, secret: str | None = SECRET, channel_id: int = 0
) -> httpx.Response:
    telegram = await company.guest()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {HEADER.encode(): secret.encode()}
    return await telegram.post(
        f"/webhooks/telegram/{channel_id or company.channel_id}", content=content, headers=headers
    )


async def kept(company: Company) -> list[dict[str, str]]:
    return [fields for _, fields in ENTRIES.validate_python(await company.context.redis.xrange(STREAM))]


async def test_an_update_is_on_the_stream_when_telegram_is_told(hooked: Company) -> None:
    answer = await bring(hooked, UPDATE)
    assert answer.status_code == 200
    (entry,) = await kept(hooked)
    assert (entry["channel_id"], entry["via"], json.loads(entry["raw"])) == (str(hooked.channel_id), "webhook", UPDATE)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "секрет"])
async def test_without_the_secret_nothing_is_kept(hooked: Company, secret: str | None) -> None:
    answer = await bring(hooked, UPDATE, secret)
    assert answer.status_code == 401
    assert await kept(hooked) == []


async def test_unknown_polled_and_removed_channels_answer_alike(hooked: Company) -> None:
    wrong = await bring(hooked, UPDATE, "wrong")
    async with hooked.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(
            update(Channel)
            .where(Channel.id == hooked.foreign_channel_id)
            .values(mode=ReceiveMode.WEBHOOK, removed_at=hooked.clock())
        )
    answers = [
        await bring(hooked, UPDATE, channel_id=424242),
        await bring(hooked, UPDATE, "hook-700002-secret", hooked.second_channel_id),
        await bring(hooked, UPDATE, "hook-700003-secret", hooked.foreign_channel_id),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert {**answer.json(), "request_id": ""} == {**wrong.json(), "request_id": ""}
    assert await kept(hooked) == []


@pytest.mark.parametrize("body", [b"{not json", b"[1, 2]", b"\xff\x00", b"", b"[" * 100_000])
async def test_what_is_no_update_is_a_dead_event_once(hooked: Company, body: bytes) -> None:
    assert (await bring(hooked, body)).status_code == 200
    assert (await bring(hooked, body)).status_code == 200
    assert await kept(hooked) == []
    async with hooked.context.database.session(EVERY_WORKSPACE) as session:
        (dead,) = await session.scalars(select(DeadEvent))
    assert (dead.workspace_id, dead.channel_id, dead.via) == (hooked.workspace_id, hooked.channel_id, "webhook")


async def test_a_lone_surrogate_is_kept(hooked: Company) -> None:
    assert (await bring(hooked, b'{"update_id": 1, "text": "\\ud800"}')).status_code == 200
    (entry,) = await kept(hooked)
    assert json.loads(entry["raw"])["text"] == "\ud800"


async def test_a_body_longer_than_any_update_is_refused(hooked: Company) -> None:
    answer = await bring(hooked, b'{"x": "' + b"a" * (1024 * 1024) + b'"}')
    assert answer.status_code == 413
    assert await kept(hooked) == []


async def test_without_redis_telegram_is_asked_to_repeat(hooked: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    # The connections lead nowhere, as when the server is gone.
    pool = hooked.context.redis.connection_pool
    away = Redis(host="127.0.0.1", port=9)
    monkeypatch.setattr(hooked.context.redis, "connection_pool", away.connection_pool)
    answer = await bring(hooked, UPDATE)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    monkeypatch.setattr(hooked.context.redis, "connection_pool", pool)
    await away.aclose()
    assert (await bring(hooked, UPDATE)).status_code == 200
    assert len(await kept(hooked)) == 1


async def test_without_the_database_a_channel_that_called_before_goes_on(
    hooked: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await bring(hooked, UPDATE)).status_code == 200
    away = Database("postgresql://nobody@127.0.0.1:9/nothing")
    monkeypatch.setattr(hooked.app.state.hooks._context.database, "_sessions", away._sessions)
    assert (await bring(hooked, UPDATE)).status_code == 200
    assert (await bring(hooked, UPDATE, "wrong")).status_code == 401
    assert (await bring(hooked, UPDATE, channel_id=hooked.second_channel_id)).status_code == 503
    assert len(await kept(hooked)) == 2
    await away.close()

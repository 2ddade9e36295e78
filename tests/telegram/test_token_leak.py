"""The token never reaches an error, its traceback, a log or a repr."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bots.telegram.adapter import TelegramAdapter
from bots.telegram.receive import ReceiverStatus, poll
from inbox.channels.adapter import Account, Outgoing, RawEvent
from inbox.channels.events import ConversationKind, Platform
from inbox.core.errors import OtklikError, PlatformError
from tests.telegram.conftest import TOKEN
from tests.telegram.wire_server import Reply, WireServer, ok, refused

SECRET = TOKEN.partition(":")[2]

REPLIES = {
    "401": refused(401, "Unauthorized"),
    "403": refused(403, "Forbidden: bot was blocked by the user"),
    "400": refused(400, "Bad Request: chat not found"),
    "409": refused(409, "Conflict: terminated by other getUpdates request"),
    "429": refused(429, "Too Many Requests", retry_after=3),
    "migrate": refused(400, "Bad Request: upgraded", migrate_to_chat_id=-1),
    "500": refused(500, "Internal Server Error"),
    "html": Reply(502, "<html></html>"),
    "odd": ok({"odd": True}),
    "drop": Reply(fault="drop"),
    "redirect": Reply(302, ""),
}


async def _send(adapter: TelegramAdapter, account: Account) -> object:
    return await adapter.send(account, Outgoing(ConversationKind.DIRECT, "42", "x", 1))


async def _check(adapter: TelegramAdapter, account: Account) -> object:
    return await adapter.check(account)


async def _read_file(adapter: TelegramAdapter, account: Account) -> object:
    return [chunk async for chunk in _chunks(adapter, account)]


async def _chunks(adapter: TelegramAdapter, account: Account) -> AsyncIterator[bytes]:
    async for chunk in adapter.wires.wire(account).read(account, "photos/x.jpg"):
        yield chunk


ACTS: dict[str, tuple[str, Callable[[TelegramAdapter, Account], Awaitable[object]]]] = {
    "send": ("sendMessage", _send),
    "check": ("getMe", _check),
}


def _everything_said(error: BaseException) -> str:
    """All words of an error, of our frames in its traceback with their locals, and of what it came from."""
    ours = (
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals["__name__"]).startswith("bots.")
    )
    told = [str(error), repr(error), repr(vars(error))]
    told.extend(traceback.StackSummary.extract(ours, capture_locals=True).format())
    told.extend(traceback.format_exception(error))
    assert error.__cause__ is None
    assert isinstance(error.__context__, OtklikError | None)
    return "\n".join(told)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("reply", REPLIES)
async def test_no_error_of_a_call_tells_the_token(
    server: WireServer,
    adapter: TelegramAdapter,
    account: Account,
    caplog: pytest.LogCaptureFixture,
    act: str,
    reply: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    method, ask = ACTS[act]
    server.will_answer(method, REPLIES[reply])
    with pytest.raises(PlatformError) as refusal:
        await ask(adapter, account)
    assert SECRET in next(iter(server.tokens))
    told = _everything_said(refusal.value)
    assert SECRET not in told
    assert SECRET not in _without_access_log(caplog)


@pytest.mark.parametrize("ask", [_send, _check, _read_file])
@pytest.mark.parametrize("proxy", [None, "http://user:hush@127.0.0.1:1"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "no://where", "http://[bad"])
async def test_no_failure_to_connect_tells_the_token(
    adapter: TelegramAdapter,
    caplog: pytest.LogCaptureFixture,
    account: Account,
    ask: Callable[[TelegramAdapter, Account], Awaitable[object]],
    proxy: str | None,
    url: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PlatformError) as refusal:
        await ask(adapter, replace(account, api_url=url, proxy_url=proxy))
    told = _everything_said(refusal.value) + _without_access_log(caplog)
    assert SECRET not in told
    assert "hush" not in told


async def test_a_receiver_that_meets_every_trouble_logs_no_token(
    server: WireServer, adapter: TelegramAdapter, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stop = asyncio.Event()
    told: list[ReceiverStatus] = []
    server.will_answer("getUpdates", ok([{"update_id": 1}]))

    async def put(update: RawEvent) -> None:
        raise ConnectionError(f"cannot store {TOKEN}")

    async def on_status(status: ReceiverStatus) -> None:
        told.append(status)
        stop.set()

    with capture_logs() as logs:
        await poll(account, put, on_status=on_status, stop=stop, wires=adapter.wires)
    assert logs
    assert SECRET not in repr(logs) + repr(told) + _without_access_log(caplog)


def test_an_account_hides_its_secrets() -> None:
    account = Account(1, Platform.TELEGRAM, "700", TOKEN, user_token="hush", proxy_url="http://u:hush@proxy")
    assert SECRET not in repr(account)
    assert "hush" not in repr(account)


def _without_access_log(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged; the stand-in server's own access log is not ours."""
    records = [record for record in caplog.records if record.name != "aiohttp.access"]
    return "\n".join(record.getMessage() + repr(record.args) for record in records)

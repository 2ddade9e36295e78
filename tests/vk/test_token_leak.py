"""No key reaches an error, its traceback, a log or a repr."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bots.receiving import ReceiverGap, ReceiverStatus
from bots.vk.adapter import VkAdapter
from bots.vk.receive import poll
from bots.vk.wire import Wires
from inbox.channels.adapter import Account, Outgoing, RawEvent
from inbox.channels.events import ConversationKind
from inbox.core.errors import PlatformError
from tests.vk.conftest import AT_ONCE
from tests.vk.wire_server import LONG_POLL_KEY, OWN_TOKEN, USER_TOKEN, Reply, WireServer, ok, refused

SECRETS = ("ownSECRET", "userSECRET", "lpSECRET", "hush")

REPLIES = {
    "5": refused(5, "User authorization failed"),
    "7": refused(7, "Permission denied"),
    "14": refused(14, "Captcha needed", captcha_sid="1", captcha_img="u"),
    "odd": Reply(200, {"error": {"error_code": "?"}}),
    "html": Reply(502, "<html></html>"),
    "portal": Reply(200, "<html></html>"),
    "redirect": Reply(302, ""),
    "drop": Reply(fault="drop"),
}


async def _send(adapter: VkAdapter, account: Account) -> object:
    return await adapter.send(account, Outgoing(ConversationKind.DIRECT, "42", "x", 1))


async def _check(adapter: VkAdapter, account: Account) -> object:
    return await adapter.check(account)


async def _ban(adapter: VkAdapter, account: Account) -> object:
    await adapter.ban(account, "-1234", "42", None)
    return None


ACTS: dict[str, Callable[[VkAdapter, Account], Awaitable[object]]] = {
    "messages.send": _send,
    "groups.getById": _check,
    "groups.ban": _ban,
}


def everything_said(error: BaseException) -> str:
    """An error as any tool may show it: with causes, contexts and the locals of every frame but this test's own."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    own = [frame for frame in told.stack if frame.filename == __file__]
    told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if frame not in own])
    return "".join(told.format()) + repr(error) + repr(error.__cause__) + repr(error.__context__)


def without_access_log(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged; the stand-in server's own access log is not ours."""
    records = [record for record in caplog.records if record.name != "aiohttp.access"]
    return "\n".join(record.getMessage() + repr(record.args) for record in records)


def assert_silent(told: str) -> None:
    """Not a piece of a key."""
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.mark.parametrize("method", ACTS)
@pytest.mark.parametrize("reply", REPLIES)
async def test_no_refusal_tells_a_key(
    server: WireServer,
    adapter: VkAdapter,
    full_account: Account,
    caplog: pytest.LogCaptureFixture,
    method: str,
    reply: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.will_answer(method, REPLIES[reply])
    with pytest.raises(PlatformError) as refusal:
        await ACTS[method](adapter, full_account)
    assert_silent(everything_said(refusal.value) + without_access_log(caplog))


@pytest.mark.parametrize("method", ACTS)
@pytest.mark.parametrize("proxy", [None, "http://user:hush@127.0.0.1:1", "socks5://user:hush@127.0.0.1:1"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "no://where", "http://[bad", "https://127.0.0.1:1"])
async def test_no_failure_to_connect_tells_a_key(
    adapter: VkAdapter,
    full_account: Account,
    caplog: pytest.LogCaptureFixture,
    method: str,
    proxy: str | None,
    url: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PlatformError) as refusal:
        await ACTS[method](adapter, replace(full_account, api_url=url, proxy_url=proxy))
    assert_silent(everything_said(refusal.value) + without_access_log(caplog))


async def test_a_receiver_that_meets_every_trouble_logs_no_key(
    server: WireServer, full_account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stop = asyncio.Event()
    told: list[object] = []
    place = {"key": LONG_POLL_KEY, "server": f"{server.url}/longpoll", "ts": "1"}
    server.will_answer("groups.getLongPollServer", ok(place), ok({**place, "server": "http://127.0.0.1:1"}), ok(place))
    troubles = [Reply(fault="drop"), Reply(502, ""), Reply(body={"ts": "2", "updates": [{"type": "?"}]})]
    server.will_answer("poll", *troubles)

    async def put(raw: RawEvent) -> None:
        stop.set()
        raise ConnectionError(f"cannot store {OWN_TOKEN}")

    async def on_status(status: ReceiverStatus) -> None:
        told.append(status)

    async def on_gap(gap: ReceiverGap) -> None:
        raise ConnectionError(f"cannot store {USER_TOKEN}")

    async def on_cursor(cursor: str) -> None:
        raise ConnectionError(f"cannot store {LONG_POLL_KEY}")

    wires = Wires(AT_ONCE, allow_private=True)
    with capture_logs() as logs:
        await poll(full_account, put, on_status=on_status, stop=stop, on_cursor=on_cursor, on_gap=on_gap, wires=wires)
    await wires.close()
    assert logs
    assert_silent(repr(logs) + repr(told) + without_access_log(caplog))

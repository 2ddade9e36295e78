"""Polling: nothing is confirmed before it is stored, and every trouble is waited out."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bots.telegram import reasons
from bots.telegram.adapter import TelegramAdapter
from bots.telegram.receive import CONCURRENT_PUTS, ReceiverKind, ReceiverStatus, poll
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account, RawEvent
from tests.telegram.conftest import NOW
from tests.telegram.updates import direct
from tests.telegram.wire_server import Reply, WireServer, ok, refused

HANG = Reply(fault="hang")


def update(update_id: int) -> dict[str, object]:
    """An update that holds a message."""
    return {"update_id": update_id, "message": direct(text=str(update_id))}


@dataclass(slots=True)
class Stream:
    """Where updates are put; `failures` is how many puts fail first."""

    failures: int = 0
    stored: list[object] = field(default_factory=list)
    statuses: list[ReceiverStatus] = field(default_factory=list)
    together: int = 0
    most_together: int = 0
    delay: float = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def put(self, update: RawEvent) -> None:
        self.together += 1
        self.began.set()
        self.most_together = max(self.most_together, self.together)
        await asyncio.sleep(self.delay)
        self.together -= 1
        if self.failures:
            self.failures -= 1
            raise ConnectionError("Redis is down")
        self.stored.append(update["update_id"])

    async def on_status(self, status: ReceiverStatus) -> None:
        self.statuses.append(status)
        self.told.set()

    def kinds(self) -> list[ReceiverKind]:
        return [status.kind for status in self.statuses]


@asynccontextmanager
async def receiving(account: Account, stream: Stream) -> AsyncIterator[asyncio.Task[None]]:
    """A running receiver, stopped at the end, which must not take longer than a second."""
    wires = Wires(allow_private=True)
    task = asyncio.create_task(
        poll(account, stream.put, on_status=stream.on_status, stop=stream.stop, wires=wires, clock=lambda: NOW)
    )
    try:
        async with asyncio.timeout(20):
            yield task
    finally:
        stream.stop.set()
        started = time.monotonic()
        await task
        await wires.close()
        assert time.monotonic() - started < 1


async def test_updates_are_stored_and_then_confirmed(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", ok([update(5), update(6)]), ok([]), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_asked("getUpdates", 3)
        assert sorted(map(str, stream.stored)) == ["5", "6"]
    first, second, third = server.called("getUpdates")
    assert first["limit"] == 100
    assert first["timeout"] == 25
    allowed = first["allowed_updates"]
    assert isinstance(allowed, list)
    assert {"chat_member", "business_message", "my_chat_member"} <= set(allowed)
    assert "offset" not in first
    assert second["offset"] == 7
    assert "offset" not in third, "an empty answer confirms all, and ids may restart anywhere"
    assert stream.statuses == [ReceiverStatus(ReceiverKind.OK, None, NOW)]


async def test_nothing_is_confirmed_while_it_cannot_be_stored(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", ok([update(5), update(6), update(7)]), HANG)
    stream = Stream(failures=4)
    async with receiving(account, stream):
        await server.was_asked("getUpdates", 2)
    assert sorted(map(str, stream.stored)) == ["5", "6", "7"]
    assert server.called("getUpdates")[1]["offset"] == 8
    assert stream.kinds() == [ReceiverKind.DOWN, ReceiverKind.OK]
    assert stream.statuses[0].reason == reasons.CANNOT_STORE


async def test_a_batch_is_put_side_by_side_but_not_without_bound(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", ok([update(number) for number in range(100)]), HANG)
    stream = Stream(delay=0.01)
    async with receiving(account, stream):
        await server.was_asked("getUpdates", 2)
    assert len(stream.stored) == 100
    assert stream.most_together == CONCURRENT_PUTS


async def test_a_poison_update_is_stored_as_it_is(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", ok([{"update_id": 5, "message": "?"}]), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_asked("getUpdates", 2)
    assert stream.stored == [5]


async def test_stopping_stores_what_is_in_hand(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", ok([update(5), update(6)]), HANG)
    stream = Stream(delay=0.3)
    async with receiving(account, stream):
        await stream.began.wait()
    assert sorted(map(str, stream.stored)) == ["5", "6"]


async def test_stopping_does_not_wait_for_a_stream_that_hangs(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", ok([update(5)]), HANG)
    stream = Stream(delay=60)
    async with receiving(account, stream):
        await stream.began.wait()
    assert stream.stored == []
    assert len(server.called("getUpdates")) == 1


async def test_stopping_ends_a_long_poll(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", HANG)
    async with receiving(account, Stream()):
        await server.was_asked("getUpdates")


async def test_a_receiver_that_is_cancelled_ends(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("getUpdates", HANG)
    stream = Stream()
    task = asyncio.create_task(
        poll(account, stream.put, on_status=stream.on_status, stop=stream.stop, wires=adapter.wires)
    )
    await server.was_asked("getUpdates")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("code", [401, 404])
async def test_a_dead_key_ends_the_receiver(server: WireServer, account: Account, code: int) -> None:
    server.will_answer("getUpdates", refused(code, "Unauthorized" if code == 401 else "Not Found"))
    stream = Stream()
    async with receiving(account, stream) as task:
        await task
    assert stream.statuses == [ReceiverStatus(ReceiverKind.DEAD, reasons.KEY_REVOKED, NOW)]


@pytest.mark.parametrize(
    "trouble", [Reply(fault="drop"), refused(502, "Bad Gateway"), Reply(504, "<html>"), refused(400, "odd")]
)
async def test_an_outage_is_told_once_and_so_is_its_end(server: WireServer, account: Account, trouble: Reply) -> None:
    server.will_answer("getUpdates", trouble, trouble, ok([update(5)]), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_asked("getUpdates", 4)
    assert stream.kinds() == [ReceiverKind.DOWN, ReceiverKind.OK]
    assert stream.stored == [5]


async def test_flood_control_is_waited_out(server: WireServer, account: Account) -> None:
    server.will_answer("getUpdates", refused(429, "Too Many Requests", retry_after=1), ok([update(5)]), HANG)
    stream = Stream()
    started = time.monotonic()
    async with receiving(account, stream):
        await server.was_asked("getUpdates", 3)
    assert time.monotonic() - started >= 1
    assert stream.kinds() == [ReceiverKind.OK]


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("Conflict: can't use getUpdates method while webhook is active", reasons.WEBHOOK_IS_SET),
        ("Conflict: terminated by other getUpdates request", reasons.ANOTHER_POLLER),
    ],
)
async def test_a_conflict_says_with_whom(server: WireServer, account: Account, description: str, reason: str) -> None:
    server.will_answer("getUpdates", refused(409, description))
    stream = Stream()
    async with receiving(account, stream):
        await server.was_asked("getUpdates")
        await stream.told.wait()
    assert stream.statuses == [ReceiverStatus(ReceiverKind.CONFLICT, reason, NOW)]
    assert len(server.called("getUpdates")) == 1, "the next try comes after seconds"


async def test_receiving_goes_on_when_its_state_cannot_be_stored(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("getUpdates", ok([update(5)]), HANG)
    stream = Stream()

    async def fails(_: ReceiverStatus) -> None:
        raise ConnectionError("PostgreSQL is down")

    task = asyncio.create_task(poll(account, stream.put, on_status=fails, stop=stream.stop, wires=adapter.wires))
    await server.was_asked("getUpdates", 2)
    stream.stop.set()
    await task
    assert stream.stored == [5]

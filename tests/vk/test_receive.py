"""Long Poll: the place moves after the events are stored, and every word of VK's is borne."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bots.receiving import CANNOT_STORE, ReceiverGap, ReceiverKind, ReceiverStatus
from bots.vk import reasons
from bots.vk.adapter import VkAdapter
from bots.vk.receive import poll
from bots.vk.wire import Wires
from inbox.channels.adapter import Account, RawEvent
from tests.vk.conftest import AT_ONCE, NOW
from tests.vk.events import event, message
from tests.vk.schema import require_shared, samples
from tests.vk.wire_server import LONG_POLL_KEY, Reply, WireServer, ok, refused

HANG = Reply(fault="hang")


def came(ts: object, *texts: str) -> Reply:
    """A long poll's answer with messages."""
    return Reply(body={"ts": ts, "updates": [event("message_new", {"message": message(text=text)}) for text in texts]})


def failed(code: int, **more: object) -> Reply:
    """A long poll's refusal."""
    return Reply(body={"failed": code, **more})


def serves(server: WireServer, *places: str) -> None:
    """Where VK says to poll, and its newest place, time by time."""
    replies = [ok({"key": LONG_POLL_KEY, "server": f"{server.url}/longpoll", "ts": ts}) for ts in places]
    server.will_answer("groups.getLongPollServer", *replies)


@dataclass(slots=True)
class Stream:
    """Where events are put and what the receiver tells; `failures` is how many puts fail first."""

    failures: int = 0
    database_failures: int = 0
    told: list[object] = field(default_factory=list)
    statuses: list[ReceiverStatus] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    delay: float = 0

    async def put(self, raw: RawEvent) -> None:
        await asyncio.sleep(self.delay)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("Redis is down")
        self.told.append(_text_of(raw))

    async def on_cursor(self, cursor: str) -> None:
        self._database()
        self.told.append(f"ts {cursor}")

    async def on_gap(self, gap: ReceiverGap) -> None:
        self._database()
        self.told.append(gap)

    async def on_status(self, status: ReceiverStatus) -> None:
        self.statuses.append(status)

    def kinds(self) -> list[ReceiverKind]:
        return [status.kind for status in self.statuses]

    def _database(self) -> None:
        if self.database_failures:
            self.database_failures -= 1
            raise ConnectionError("PostgreSQL is down")


def _text_of(raw: RawEvent) -> object:
    payload = raw.get("object")
    inner = payload.get("message") if isinstance(payload, dict) else None
    return inner.get("text") if isinstance(inner, dict) else raw


@asynccontextmanager
async def receiving(account: Account, stream: Stream, cursor: str | None = None) -> AsyncIterator[asyncio.Task[None]]:
    """A running receiver, stopped at the end, which must not take longer than a second."""
    wires = Wires(AT_ONCE, allow_private=True)
    task = asyncio.create_task(
        poll(
            account,
            stream.put,
            on_status=stream.on_status,
            stop=stream.stop,
            cursor=cursor,
            on_cursor=stream.on_cursor,
            on_gap=stream.on_gap,
            wires=wires,
            clock=lambda: NOW,
        )
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


async def test_events_are_stored_and_then_the_place_moves(server: WireServer, account: Account) -> None:
    serves(server, "10")
    server.will_answer("poll", came("11", "а"), came(12, "б"), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_polled(3)
    assert stream.told == ["ts 10", "а", "ts 11", "б", "ts 12"]
    assert [asked["ts"] for asked in server.polls] == ["10", "11", "12"]
    assert server.polls[0] == {"act": "a_check", "key": LONG_POLL_KEY, "ts": "10", "wait": "25"}
    assert stream.statuses == [ReceiverStatus(ReceiverKind.OK, None, NOW)]


async def test_receiving_goes_on_where_it_stood(server: WireServer, account: Account) -> None:
    serves(server, "90")
    server.will_answer("poll", came("7", "пропущенное"), HANG)
    stream = Stream()
    async with receiving(account, stream, cursor="5"):
        await server.was_polled(2)
    assert server.polls[0]["ts"] == "5", "not VK's newest, or what came while down would be skipped"
    assert stream.told == ["пропущенное", "ts 7"]


async def test_long_poll_is_switched_on_with_all_that_we_read(server: WireServer, account: Account) -> None:
    serves(server, "1")
    async with receiving(account, Stream()):
        await server.was_polled(1)
    (settings,) = server.called("groups.setLongPollSettings")
    assert (settings["enabled"], settings["api_version"]) == ("1", "5.199")
    assert {"message_new", "wall_reply_restore", "user_block", "group_officers_edit"} <= settings.keys()


async def test_a_key_that_may_not_change_settings_receives_all_the_same(server: WireServer, account: Account) -> None:
    serves(server, "1")
    server.will_answer("groups.setLongPollSettings", refused(15, "Access denied"))
    server.will_answer("poll", came("2", "а"), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_polled(2)
    assert "а" in stream.told


async def test_the_place_does_not_move_while_events_cannot_be_stored(server: WireServer, account: Account) -> None:
    serves(server, "10")
    server.will_answer("poll", came("11", "а", "б"), HANG)
    stream = Stream(failures=3)
    async with receiving(account, stream):
        await server.was_polled(2)
    assert sorted(map(str, stream.told)) == ["ts 10", "ts 11", "а", "б"]
    assert stream.told[-1] == "ts 11"
    assert stream.kinds() == [ReceiverKind.DOWN, ReceiverKind.OK]
    assert stream.statuses[0].reason == CANNOT_STORE


async def test_stopping_amid_storing_leaves_the_place(server: WireServer, account: Account) -> None:
    serves(server, "10")
    server.will_answer("poll", came("11", "а"), HANG)
    stream = Stream(delay=60)
    async with receiving(account, stream):
        await server.was_polled(1)
        await asyncio.sleep(0.2)
    assert stream.told == ["ts 10"]


async def test_events_that_expired_are_a_gap_and_the_place_is_vks(server: WireServer, account: Account) -> None:
    serves(server, "10")
    server.will_answer("poll", came("11", "а"), failed(1, ts=30), came("31", "б"), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_polled(4)
    gap = ReceiverGap(NOW, NOW, reasons.EVENTS_EXPIRED)
    assert stream.told == ["ts 10", "а", "ts 11", gap, "ts 30", "б", "ts 31"]


async def test_a_key_that_expired_is_renewed_at_the_same_place(server: WireServer, account: Account) -> None:
    serves(server, "10", "99")
    server.will_answer("poll", failed(2), came("11", "а"), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_polled(3)
    assert [asked["ts"] for asked in server.polls] == ["10", "10", "11"]
    assert len(server.called("groups.getLongPollServer")) == 2
    assert stream.told == ["ts 10", "а", "ts 11"]


async def test_a_lost_place_is_a_gap_and_begins_at_vks_newest(server: WireServer, account: Account) -> None:
    serves(server, "10", "99")
    server.will_answer("poll", failed(3), came("100", "а"), HANG)
    stream = Stream()
    async with receiving(account, stream, cursor="5"):
        await server.was_polled(3)
    gap = ReceiverGap(None, NOW, reasons.KEY_CHANGED)
    assert stream.told == [gap, "ts 99", "а", "ts 100"]


async def test_gaps_wait_for_the_database_and_come_before_the_place(server: WireServer, account: Account) -> None:
    serves(server, "10")
    server.will_answer("poll", failed(1, ts=30), came("31", "а"), came("32", "б"), HANG)
    stream = Stream(database_failures=2)
    async with receiving(account, stream, cursor="5"):
        await server.was_polled(4)
    gap = ReceiverGap(None, NOW, reasons.EVENTS_EXPIRED)
    assert stream.told == ["а", "б", gap, "ts 32"]


@pytest.mark.parametrize(
    "trouble",
    [
        failed(4, min_version=0, max_version=3),
        failed(77),
        failed(1),
        Reply(502, "<html>bad gateway</html>"),
        Reply(200, "<html>"),
        Reply(200, []),
        Reply(200, {"ts": "11"}),
        Reply(fault="drop"),
    ],
)
async def test_what_nobody_expects_is_waited_out_and_told_once(
    server: WireServer, account: Account, trouble: Reply
) -> None:
    serves(server, "10", "98", "99")
    server.will_answer("poll", trouble, trouble, came("11", "а"), HANG)
    stream = Stream()
    started = time.monotonic()
    async with receiving(account, stream):
        await server.was_polled(4)
    assert time.monotonic() - started >= 0.5, "no spin"
    assert [asked["ts"] for asked in server.polls] == ["10", "10", "10", "11"]
    assert stream.kinds() == [ReceiverKind.DOWN, ReceiverKind.OK]


async def test_the_recorded_refusals_are_borne(server: WireServer, account: Account) -> None:
    require_shared()
    recorded = [Reply(body=sample["payload"]) for sample in samples() if sample["kind"] == "longpoll_reply"]
    assert len(recorded) == 4
    serves(server, "5", "6", "7")
    server.will_answer("poll", *recorded, came("11", "а"), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_polled(6)
    assert stream.told[-2:] == ["а", "ts 11"]
    assert sum(isinstance(told, ReceiverGap) for told in stream.told) == 3


async def test_an_event_that_is_no_object_is_kept_for_people_to_see(server: WireServer, account: Account) -> None:
    serves(server, "10")
    server.will_answer("poll", Reply(body={"ts": "11", "updates": ["?"]}), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_polled(2)
    assert stream.told == ["ts 10", {"unreadable": "?"}, "ts 11"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [(5, reasons.KEY_REVOKED), (1117, reasons.KEY_REVOKED), (15, reasons.KEY_LACKS_RIGHT)],
)
async def test_a_dead_key_ends_the_receiver(server: WireServer, account: Account, code: int, reason: str) -> None:
    server.will_answer("groups.getLongPollServer", refused(code, "User authorization failed"))
    stream = Stream()
    async with receiving(account, stream) as task:
        await task
    assert stream.statuses == [ReceiverStatus(ReceiverKind.DEAD, reason, NOW)]


async def test_a_key_that_dies_while_receiving_ends_it_too(server: WireServer, account: Account) -> None:
    serves(server, "10")
    server.will_answer("groups.getLongPollServer", refused(5, "User authorization failed"))
    server.will_answer("poll", came("11", "а"), failed(2))
    stream = Stream()
    async with receiving(account, stream) as task:
        await task
    assert stream.kinds() == [ReceiverKind.OK, ReceiverKind.DEAD]
    assert stream.told[-1] == "ts 11", "and it will go on from there"


async def test_an_outage_of_the_api_is_waited_out(server: WireServer, account: Account) -> None:
    server.will_answer("groups.getLongPollServer", *[Reply(502, "<html>")] * 3)
    serves(server, "10")
    server.will_answer("poll", came("11", "а"), HANG)
    stream = Stream()
    async with receiving(account, stream):
        await server.was_polled(2)
    assert stream.kinds() == [ReceiverKind.DOWN, ReceiverKind.OK]


async def test_a_receiver_that_is_cancelled_ends(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    serves(server, "10")
    stream = Stream()
    task = asyncio.create_task(
        poll(
            account,
            stream.put,
            on_status=stream.on_status,
            stop=stream.stop,
            on_cursor=stream.on_cursor,
            on_gap=stream.on_gap,
            wires=adapter.wires,
        )
    )
    await server.was_polled(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

"""Receiving by long polling: every update is put on the stream, and only then confirmed to Telegram.

aiogram's own polling confirms an update before it is in safe hands and lets one that pydantic refuses stall the rest,
so this loop asks getUpdates by itself, reads raw JSON and keeps the offset in memory.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import SystemRandom
from typing import TypeVar

import structlog
from aiogram.methods import GetUpdates
from aiohttp import ClientTimeout

from bots.telegram import reasons
from bots.telegram.parse import USED_UPDATES
from bots.telegram.refusals import conflict_reason, refusal_of
from bots.telegram.wire import Answer, Wires
from inbox.channels.adapter import Account, RawEvent
from inbox.core.clock import Clock, utc_now
from inbox.core.errors import KeyRefusedError, TemporaryRefusalError, UnknownOutcomeError

LONG_POLL_SECONDS = 25
BATCH = 100
CONCURRENT_PUTS = 32

_LIMITS = ClientTimeout(total=LONG_POLL_SECONDS + 20, connect=10, sock_connect=10, sock_read=LONG_POLL_SECONDS + 10)
_GRACE = timedelta(seconds=0.6)
"""How long what is in hand may take to be stored once the receiver is asked to stop."""

_log = structlog.get_logger(__name__)
_random = SystemRandom()
_T = TypeVar("_T")


class ReceiverKind(StrEnum):
    """ok: receiving · down: Telegram or our stream is out of reach · dead: the key is revoked · conflict: not alone."""

    OK = "ok"
    DOWN = "down"
    DEAD = "dead"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class ReceiverStatus:
    """How a receiver is doing, since when, and why when it is not well (a language key)."""

    kind: ReceiverKind
    reason: str | None
    at: datetime


@dataclass(slots=True)
class _Backoff:
    """Pauses that double from the shortest to the longest, each with jitter."""

    shortest: float
    longest: float = 30.0
    failures: int = 0

    def next_pause(self) -> timedelta:
        full = min(self.shortest * 2**self.failures, self.longest)
        self.failures = min(self.failures + 1, 16)
        return timedelta(seconds=max(_random.uniform(full / 2, full), self.shortest))

    def reset(self) -> None:
        self.failures = 0


async def poll(
    account: Account,
    put: Callable[[RawEvent], Awaitable[None]],
    *,
    on_status: Callable[[ReceiverStatus], Awaitable[None]],
    stop: asyncio.Event,
    wires: Wires | None = None,
    clock: Clock = utc_now,
) -> None:
    """Receive until `stop` is set (then returns within a second) or the key is dead.

    `put` stores one update; when it raises, the same update is tried again and nothing is confirmed. `on_status` is
    told of each change once. `wires` are connection pools to share.
    """
    own_wires = wires or Wires()
    try:
        await _Receiver(account, put, on_status, stop, own_wires, clock).run()
    finally:
        if wires is None:
            await own_wires.close()


class _Receiver:
    """One channel's polling: the offset, the state that was last told, the pauses."""

    def __init__(
        self,
        account: Account,
        put: Callable[[RawEvent], Awaitable[None]],
        on_status: Callable[[ReceiverStatus], Awaitable[None]],
        stop: asyncio.Event,
        wires: Wires,
        clock: Clock,
    ) -> None:
        self._account = account
        self._put = put
        self._on_status = on_status
        self._stop = stop
        self._wire = wires.wire(account)
        self._clock = clock
        self._offset: int | None = None
        self._told: tuple[ReceiverKind, str | None] | None = None
        self._backoff = _Backoff(shortest=0.5)
        self._conflicts = _Backoff(shortest=5)

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                answer = await self._unless_stopped(self._ask())
            except KeyRefusedError as refusal:
                await self._tell(ReceiverKind.DEAD, refusal.reason)
                return
            except (TemporaryRefusalError, UnknownOutcomeError) as failure:
                await self._wait_out(ReceiverKind.DOWN, failure.reason, self._backoff)
                continue
            if answer is not None:
                await self._take(answer)

    async def _ask(self) -> Answer:
        method = GetUpdates(
            offset=self._offset, limit=BATCH, timeout=LONG_POLL_SECONDS, allowed_updates=list(USED_UPDATES)
        )
        answer = await self._wire.ask(self._account, method, _LIMITS)
        refusal = None if answer.ok else refusal_of(answer)
        if isinstance(refusal, KeyRefusedError):
            raise refusal
        return answer

    async def _take(self, answer: Answer) -> None:
        updates = _updates(answer)
        if updates is not None:
            self._conflicts.reset()
            await self._store(updates)
        elif answer.retry_after is not None:
            await self._rest(answer.retry_after)
        elif answer.code == 409:
            await self._wait_out(ReceiverKind.CONFLICT, conflict_reason(answer), self._conflicts)
        else:
            await self._wait_out(ReceiverKind.DOWN, answer.description or reasons.NO_ANSWER, self._backoff)

    async def _store(self, updates: Sequence[RawEvent]) -> None:
        """Put all updates, again and again if need be; the offset moves when every one is on the stream."""
        waiting: Sequence[RawEvent] = updates
        while waiting:
            left = await self._unless_stopped(self._put_all(waiting), _GRACE)
            if left is None or (left and self._stop.is_set()):
                return
            if left:
                await self._wait_out(ReceiverKind.DOWN, reasons.CANNOT_STORE, self._backoff)
            waiting = left
        self._backoff.reset()
        await self._tell(ReceiverKind.OK, None)
        await self._move_offset(updates)

    async def _put_all(self, updates: Sequence[RawEvent]) -> Sequence[RawEvent]:
        """Put updates side by side; those that could not be put."""
        places = asyncio.Semaphore(CONCURRENT_PUTS)
        are_put = await asyncio.gather(*(self._put_one(update, places) for update in updates))
        return [update for update, is_put in zip(updates, are_put, strict=True) if not is_put]

    async def _put_one(self, update: RawEvent, places: asyncio.Semaphore) -> bool:
        async with places:
            try:
                await self._put(update)
            except Exception as error:
                # The loop's edge: the update stays in hand and is put again.
                _log.warning("update not stored", channel_id=self._account.channel_id, error=type(error).__name__)
                return False
        return True

    async def _move_offset(self, updates: Sequence[RawEvent]) -> None:
        """After what was stored. An empty answer confirms all before it, and ids restart anywhere after a quiet week,
        so that the next question names no offset then."""
        ids = [update_id for update in updates if isinstance(update_id := update.get("update_id"), int)]
        self._offset = max(ids) + 1 if ids else None
        if updates and not ids:
            await self._rest(self._backoff.next_pause())

    async def _wait_out(self, kind: ReceiverKind, reason: str, backoff: _Backoff) -> None:
        await self._tell(kind, reason)
        await self._rest(backoff.next_pause())

    async def _rest(self, length: timedelta) -> None:
        """Pause, but not beyond the wish to stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(length.total_seconds()):
                await self._stop.wait()

    async def _tell(self, kind: ReceiverKind, reason: str | None) -> None:
        """Tell a change of state once; another reason matters only for a conflict."""
        told = (kind, reason if kind is ReceiverKind.CONFLICT else None)
        if told == self._told:
            return
        self._told = told
        try:
            await self._on_status(ReceiverStatus(kind, reason, self._clock()))
        except Exception as error:
            # The loop's edge: receiving goes on with PostgreSQL down, and the state is told at the next occasion.
            _log.warning("status not stored", channel_id=self._account.channel_id, error=type(error).__name__)
            self._told = None

    async def _unless_stopped(self, work: Coroutine[None, None, _T], grace: timedelta = timedelta()) -> _T | None:
        """The result of `work`; None if the receiver is stopped and the work does not end within `grace`."""
        task = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and grace:
                await asyncio.wait({task}, timeout=grace.total_seconds())
            return task.result() if task.done() else None
        finally:
            for unfinished in (task, stopping):
                unfinished.cancel()
            await asyncio.gather(task, stopping, return_exceptions=True)


def _updates(answer: Answer) -> Sequence[RawEvent] | None:
    """The updates of an answer; None if it is not one of getUpdates."""
    result = answer.result
    if not answer.ok or not isinstance(result, list) or not all(isinstance(update, dict) for update in result):
        return None
    return result

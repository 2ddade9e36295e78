"""What every receiver does alike: store what came before anything is confirmed, tell its state once, pause with jitter.

A platform's receiver asks in its own way; what it got goes through `store`, which returns only when every event is on
the stream or the receiver is stopped.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import SystemRandom
from typing import Protocol, TypeVar

import structlog

from inbox.channels.adapter import Account, RawEvent
from inbox.core.clock import Clock

CONCURRENT_PUTS = 32

N_ = str
"""Marks a sentence for the translators."""

CANNOT_STORE = N_("Received updates cannot be stored at the moment.")

_GRACE = timedelta(seconds=0.6)
"""How long what is in hand may take to be stored once the receiver is asked to stop."""

_log = structlog.get_logger(__name__)
_random = SystemRandom()
_T = TypeVar("_T")

Put = Callable[[RawEvent], Awaitable[None]]


class ReceiverKind(StrEnum):
    """ok: receiving · down: platform or stream out of reach · dead: the key is revoked · conflict: not alone."""

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


OnStatus = Callable[[ReceiverStatus], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ReceiverGap:
    """A time whose events the platform did not bring: since the last answer (None: unknown), and why (language key)."""

    started_at: datetime | None
    ended_at: datetime
    reason: str


class Reports(Protocol):
    """Where a receiver puts what comes and tells how it is doing; nothing of it waits for the database."""

    @property
    def cursor(self) -> str | None:
        """The place in the platform's events from which to go on; None for the newest."""

    async def put(self, raw: RawEvent) -> None:
        """Store one event; when it raises, the event is to be put again."""

    async def on_status(self, status: ReceiverStatus) -> None:
        """How receiving goes."""

    async def on_cursor(self, cursor: str) -> None:
        """Everything up to this place is stored."""

    async def on_gap(self, gap: ReceiverGap) -> None:
        """A part is lost; told before the place moves over it."""


@dataclass(slots=True)
class Backoff:
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


@dataclass(frozen=True, slots=True)
class _Running:
    """Work that may be in hand when the receiver is asked to stop, and how long it may last from then on."""

    limit: asyncio.Timeout
    grace: timedelta

    def end_soon(self) -> None:
        self.limit.reschedule(asyncio.get_running_loop().time() + self.grace.total_seconds())


class Receiver(ABC):
    """One channel's receiving: the state that was last told, the pauses, the stream."""

    def __init__(self, account: Account, put: Put, on_status: OnStatus, stop: asyncio.Event, clock: Clock) -> None:
        self.account = account
        self.stop = stop
        self.clock = clock
        self.backoff = Backoff(shortest=0.5)
        self._put = put
        self._on_status = on_status
        self._told: tuple[ReceiverKind, str | None] | None = None
        self._in_hand: _Running | None = None

    async def store(self, events: Sequence[RawEvent]) -> bool:
        """Put all events, again and again if need be; False when stopped before every one was on the stream."""
        waiting: Sequence[RawEvent] = events
        while waiting:
            left = await self.unless_stopped(self._put_all(waiting), _GRACE)
            if left is None or (left and self.stop.is_set()):
                return False
            if left:
                await self.wait_out(ReceiverKind.DOWN, CANNOT_STORE, self.backoff)
            waiting = left
        return True

    async def _put_all(self, events: Sequence[RawEvent]) -> Sequence[RawEvent]:
        """Put events side by side; those that could not be put."""
        if len(events) == 1:
            return [] if await self._put_one(events[0]) else events
        places = asyncio.Semaphore(CONCURRENT_PUTS)

        async def put(event: RawEvent) -> bool:
            async with places:
                return await self._put_one(event)

        are_put = await asyncio.gather(*(put(event) for event in events))
        return [event for event, is_put in zip(events, are_put, strict=True) if not is_put]

    async def _put_one(self, event: RawEvent) -> bool:
        try:
            await self._put(event)
        except Exception as error:
            # The loop's edge: the event stays in hand and is put again.
            _log.warning("update not stored", channel_id=self.account.channel_id, error=type(error).__name__)
            return False
        return True

    async def wait_out(self, kind: ReceiverKind, reason: str, backoff: Backoff) -> None:
        """Tell the trouble and pause."""
        await self.tell(kind, reason)
        await self.rest(backoff.next_pause())

    async def rest(self, length: timedelta) -> None:
        """Pause, but not beyond the wish to stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(length.total_seconds()):
                await self.stop.wait()

    async def tell(self, kind: ReceiverKind, reason: str | None) -> None:
        """Tell a change of state once; another reason matters only for a conflict."""
        told = (kind, reason if kind is ReceiverKind.CONFLICT else None)
        if told == self._told:
            return
        self._told = told
        try:
            await self._on_status(ReceiverStatus(kind, reason, self.clock()))
        except Exception as error:
            # The loop's edge: receiving goes on with PostgreSQL down, and the state is told at the next occasion.
            _log.warning("status not stored", channel_id=self.account.channel_id, error=type(error).__name__)
            self._told = None

    async def run(self) -> None:
        """Receive until stopped, or until the key is dead."""
        stopping = asyncio.create_task(self._limit_when_stopped())
        try:
            await self.receive()
        finally:
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)

    @abstractmethod
    async def receive(self) -> None:
        """The platform's loop."""

    async def unless_stopped(self, work: Awaitable[_T], grace: timedelta = timedelta()) -> _T | None:
        """The result of `work`; None if the receiver is stopped and the work does not end within `grace`.

        Hundreds of receivers wait here for each event, so that this makes no tasks of its own.
        """
        running = _Running(asyncio.timeout(None), grace)
        try:
            async with running.limit:
                self._in_hand = running
                if self.stop.is_set():
                    running.end_soon()
                return await work
        except TimeoutError:
            if running.limit.expired():
                return None
            raise
        finally:
            self._in_hand = None

    async def _limit_when_stopped(self) -> None:
        await self.stop.wait()
        if self._in_hand is not None:
            self._in_hand.end_soon()

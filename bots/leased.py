"""One channel's receiving: under a lease, with an epoch that fences its words on how it is doing.

The database may be away: updates go to the stream all the same, the epoch is taken and the status written as soon as
it is back. With Redis away nothing is confirmed to the platform, and after ten seconds the receiver stops.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bots.leases import ANSWER_WITHIN, RENEW_EVERY, Lease
from bots.places import Places
from bots.receiving import ReceiverGap, ReceiverKind, ReceiverStatus, Reports
from inbox.channels.adapter import Account, RawEvent
from inbox.channels.catching_up import begin_receiving, note_gap
from inbox.channels.models import Channel, ChannelStatus
from inbox.channels.status import KEPT_BY_PLATFORM, note_lost, set_status
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.stream import IntakeStream

TAKEOVER = timedelta(seconds=30)
"""So long after a takeover the predecessor's last call may still be open at the platform: a 409 is no alarm."""
LEAVE_WITHIN = timedelta(seconds=2)
"""How long a word in hand may hold up the lease's return."""
NOTE_EVERY = timedelta(minutes=5)
"""How often the status is said again: until when all was received, and against a check that knew less."""
NOBODY_RECEIVED = "Nobody received for longer than the platform keeps messages."

STATUSES: Mapping[ReceiverKind, ChannelStatus] = {
    ReceiverKind.OK: ChannelStatus.ACTIVE,
    ReceiverKind.DOWN: ChannelStatus.DOWN,
    ReceiverKind.DEAD: ChannelStatus.ATTENTION,
    ReceiverKind.CONFLICT: ChannelStatus.ATTENTION,
}

Poll = Callable[[Account, Reports, asyncio.Event], Awaitable[None]]
"""A platform's loop: puts what comes, tells how it is doing, until stopped or the key is dead."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What is to be written together; `begins`: the channel has its first place."""

    status: ReceiverStatus | None
    gaps: Sequence[ReceiverGap]
    begins: bool
    place: str | None

    @property
    def are_any(self) -> bool:
        return self.status is not None or bool(self.gaps) or self.begins


log = structlog.get_logger()


class LeasedReceiver:
    """A receiver at work for `account`; `run` returns when another holds the lease, when stopped, or on a dead key."""

    def __init__(
        self,
        context: Context,
        account: Account,
        holder: str,
        poll: Poll,
        places: Places,
        stream: IntakeStream,
        cursor: str | None,
    ) -> None:
        self.account = account
        self.cursor = cursor
        self._context = context
        self._stream = stream
        self._lease = Lease(context.redis, account.channel_id, holder)
        self._poll = poll
        self._places = places
        self._place = cursor
        self._begins = False
        self._gaps: list[ReceiverGap] = []
        self._epoch: int | None = None
        self._began_at = 0.0
        self._noted_at = 0.0
        self._said: ReceiverStatus | None = None
        self._is_told = True
        self._has_word = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Receive while the lease is ours."""
        if not await self._lease.acquire():
            return
        self._began_at = time.monotonic()
        # Neither renewing nor polling waits for the database, which may hang: one task keeps, another tells.
        helpers = {asyncio.create_task(self._keep(stop)), asyncio.create_task(self._keep_telling())}
        try:
            await self._poll(self.account, self, stop)
            await self._tell_before_leaving(stop)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.wait(helpers, timeout=LEAVE_WITHIN.total_seconds())
            self._places.forget(self.account.channel_id)
            await self._lease.release()

    async def put(self, raw: RawEvent) -> None:
        """On the stream."""
        await self._stream.add(self.account.channel_id, self._context.clock(), "poll", raw)

    async def on_status(self, status: ReceiverStatus) -> None:
        """To be written at once."""
        self._said, self._is_told = status, False
        self._has_word.set()

    async def on_cursor(self, cursor: str) -> None:
        """To be written within a second or so; the first one at once."""
        if self._place is None:
            self._begins = True
            self._has_word.set()
        self._place = cursor
        self._note_place()

    async def on_gap(self, gap: ReceiverGap) -> None:
        """To be written at once, and before any place behind it."""
        self._gaps.append(gap)
        self._has_word.set()

    def _note_place(self) -> None:
        if self._epoch is not None and self._place is not None and not self._gaps and not self._begins:
            self._places.note(self.account.channel_id, self._epoch, self._place)

    async def _keep(self, stop: asyncio.Event) -> None:
        """Renew the lease until it is lost; then stop, since another may begin."""
        while not stop.is_set():
            await asyncio.sleep(RENEW_EVERY.total_seconds())
            if not await self._lease.renew():
                log.warning("lease_lost", channel_id=self.account.channel_id)
                stop.set()

    async def _keep_telling(self) -> None:
        """Take the epoch, write each word as it is said, and again what could not be written."""
        while True:
            self._has_word.clear()
            if self._epoch is None or self._words().are_any:
                async with self._places.turns:
                    await self._tell()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._has_word.wait(), RENEW_EVERY.total_seconds())

    async def _tell_before_leaving(self, stop: asyncio.Event) -> None:
        """A dead key is written before the lease is given back, or the next one would try it again."""
        while self._said is not None and self._said.kind is ReceiverKind.DEAD and not self._is_told:
            if stop.is_set():
                return
            self._has_word.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)

    async def _tell(self) -> None:
        """Write what is to be written; with the database away, later. Nothing counts as written before the commit."""
        words = self._words()
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                async with self._context.transaction(EVERY_WORKSPACE) as session:
                    epoch = self._epoch if self._epoch is not None else await self._take_epoch(session)
                    if epoch is not None and words.are_any:
                        await self._write(session, words, epoch, self._context.clock())
                self._epoch = epoch
        except Exception as error:  # the receiver's edge: the lease is kept and receiving goes on without words
            log.warning("status_waits", channel_id=self.account.channel_id, error=repr(error)[:200])
            return
        if epoch is not None:
            self._forget(words)

    def _words(self) -> _Words:
        """What is to be written now."""
        due = self._said if self._said is not None and self._is_due(self._said) else None
        return _Words(due, tuple(self._gaps), self._begins, self._place)

    def _forget(self, words: _Words) -> None:
        """They are written; what was said meanwhile is still to be told."""
        if words.status is not None:
            self._is_told, self._noted_at = words.status is self._said, time.monotonic()
        del self._gaps[: len(words.gaps)]
        self._begins = self._begins and not words.begins
        self._note_place()

    def _is_due(self, said: ReceiverStatus) -> bool:
        if self._is_told:
            return time.monotonic() - self._noted_at >= NOTE_EVERY.total_seconds()
        return not self._is_takeover(said)

    async def _write(self, session: AsyncSession, words: _Words, epoch: int, now: datetime) -> None:
        channel = await session.scalar(
            select(Channel).where(Channel.id == self.account.channel_id, Channel.epoch == epoch).with_for_update()
        )
        if channel is None:  # a later holder speaks now
            return
        if words.begins:
            await begin_receiving(session, channel)
        for gap in words.gaps:
            await note_gap(session, channel, gap.started_at, gap.ended_at, gap.reason)
        if words.begins or words.gaps:
            channel.cursor = words.place
        if words.status is None:
            return
        await set_status(session, channel, STATUSES[words.status.kind], words.status.reason, now)
        if words.status.kind is ReceiverKind.OK:
            await self._note_received(session, channel, now)

    async def _take_epoch(self, session: AsyncSession) -> int | None:
        """The next number, if the lease is surely ours: of two writers the one who holds it has the higher."""
        if not self._lease.is_held:
            return None
        epoch: int | None = await session.scalar(
            update(Channel)
            .where(Channel.id == self.account.channel_id)
            .values(epoch=Channel.epoch + 1)
            .returning(Channel.epoch)
            .execution_options(synchronize_session=False)
        )
        return epoch

    def _is_takeover(self, said: ReceiverStatus) -> bool:
        age = time.monotonic() - self._began_at
        return said.kind is ReceiverKind.CONFLICT and age < TAKEOVER.total_seconds()

    async def _note_received(self, session: AsyncSession, channel: Channel, now: datetime) -> None:
        """Beyond what the platform keeps it is a gap that lost events."""
        kept = KEPT_BY_PLATFORM.get(channel.platform)
        until = channel.received_until_at
        if kept is not None and until is not None and now - until > kept:
            await note_lost(session, channel, until, now - kept, NOBODY_RECEIVED)
        channel.received_until_at = now

"""The intake pipeline: batches from the stream to committed rows, with transient trouble told apart from poison.

While a batch commits, the next one is read and tagged; commits follow each other, and an entry is acknowledged only
after its commit. Transient trouble (a lost server, a deadlock, a full disk): the whole batch waits and tries again,
without limit. Anything else: the batch is taken one by one, and what fails alone is kept whole in `dead_events`.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy import or_, select, update

from inbox.channels.models import Channel
from inbox.conversations.committing import Route, commit_work
from inbox.conversations.preparing import Preparer, Work
from inbox.conversations.trouble import Dead, StoppedWaitingError, is_collision, write_dead
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.stream import Entry, IntakeStream
from inbox.core.transient import is_transient

PAUSE = timedelta(seconds=1)
COLLISION_PAUSE = timedelta(milliseconds=100)
CLAIM_EVERY = timedelta(seconds=5)
KEEP_EVERY = timedelta(seconds=5)
NOTE_LIFE_EVERY = timedelta(seconds=30)
SUSPECT_AFTER = 5
"""Deliveries after which an entry is taken alone; it may be killing the process."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch in hand. `work` None: it could not be prepared together. `suspects` with their deliveries."""

    sound: Sequence[Entry]
    work: Work | None
    suspects: Sequence[tuple[Entry, int]]


class Pipeline:
    """One worker's intake. `run` until stopped; any number of workers share the stream."""

    def __init__(self, context: Context, stream: IntakeStream, route: Route) -> None:
        self._context = context
        self._stream = stream
        self._route = route
        self._preparer = Preparer(context)
        self._in_hand: dict[str, Entry] = {}
        self._noted: dict[int, datetime] = {}
        self._claimed_at = 0.0
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Take batches until `stop`; finishes what is in hand unless a server is away."""
        try:
            await self.take_until(stop)
        finally:
            self._preparer.close()

    async def take_until(self, stop: asyncio.Event) -> None:
        """The same, to be called again."""
        self._stop = stop
        with contextlib.suppress(RedisError, OSError):
            await self._stream.forget_gone()
        keeper = asyncio.create_task(self._keep_in_hand())
        try:
            with contextlib.suppress(StoppedWaitingError):
                await self._take_batches()
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _take_batches(self) -> None:
        finishing: asyncio.Task[None] | None = None
        while not self._stop.is_set():
            try:
                if self._is_time_to_claim():
                    await _finish_task(finishing)
                    await self._claim()
                if entries := await self._stream.read():
                    taken = await self._begin(entries)
                    await _finish_task(finishing)
                    finishing = asyncio.create_task(self._finish(taken))
            except (RedisError, OSError) as error:
                log.warning("stream_away", error=str(error))
                with contextlib.suppress(RedisError, OSError):
                    await _finish_task(finishing)
                finishing = None
                self._in_hand.clear()
                self._stream.reread_pending()
                await asyncio.sleep(PAUSE.total_seconds())
        with contextlib.suppress(RedisError, OSError):
            await _finish_task(finishing)

    def _is_time_to_claim(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._claimed_at <= CLAIM_EVERY.total_seconds():
            return False
        self._claimed_at = now
        return True

    async def _claim(self) -> None:
        if claimed := await self._stream.claim_abandoned():
            log.info("claimed_abandoned", entries=claimed)

    async def _keep_in_hand(self) -> None:
        """Entries of a batch that waits for a server are in hand: nobody else is to claim and count them."""
        while True:
            await asyncio.sleep(KEEP_EVERY.total_seconds())
            with contextlib.suppress(RedisError, OSError):
                await self._stream.keep(list(self._in_hand.values()))

    async def take(self, entries: Sequence[Entry]) -> None:
        """Process a batch to its end, without overlap."""
        await self._finish(await self._begin(entries))

    async def _begin(self, entries: Sequence[Entry]) -> Taken:
        self._in_hand |= {entry.entry_id: entry for entry in entries}
        counts: dict[str, int] = {}
        with contextlib.suppress(RedisError, OSError):
            counts = await self._stream.deliveries(entries)
        suspects = [(one, counts[one.entry_id]) for one in entries if counts.get(one.entry_id, 1) >= SUSPECT_AFTER]
        sound = [one for one in entries if counts.get(one.entry_id, 1) < SUSPECT_AFTER]
        try:
            work = await self._until_done(lambda: self._preparer.prepare(sound))
        except StoppedWaitingError:
            raise
        except Exception as error:  # poison somewhere in the batch: `_finish` finds it
            log.warning("batch_not_prepared", error=repr(error), entries=len(sound))
            work = None
        return Taken(sound, work, suspects)

    async def _finish(self, taken: Taken) -> None:
        await self._finish_sound(taken)
        for entry, count in taken.suspects:
            if count > SUSPECT_AFTER:
                await self._bury(entry, "delivered too often: it may have ended the process")
            else:
                await self._take_alone(entry, None)

    async def _finish_sound(self, taken: Taken) -> None:
        work = taken.work
        if work is not None:
            if not work.entries:
                return
            try:
                await self._until_done(lambda: self.commit(work))
            except StoppedWaitingError:
                raise
            except Exception as error:  # poison somewhere in the batch: find it
                log.warning("batch_taken_one_by_one", error=repr(error), entries=len(taken.sound))
            else:
                await self._acknowledge(taken.sound)
                return
        for entry in taken.sound:
            await self._take_alone(entry, work.only(entry) if work else None)

    async def _take_alone(self, entry: Entry, work: Work | None) -> None:
        async def take() -> None:
            await self.commit(work or await self._preparer.prepare([entry]))

        try:
            await self._until_done(take)
        except StoppedWaitingError:
            raise
        except Exception as error:  # the poison itself is kept whole
            log.exception("event_died", entry_id=entry.entry_id, channel_id=entry.channel_id)
            await self._bury(entry, repr(error))
            return
        await self._acknowledge([entry])

    async def _until_done(self, work: Callable[[], Awaitable[Work | None]]) -> Work | None:
        """Repeat while the trouble is transient; an orderly stop leaves the batch to the next worker."""
        while True:
            try:
                return await work()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("batch_waits", error=str(error).splitlines()[0] if str(error) else repr(error))
                if self._stop.is_set():
                    raise StoppedWaitingError from error
                pause = COLLISION_PAUSE if is_collision(error) else PAUSE
                await asyncio.sleep(pause.total_seconds() * random.uniform(0.5, 1.0))  # noqa: S311  # jitter

    async def _bury(self, entry: Entry, why: str) -> None:
        async def write() -> None:
            async with self._context.transaction(EVERY_WORKSPACE) as session:
                found = await session.scalar(select(Channel.workspace_id).where(Channel.id == entry.channel_id))
                await write_dead(session, [Dead(entry, found, why)])

        await self._until_done(write)
        await self._acknowledge([entry])

    async def _acknowledge(self, entries: Sequence[Entry]) -> None:
        await self._stream.acknowledge(entries)
        for entry in entries:
            self._in_hand.pop(entry.entry_id, None)

    async def process(self, entries: Sequence[Entry]) -> None:
        """Read, tag, and store in one transaction; commits before it returns, acknowledges nothing."""
        await self.commit(await self._preparer.prepare(entries))

    async def commit(self, work: Work) -> None:
        """The one transaction of a batch, then now and then a sign of its channels' life."""
        await commit_work(self._context, self._route, work)
        await self._note_life({entry.channel_id for entry in work.entries})

    async def _note_life(self, channel_ids: set[int]) -> None:
        """Apart from the batch, so that a busy channel's row is locked for no longer than this."""
        now = self._context.clock()
        stale = sorted(one for one in channel_ids if one not in self._noted or now - self._noted[one] > NOTE_LIFE_EVERY)
        if not stale:
            return
        is_older = or_(Channel.last_event_at.is_(None), Channel.last_event_at < now)
        async with self._context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(update(Channel).where(Channel.id.in_(stale), is_older).values(last_event_at=now))
        self._noted |= dict.fromkeys(stale, now)


async def _finish_task(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        await task

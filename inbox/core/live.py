"""Live events: numbered per workspace in commit order, written with what they tell of, read by panels after a poke.

`announce` notes an event on the session; the edge writes all of a transaction as its last statements (the counter's row
lock then lives shortest), commits, and pokes. A poke carries nothing: readers ask the table for what is newer.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.core.bulk import insert_rows
from inbox.core.models import LiveCounter, LiveEvent

POKES = "otklik:live"
KEPT = timedelta(hours=24)
POLL = timedelta(seconds=2)
PAGE = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event to be; `ref` says what it is about and who may hear of it."""

    workspace_id: int
    kind: str
    ref: Mapping[str, int | str | None]


def announce(session: AsyncSession, workspace_id: int, kind: str, **ref: int | str | None) -> None:
    """Have panels told, once this transaction is committed; the same event twice is told once."""
    announced: list[Announcement] = session.info.setdefault("announced", [])
    announcement = Announcement(workspace_id, kind, ref)
    if announcement not in announced[-20:]:
        announced.append(announcement)


async def write_announced(session: AsyncSession) -> frozenset[int]:
    """Write what was announced, workspaces in id order; returns the workspaces to poke."""
    announced: list[Announcement] = session.info.pop("announced", [])
    by_workspace: dict[int, list[Announcement]] = {}
    for announcement in announced:
        by_workspace.setdefault(announcement.workspace_id, []).append(announcement)
    for workspace_id in sorted(by_workspace):
        events = by_workspace[workspace_id]
        last = await _take_numbers(session, workspace_id, len(events))
        first = last - len(events) + 1
        rows = [
            {"workspace_id": workspace_id, "seq": first + position, "kind": event.kind, "ref": dict(event.ref)}
            for position, event in enumerate(events)
        ]
        await insert_rows(session, LiveEvent, rows)
    return frozenset(by_workspace)


async def _take_numbers(session: AsyncSession, workspace_id: int, count: int) -> int:
    statement = (
        update(LiveCounter)
        .where(LiveCounter.workspace_id == workspace_id)
        .values(seq=LiveCounter.seq + count)
        .returning(LiveCounter.seq)
    )
    last = await session.scalar(statement)
    if last is None:
        first_use = insert(LiveCounter).values(workspace_id=workspace_id, seq=0).on_conflict_do_nothing()
        await session.execute(first_use)
        last = await session.scalar(statement)
    return last or count


async def poke(redis: Redis, workspace_ids: frozenset[int]) -> None:
    """Tell panels to look; a lost poke costs them POLL, no more."""
    if workspace_ids:
        with contextlib.suppress(RedisError, OSError):
            await redis.publish(POKES, ",".join(str(workspace_id) for workspace_id in sorted(workspace_ids)))


async def last_numbers(session: AsyncSession, workspace_ids: frozenset[int]) -> dict[int, int]:
    """Workspace → number of its newest event (0 when there is none)."""
    rows = await session.execute(
        select(LiveCounter.workspace_id, LiveCounter.seq).where(LiveCounter.workspace_id.in_(workspace_ids))
    )
    found = dict(rows.all())
    return {workspace_id: found.get(workspace_id, 0) for workspace_id in workspace_ids}


async def read_after(session: AsyncSession, workspace_id: int, seq: int) -> list[LiveEvent]:
    """At most PAGE events newer than `seq`, in order."""
    statement = (
        select(LiveEvent)
        .where(LiveEvent.workspace_id == workspace_id, LiveEvent.seq > seq)
        .order_by(LiveEvent.seq)
        .limit(PAGE)
    )
    return list(await session.scalars(statement))


async def sweep_old(session: AsyncSession, now: datetime) -> None:
    """Forget what is older than KEPT."""
    await session.execute(delete(LiveEvent).where(LiveEvent.created_at < now - KEPT))


class Pokes:
    """One subscription a process: wakes every waiting stream when any workspace was poked."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: set[asyncio.Event] = set()

    async def listen(self) -> None:
        """Run for the life of the process; with Redis away, streams fall back to polling."""
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(POKES)
                    async for _ in subscription.listen():
                        self._wake()
            except (RedisError, OSError) as error:
                log.warning("pokes_lost", error=str(error))
                await asyncio.sleep(1.0)

    @contextlib.contextmanager
    def waking(self) -> Iterator[asyncio.Event]:
        """An event that every poke sets. Clear it before reading the table, so that no poke falls in between."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()

"""Events that a platform numbers and does not date: one that comes again, by another way or after a crash, falls out.

They count as of their receipt, so that a repeat would be taken for a newer word. What is dated falls out by its key.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.arrivals import Arrived
from inbox.conversations.models import HandledEvent
from inbox.core.bulk import insert_new_rows

KEPT = timedelta(days=14)


async def drop_repeats(session: AsyncSession, arrived: Sequence[Arrived], now: datetime) -> list[Arrived]:
    """Those that were not handled before; each number once. The caller holds the channels' locks."""
    first: dict[tuple[int, str], Arrived] = {}
    for one in arrived:
        if one.once is not None:
            first.setdefault((one.channel.channel_id, one.once), one)
    if not first:
        return list(arrived)
    rows = [
        {"workspace_id": one.channel.workspace_id, "channel_id": channel_id, "event_id": number, "handled_at": now}
        for (channel_id, number), one in sorted(first.items())
    ]
    written = await insert_new_rows(session, HandledEvent, rows, ("channel_id", "event_id"))
    fresh = {(channel_id, number): first[channel_id, number].entry_id for channel_id, number in written}
    return [one for one in arrived if one.once is None or fresh.get((one.channel.channel_id, one.once)) == one.entry_id]


async def begin_once(session: AsyncSession, workspace_id: int, channel_id: int, number: str, now: datetime) -> bool:
    """Whether what has this number is to be done in this transaction; False when it was done, and then it stays so.

    Who does it at this moment is waited for.
    """
    row = {"workspace_id": workspace_id, "channel_id": channel_id, "event_id": number, "handled_at": now}
    return bool(await insert_new_rows(session, HandledEvent, [row], ("event_id",)))


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """No platform repeats an event after so long."""
    await session.execute(delete(HandledEvent).where(HandledEvent.handled_at < now - KEPT))

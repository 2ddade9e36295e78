"""A channel's health: one place that changes it, tells the panels, and keeps the journal of gaps."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.models import Channel, ChannelStatus, Gap
from inbox.core.live import announce

TROUBLE = frozenset({ChannelStatus.ATTENTION, ChannelStatus.DOWN})


async def set_status(
    session: AsyncSession, channel: Channel, status: ChannelStatus, reason: str | None, at: datetime
) -> bool:
    """Write a change of status; returns whether there was one. Trouble opens a gap, its end closes it."""
    if channel.status is status and channel.status_reason == reason:
        return False
    was_in_trouble = channel.status in TROUBLE
    channel.status, channel.status_reason, channel.status_at = status, reason, at
    if status in TROUBLE and not was_in_trouble:
        gap = {
            "workspace_id": channel.workspace_id, "channel_id": channel.id, "started_at": at,
            "reason": reason or status.value, "is_lost": False,
        }  # fmt: skip
        await session.execute(insert(Gap).values(gap).on_conflict_do_nothing())
    if status not in TROUBLE:
        open_gap = select(Gap.id).where(Gap.channel_id == channel.id, Gap.ended_at.is_(None)).scalar_subquery()
        await session.execute(update(Gap).where(Gap.id.in_(open_gap)).values(ended_at=at))
    announce(session, channel.workspace_id, "channel", channel_id=channel.id)
    return True

"""Catching up with what came while nobody received: gaps are written down, and the platform's history is asked for.

What the history tells goes on the stream like anything else: what was seen before falls out there.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.events import Platform
from inbox.channels.models import Channel, Gap
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PermanentRefusalError
from inbox.core.events import CatchUp
from inbox.core.jobs import defer, widen_waiting
from inbox.core.live import announce
from inbox.core.stream import HISTORY, IntakeStream
from inbox.organisations.archived import at_work

HAVE_HISTORY = frozenset({Platform.VK})
"""Platforms that can be asked for what was missed."""
TAKEN_IN_AT_CONNECT = timedelta(days=7)
SLACK = timedelta(minutes=1)
"""Our clock and the platform's differ."""


async def begin_receiving(session: AsyncSession, channel: Channel) -> None:
    """The first place of a channel: what waits there for an answer is taken in; after a pause, what came in it."""
    if channel.platform in HAVE_HISTORY:
        await catch_up(session, channel, channel.received_until_at or channel.created_at - TAKEN_IN_AT_CONNECT)


async def note_gap(
    session: AsyncSession, channel: Channel, since: datetime | None, until: datetime, reason: str
) -> None:
    """The platform brought nothing of a time; `since` None: of all the time since we received last."""
    started_at = since or channel.received_until_at or channel.last_event_at or channel.created_at
    session.add(
        Gap(
            workspace_id=channel.workspace_id, channel_id=channel.id, started_at=min(started_at, until),
            ended_at=until, reason=reason, is_lost=False,
        )
    )  # fmt: skip
    await catch_up(session, channel, started_at)
    announce(session, channel.workspace_id, "channel", channel_id=channel.id)


async def catch_up(session: AsyncSession, channel: Channel, since: datetime) -> None:
    """Have the platform asked for what came since, if it can be; one reading of the history does for many gaps."""
    if channel.platform not in HAVE_HISTORY:
        return
    job = CatchUp(channel_id=channel.id, since=since - SLACK)
    if not await widen_waiting(session, job, job.since):
        await defer(session, [job])


async def run_catch_up(context: Context, job: CatchUp) -> None:
    """Put what the platform remembers on the stream. Twice is harmless; a TemporaryRefusalError repeats the job."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.scalar(
            select(Channel).where(
                Channel.id == job.channel_id, Channel.removed_at.is_(None), at_work(Channel.workspace_id)
            )
        )
    if channel is None:
        return
    account = account_of(channel, context.cipher)
    stream = IntakeStream(context.redis)
    try:
        async for raw in context.adapters[account.platform].backfill(account, job.since):
            await stream.add(channel.id, context.clock(), HISTORY, raw)
    except (KeyRefusedError, PermanentRefusalError):
        # The receiver and the check say what ails the key; when it lives again, that is the end of a gap.
        return

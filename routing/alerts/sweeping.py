"""What time brings: digests that are due, channels that stay dead, spikes of negative messages, broken promises."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.models import Channel, ChannelStatus
from inbox.conversations.models import Conversation, Message, Tags
from inbox.conversations.tags import Sentiment
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import RingBreach, RingDigest
from inbox.core.jobs import defer
from inbox.organisations.archived import at_work
from routing.alerts.models import SPIKE_AT_LEAST, Alert, AlertKind, AlertSettings, AlertState
from routing.alerts.service import Occasion, ring_alerts
from routing.alerts.timing import is_spike

DOWN_FOR = timedelta(minutes=5)
"""A platform that is away for less rings nobody."""
AGAIN_AFTER = timedelta(hours=1)
"""The same trouble of a channel rings no sooner."""
REMEMBERED = timedelta(days=1)
"""Trouble older than this rings no more: it did."""
LEASE = timedelta(minutes=2)
"""For so long nobody else is asked to tell a digest."""
HOUR = timedelta(hours=1)
USUAL_DAYS = 14


async def sweep_alerts(session: AsyncSession, now: datetime) -> None:
    """Every few seconds: digests that are due, and channels in trouble."""
    await _tell_held(session, now)
    await _ring_dead_channels(session, now)


async def _tell_held(session: AsyncSession, now: datetime) -> None:
    due = (
        select(Alert.id)
        .where(Alert.state == AlertState.HELD, Alert.held_until <= now, at_work(Alert.workspace_id))
        .order_by(Alert.id)
        .limit(1000)
        .with_for_update(skip_locked=True)
    )
    workspace_ids = await session.scalars(
        update(Alert)
        .where(Alert.id.in_(due.scalar_subquery()))
        .values(held_until=now + LEASE)
        .returning(Alert.workspace_id)
        .execution_options(synchronize_session=False)
    )
    await defer(session, [RingDigest(workspace_id=one) for one in sorted(set(workspace_ids))])


async def _ring_dead_channels(session: AsyncSession, now: datetime) -> None:
    rows = await session.execute(
        select(Channel.workspace_id, Channel.id, Channel.name, Channel.status_reason, Channel.status_at)
        .outerjoin(AlertSettings, AlertSettings.workspace_id == Channel.workspace_id)
        .where(
            Channel.removed_at.is_(None),
            at_work(Channel.workspace_id),
            Channel.status_at > now - REMEMBERED,
            (Channel.status == ChannelStatus.ATTENTION)
            | ((Channel.status == ChannelStatus.DOWN) & (Channel.status_at < now - DOWN_FOR)),
            ~_rang_lately(now),
        )
    )
    occasions = [
        Occasion(
            workspace_id, AlertKind.CHANNEL, f"channel:{channel_id}:{int(status_at.timestamp())}", status_at,
            details={"channel": name, "reason": reason or ""},
        )
        for workspace_id, channel_id, name, reason, status_at in rows
    ]  # fmt: skip
    if not occasions:
        return
    rung = set(await session.scalars(select(Alert.rule_key).where(Alert.rule_key.in_([x.rule_key for x in occasions]))))
    await ring_alerts(session, [one for one in occasions if one.rule_key not in rung])


def _rang_lately(now: datetime) -> ColumnElement[bool]:
    """For the same trouble, which may come and go: a captcha is met by each answer that is tried after a check."""
    since, until = (f":{int(at.timestamp())}" for at in (now - AGAIN_AFTER, now))
    of_channel = literal("channel:", Text()) + Channel.id.cast(Text())
    return exists().where(
        Alert.workspace_id == Channel.workspace_id,
        Alert.message_id.is_(None),
        Alert.rule_key.between(of_channel + since, of_channel + until),
        Alert.details["reason"].astext == func.coalesce(Channel.status_reason, ""),
    )


async def ring_spikes(session: AsyncSession, now: datetime) -> None:
    """Every minute: negative messages of the last hour against the same hour of the last two weeks.

    Once an hour and project. `tagged_at` finds them quickly; a backlog that comes after an outage is no spike, so that
    of the last hour only what was also written then counts.
    """
    counted = await session.execute(
        select(Tags.workspace_id, func.count(), func.coalesce(func.max(AlertSettings.spike_at_least), SPIKE_AT_LEAST))
        .join(Message, Message.id == Tags.message_id)
        .outerjoin(AlertSettings, AlertSettings.workspace_id == Tags.workspace_id)
        .where(Tags.sentiment == Sentiment.NEGATIVE, Tags.tagged_at > now - HOUR, Message.sent_at > now - HOUR)
        .group_by(Tags.workspace_id)
    )
    for workspace_id, count, at_least in counted.all():
        if count < at_least:
            continue
        usual = await _usual(session, workspace_id, now)
        if is_spike(count, usual, at_least):
            occasion = Occasion(
                workspace_id, AlertKind.SPIKE, f"spike:{now:%Y-%m-%dT%H}", now,
                details={"count": count, "usual": round(usual)},
            )  # fmt: skip
            await ring_alerts(session, [occasion])


async def _usual(session: AsyncSession, workspace_id: int, now: datetime) -> float:
    """How many there are in this hour of a day, over the days on which the project had any tags at all."""
    first_at: datetime | None = await session.scalar(
        select(func.min(Tags.tagged_at)).where(
            Tags.workspace_id == workspace_id,
            Tags.sentiment == Sentiment.NEGATIVE,
            Tags.tagged_at > now - timedelta(days=USUAL_DAYS) - HOUR,
        )
    )
    if first_at is None:
        return 0.0
    days = max(0, min(USUAL_DAYS, (now - first_at).days))
    if days == 0:
        return 0.0
    starts = [now - timedelta(days=day) for day in range(1, days + 1)]
    total = 0
    for start in starts:
        total += await session.scalar(
            select(func.count()).where(
                Tags.workspace_id == workspace_id, Tags.sentiment == Sentiment.NEGATIVE,
                Tags.tagged_at > start - HOUR, Tags.tagged_at <= start,
            )
        ) or 0  # fmt: skip
    return total / days


async def run_breach(context: Context, job: RingBreach) -> None:
    """A broken promise, or one about to be: once a clock and due time."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        conversation = await session.get(Conversation, job.conversation_id)
        if conversation is None or not _still_runs(conversation, job):
            return
        kind = AlertKind.WARNING if job.is_warning else AlertKind.BREACH
        due = int(job.due_at.timestamp())
        occasion = Occasion(
            conversation.workspace_id, kind, f"{kind}:{job.clock}:{conversation.id}:{due}",
            context.clock() if job.is_warning else job.due_at, conversation.id,
            details={"clock": job.clock, "due_at": job.due_at.isoformat()},
        )  # fmt: skip
        await ring_alerts(session, [occasion])


def _still_runs(conversation: Conversation, job: RingBreach) -> bool:
    """The contact still waits; a case that was answered may still wait for its end."""
    if job.clock == "resolution":
        return conversation.resolution_met_at is None
    return conversation.needs_answer

"""The sweep: what time brings. Reads partial indexes every few seconds; any number of workers may sweep at once."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ScalarSelect, delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from inbox.agents.models import AccessToken, Agent, SignInAttempt
from inbox.agents.shifts import set_off_idle
from inbox.conversations.assigning import may_answer
from inbox.conversations.bulk import forget_bulks
from inbox.conversations.deciding import wake
from inbox.conversations.handled import forget_old
from inbox.conversations.models import Activity, Conversation, Status
from inbox.conversations.refresh import refresh
from inbox.conversations.retention import forget_removed
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import DrainQueue
from inbox.core.jobs import defer
from inbox.core.live import sweep_old
from inbox.core.models import IdempotencyKey
from inbox.organisations.archived import at_work
from inbox.organisations.models import Membership, TeamMember
from inbox.replies.service import hold_back, queue_due
from inbox.reports.rollups import mark_gaps, roll_up
from inbox.sla.breaching import find_due, is_full, record_breaches, record_warnings, tell

EVERY = timedelta(seconds=5)
TIDY_EVERY = timedelta(minutes=10)

log = structlog.get_logger()


async def run_sweep(context: Context, stop: asyncio.Event) -> None:
    """Sweep until `stop`; a lost database is waited for."""
    tidied_at: datetime | None = None
    while not stop.is_set():
        now = context.clock()
        try:
            await sweep_pages(context, now, stop)
            if tidied_at is None or now - tidied_at > TIDY_EVERY:
                tidied_at = now
                async with context.transaction(EVERY_WORKSPACE) as session:
                    await tidy(session, now, timedelta(days=context.settings.keep_removed_days))
        except (SQLAlchemyError, OSError) as error:
            log.warning("sweep_waits", error=str(error).splitlines()[0])
        try:
            await asyncio.wait_for(stop.wait(), EVERY.total_seconds())
        except TimeoutError:
            continue


async def sweep_pages(context: Context, now: datetime, stop: asyncio.Event) -> None:
    """A round, and what more is due now, a page a transaction; ends between pages once `stop` is set."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        is_more = await sweep(session, now)
    while is_more and not stop.is_set():
        async with context.transaction(EVERY_WORKSPACE) as session:
            is_more = await sweep_due(session, now)


async def sweep(session: AsyncSession, now: datetime) -> bool:
    """One round: wake, warn, record breaches, hold back or queue replies for later, hand out, count figures.

    Last, idle people are set off: nothing is waited for while their rows are held. True: a page was full, there may be
    more that is due now.
    """
    is_more = await sweep_due(session, now)
    await hold_back(session, now)
    await queue_due(session, now)
    await _hand_out(session)
    await roll_up(session)
    await set_off_idle(session, now)
    return is_more


async def sweep_due(session: AsyncSession, now: datetime) -> bool:
    """Wake, warn, record breaches: a page of each. True: one was full, there may be more."""
    found = [await _wake(session, now), await record_warnings(session, now), await record_breaches(session, now)]
    return any(found)


async def tidy(session: AsyncSession, now: datetime, keep_removed: timedelta) -> None:
    """Forget what has had its day."""
    await forget_removed(session, now, keep_removed)
    await sweep_old(session, now)
    await forget_bulks(session, now)
    await mark_gaps(session, now)
    await forget_old(session, now)
    day_ago = now - timedelta(days=1)
    await session.execute(delete(SignInAttempt).where(SignInAttempt.attempted_at < day_ago))
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < day_ago))
    await session.execute(delete(AccessToken).where(AccessToken.expires_at < now))


async def _wake(session: AsyncSession, now: datetime) -> bool:
    """What was snoozed is open again, and its clocks go on with what was left. True: there may be more."""
    due = await find_due(session, Conversation.snoozed_until <= now, Conversation.status == Status.SNOOZED)
    for conversation in due:
        wake(conversation)
        session.add(
            Activity(
                workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind="reopened",
                details={"why": "snooze_over"}, occurred_at=now,
            )
        )  # fmt: skip
        tell(session, conversation)
    if due:
        await session.flush()
        await refresh(session, [conversation.id for conversation in due])
    return is_full(due)


async def _hand_out(session: AsyncSession) -> None:
    """A job for each project in which somebody waits in a team that has a person on shift who may answer.

    Shifts begin by a button and have a job of their own; room that an answer freed, or a new colleague, is found here.
    """
    on_shift = (
        select(TeamMember.team_id)
        .join(Agent, Agent.id == TeamMember.agent_id)
        .join(
            Membership,
            (Membership.agent_id == TeamMember.agent_id) & (Membership.workspace_id == TeamMember.workspace_id),
        )
        .where(TeamMember.team_id == Conversation.team_id, may_answer, Agent.capacity > _load_of(Agent.id))
    )
    waiting = await session.scalars(
        select(Conversation.workspace_id)
        .where(
            Conversation.assignee_id.is_(None),
            Conversation.needs_answer,
            Conversation.status == Status.OPEN,
            at_work(Conversation.workspace_id),
            on_shift.exists(),
        )
        .distinct()
    )
    await defer(session, [DrainQueue(workspace_id=workspace_id) for workspace_id in waiting])


def _load_of(agent_id: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    held = aliased(Conversation)
    return (
        select(func.count())
        .where(held.assignee_id == agent_id, held.status == Status.OPEN, held.needs_answer, at_work(held.workspace_id))
        .scalar_subquery()
    )

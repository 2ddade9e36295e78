"""What the sweep finds due: warnings, breaches, and who is told of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Conversation, Status
from inbox.conversations.refresh import refresh
from inbox.core.events import EscalateBreach, Job, RingBreach
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.organisations.archived import at_work

PAGE = 100
"""How many of a kind one transaction turns: their rows stay locked, and in memory, until it ends"""
_RUNS = (Conversation.needs_answer.is_(True), Conversation.status == Status.OPEN)
"""A clock of what was closed or put aside does not run."""


async def record_warnings(session: AsyncSession, now: datetime) -> bool:
    """Clocks of which little is left: once a due time, the panels and the alerts are told. True: there may be more."""
    due_soon = await find_due(session, Conversation.warn_at <= now, *_RUNS)
    for one in due_soon:
        is_first = one.first_response_met_at is None
        due = one.first_response_due_at if is_first else one.next_response_due_at
        one.warn_at, one.warned_due_at = None, due
        if due is not None and due > now:
            await _turn(session, one, "first" if is_first else "next", "warning", due)
    return is_full(due_soon)


async def record_breaches(session: AsyncSession, now: datetime) -> bool:
    """Due times that passed unanswered. True: there may be more."""
    first = await find_due(
        session,
        Conversation.first_response_due_at <= now,
        Conversation.first_response_met_at.is_(None),
        Conversation.first_response_breached_at.is_(None),
        *_RUNS,
    )
    for one in first:
        one.first_response_breached_at = due = one.first_response_due_at
        await _turn(session, one, "first", "breach", due or now)
    later = await find_due(
        session,
        Conversation.next_response_due_at <= now,
        Conversation.next_response_met_at.is_(None),
        Conversation.next_response_breached_at.is_(None),
        *_RUNS,
    )
    for one in later:
        one.next_response_breached_at = due = one.next_response_due_at
        await _turn(session, one, "next", "breach", due or now)
    if first or later:
        await session.flush()
        await refresh(session, [one.id for one in (*first, *later)])
    unresolved = await find_due(
        session,
        Conversation.resolution_due_at <= now,
        Conversation.resolution_met_at.is_(None),
        Conversation.resolution_breached_at.is_(None),
        Conversation.status == Status.OPEN,
    )
    for one in unresolved:
        one.resolution_breached_at = due = one.resolution_due_at
        await _turn(session, one, "resolution", "breach", due or now)
    return any(map(is_full, (first, later, unresolved)))


async def find_due(session: AsyncSession, *conditions: ColumnElement[bool]) -> Sequence[Conversation]:
    """At most PAGE of them in projects at work, locked; those that somebody holds come in a later round."""
    statement = (
        select(Conversation)
        .where(*conditions, at_work(Conversation.workspace_id))
        .order_by(Conversation.id)
        .limit(PAGE)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


def is_full(page: Sequence[Conversation]) -> bool:
    """Whether there may be more."""
    return len(page) == PAGE


async def _turn(session: AsyncSession, one: Conversation, clock: str, level: str, due_at: datetime) -> None:
    """The row is shown anew, and who looks after the promise hears of it."""
    tell(session, one)
    announce(
        session, one.workspace_id, "sla", conversation_id=one.id, assignee_id=one.assignee_id, team_id=one.team_id,
        clock=clock, level=level, due_at=due_at.isoformat(),
    )  # fmt: skip
    is_warning = level == "warning"
    jobs: list[Job] = [RingBreach(conversation_id=one.id, clock=clock, due_at=due_at, is_warning=is_warning)]
    if not is_warning:
        jobs.append(EscalateBreach(conversation_id=one.id, clock=clock, due_at=due_at))
    await defer(session, jobs)


def tell(session: AsyncSession, conversation: Conversation) -> None:
    """The row is to be shown anew."""
    announce(
        session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip

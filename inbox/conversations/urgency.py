"""Which clock of a conversation runs now and when it is due: once for Python, once for SQL."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, func, null, or_

from inbox.agents.models import Agent
from inbox.conversations.assigning import may_answer
from inbox.conversations.models import Conversation, Status
from inbox.organisations.models import Membership

DUE_SOON = timedelta(minutes=10)
"""How long before its due time a conversation is said to burn."""

running_due: ColumnElement[datetime | None] = case(
    (or_(Conversation.needs_answer.is_(False), func.cardinality(Conversation.silences) % 2 == 1), null()),
    (
        and_(Conversation.first_response_met_at.is_(None), Conversation.first_response_due_at.is_not(None)),
        Conversation.first_response_due_at,
    ),
    (Conversation.next_response_met_at.is_(None), Conversation.next_response_due_at),
    else_=null(),
)
"""When the running clock is due; null when none runs."""


def find_running_due(conversation: Conversation) -> datetime | None:
    """The same for a loaded row."""
    if not conversation.needs_answer or conversation.is_silenced:
        return None
    if conversation.first_response_met_at is None and conversation.first_response_due_at is not None:
        return conversation.first_response_due_at
    return conversation.next_response_due_at if conversation.next_response_met_at is None else None


def due_soon(now: datetime) -> ColumnElement[bool]:
    """The answer is not late yet and is due within DUE_SOON."""
    return and_(_is_on_the_desk(), running_due > now, running_due <= now + DUE_SOON)


def breached(now: datetime) -> ColumnElement[bool]:
    """The answer is late and still missing."""
    return and_(_is_on_the_desk(), running_due <= now)


def burning(now: datetime) -> ColumnElement[bool]:
    """Either of both."""
    return and_(_is_on_the_desk(), running_due <= now + DUE_SOON)


def burns(conversation: Conversation, now: datetime) -> bool:
    """The same for a loaded row."""
    due = find_running_due(conversation)
    return conversation.status is Status.OPEN and due is not None and due <= now + DUE_SOON


def in_hands() -> ColumnElement[bool]:
    """Somebody who is on shift, and may answer there, has it."""
    return exists().where(
        Agent.id == Conversation.assignee_id, Membership.agent_id == Agent.id,
        Membership.workspace_id == Conversation.workspace_id, may_answer,
    )  # fmt: skip


def _is_on_the_desk() -> ColumnElement[bool]:
    """Snoozed and waiting conversations were put aside by a person."""
    return and_(Conversation.needs_answer, Conversation.status == Status.OPEN)

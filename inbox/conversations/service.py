"""What people do with a conversation: change it, claim it; each deed leaves a line, an audit entry, live events."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.audit.models import AuditEntry
from inbox.conversations.access import access_claimable
from inbox.conversations.assigning import check_assignee, check_team
from inbox.conversations.changes import UNSET, Change, Decision, decide
from inbox.conversations.deciding import Wanted, load_seen, set_judgement, set_status
from inbox.conversations.labelling import load_labels, set_labels
from inbox.conversations.models import (
    Activity,
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageKind,
    Outcome,
    Status,
)
from inbox.conversations.recompute import recompute
from inbox.core.database import Json
from inbox.core.errors import ConflictError
from inbox.core.live import announce

_LEFT_OR_LEAVING = (Delivery.QUEUED, Delivery.SENDING, Delivery.SENT, Delivery.UNCERTAIN)


async def change(
    session: AsyncSession, caller: Caller, conversation: Conversation, wanted: Change, now: datetime
) -> None:
    """Apply what is set in `wanted` to a conversation that `access_conversation` gave, locked, with ANSWER."""
    before = await _snapshot(session, conversation)
    heard_by = _audience(conversation)
    activities = [
        *await _change_people(session, caller, conversation, wanted),
        *await _change_status(session, caller, conversation, wanted, now),
    ]
    if wanted.priority is not UNSET and wanted.priority is not conversation.priority:
        conversation.priority = wanted.priority
        activities.append(("priority", {"priority": wanted.priority.value}))
    if wanted.labels is not UNSET:
        activities += await set_labels(session, conversation, wanted.labels)
    await session.flush()
    await recompute(session, conversation)
    after = await _snapshot(session, conversation)
    if after == before:
        return
    for kind, details in activities:
        _note(session, caller, conversation, kind, details, now)
    _audit(session, caller, conversation, before, after, now)
    _tell(session, conversation, heard_by)


async def claim(session: AsyncSession, caller: Caller, conversation_id: int, now: datetime) -> Conversation:
    """Take what nobody has; ConflictError says who was first. Whoever has it already may claim it again."""
    conversation = await access_claimable(session, caller, conversation_id)
    if conversation.assignee_id == caller.agent_id:
        return conversation
    if conversation.assignee_id is not None:
        name = await session.scalar(select(Agent.name).where(Agent.id == conversation.assignee_id))
        raise ConflictError(
            f"{name} already has this conversation.",
            extra={"assignee": name, "assignee_id": conversation.assignee_id},
        )
    take(session, caller, conversation, now)
    await session.flush()
    return conversation


def take(session: AsyncSession, caller: Caller, conversation: Conversation, now: datetime) -> None:
    """The caller becomes the assignee of a locked conversation that nobody has."""
    heard_by = _audience(conversation)
    conversation.assignee_id = caller.agent_id
    _note(session, caller, conversation, "assigned", {"assignee": caller.name}, now)
    _audit(session, caller, conversation, {"assignee_id": None}, {"assignee_id": caller.agent_id}, now)
    _tell(session, conversation, heard_by)


_Line = tuple[str, Json]
"""A grey line to be: its kind and details."""


async def _change_people(
    session: AsyncSession, caller: Caller, conversation: Conversation, wanted: Change
) -> list[_Line]:
    lines: list[_Line] = []
    if wanted.team_id is not UNSET and wanted.team_id != conversation.team_id:
        caller.require(conversation.workspace_id, Permission.ASSIGN)
        team = await check_team(session, conversation.workspace_id, wanted.team_id)
        conversation.team_id = wanted.team_id
        lines.append(("team", {"team": team}))
    if wanted.assignee_id is not UNSET and wanted.assignee_id != conversation.assignee_id:
        if {wanted.assignee_id, conversation.assignee_id} - {None, caller.agent_id}:
            caller.require(conversation.workspace_id, Permission.ASSIGN)
        name = await check_assignee(session, conversation.workspace_id, wanted.assignee_id)
        conversation.assignee_id = wanted.assignee_id
        lines.append(("assigned", {"assignee": name}) if name is not None else ("unassigned", {}))
    return lines


async def _change_status(
    session: AsyncSession, caller: Caller, conversation: Conversation, wanted: Change, now: datetime
) -> list[_Line]:
    answered = await _is_answered(session, conversation)
    decision = decide(wanted, conversation.status, answered=answered, now=now)
    lines: list[_Line] = []
    seen = await load_seen(session, conversation, now)
    if decision.status is not None and _differs(conversation, decision):
        lines.append(_status_line(conversation, decision))
        until = _wakes_at(conversation, decision)
        set_status(conversation, Wanted(decision.status, decision.outcome, until), seen)
        conversation.closed_by_id = caller.agent_id if decision.status is Status.CLOSED else None
    if decision.judged is not None and decision.judged is not conversation.needs_answer:
        set_judgement(conversation, seen, needed=decision.judged)
        if not lines or decision.judged:
            lines = [("needs_answer" if decision.judged else "no_answer_needed", {})]
    return lines


def _differs(conversation: Conversation, decision: Decision) -> bool:
    present = (conversation.status, conversation.outcome, conversation.snoozed_until)
    return present != (decision.status, decision.outcome, _wakes_at(conversation, decision))


def _wakes_at(conversation: Conversation, decision: Decision) -> datetime | None:
    return decision.snoozed_until or (conversation.snoozed_until if decision.status is Status.SNOOZED else None)


def _status_line(conversation: Conversation, decision: Decision) -> _Line:
    match decision.status:
        case Status.CLOSED if decision.outcome is Outcome.NO_ANSWER_NEEDED:
            return "no_answer_needed", {}
        case Status.CLOSED:
            return "closed", {"outcome": decision.outcome.value if decision.outcome else None}
        case Status.SNOOZED:
            until = decision.snoozed_until or conversation.snoozed_until
            return "snoozed", {"until": until.isoformat() if until else None}
        case Status.WAITING_SUBSCRIBER | Status.WAITING_CLIENT:
            return "waiting", {"status": decision.status.value}
        case _:
            return "reopened", {}


async def _is_answered(session: AsyncSession, conversation: Conversation) -> bool:
    """A person of ours has the last word, or is just about to: a reply of this turn is on its way."""
    if conversation.last_answer_at is not None and not conversation.needs_answer:
        return True
    underway = (
        select(Message.id)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == Direction.OUTBOUND,
            Message.kind == MessageKind.MESSAGE,
            Message.delivery.in_(_LEFT_OR_LEAVING),
            Message.deleted_at.is_(None),
            Message.created_at >= (conversation.waiting_since_at or conversation.started_at),
        )
        .limit(1)
    )
    return await session.scalar(underway) is not None


async def _snapshot(session: AsyncSession, conversation: Conversation) -> Json:
    """What people change, as the audit keeps it."""
    until = conversation.snoozed_until
    return {
        "status": conversation.status.value,
        "outcome": conversation.outcome.value if conversation.outcome else None,
        "needs_answer": conversation.needs_answer,
        "assignee_id": conversation.assignee_id,
        "team_id": conversation.team_id,
        "priority": conversation.priority.value,
        "labels": await load_labels(session, conversation.id),
        "snoozed_until": until.isoformat() if until else None,
    }


def _note(
    session: AsyncSession, caller: Caller, conversation: Conversation, kind: str, details: Json, now: datetime
) -> None:
    session.add(
        Activity(
            workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind=kind,
            agent_id=caller.agent_id, details=details, occurred_at=now,
        )
    )  # fmt: skip


def _audit(
    session: AsyncSession, caller: Caller, conversation: Conversation, before: Json, after: Json, now: datetime
) -> None:
    changed = [name for name, value in after.items() if before.get(name) != value]
    session.add(
        AuditEntry(
            workspace_id=conversation.workspace_id, agent_id=caller.agent_id, action="conversation.changed",
            row_kind="conversation", row_id=conversation.id, before={name: before.get(name) for name in changed},
            after={name: after[name] for name in changed}, occurred_at=now,
        )
    )  # fmt: skip


_Audience = tuple[int | None, int | None]


def _audience(conversation: Conversation) -> _Audience:
    """Whose it is: decides who may hear of it."""
    return conversation.assignee_id, conversation.team_id


def _tell(session: AsyncSession, conversation: Conversation, heard_by: _Audience) -> None:
    """Those who see it now hear of it, and those who saw it before, since it leaves their lists."""
    for assignee_id, team_id in dict.fromkeys((heard_by, _audience(conversation))):
        announce(
            session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
            assignee_id=assignee_id, team_id=team_id,
        )  # fmt: skip

"""A person's change of one or many conversations: what each becomes, in a constant number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.assigning import check_assignee, check_team
from inbox.conversations.changes import UNSET, Change, Decision, decide
from inbox.conversations.deciding import Wanted, load_seen_of, restore, set_judgement, set_settled, set_status
from inbox.conversations.labelling import load_labels_of, wanted_labels, write_labels
from inbox.conversations.models import (
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageKind,
    Outcome,
    Status,
)
from inbox.conversations.refresh import refresh
from inbox.conversations.state import Seen
from inbox.conversations.traces import Line, audience_of, audit, note, tell
from inbox.core.bulk import among
from inbox.core.database import Json
from inbox.core.errors import RefusedError

_LEFT_OR_LEAVING = (Delivery.QUEUED, Delivery.SENDING, Delivery.SENT, Delivery.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of one conversation. `before` and `after`: what people change, as the audit keeps it."""

    conversation: Conversation
    before: Json
    after: Json

    @property
    def is_changed(self) -> bool:
        """Whether anything is another now."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Changes:
    """`refused`: conversation → why it stayed as it was."""

    changed: Sequence[Changed]
    refused: Mapping[int, RefusedError]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a change of a conversation depends on."""

    seen: Seen
    is_answered: bool
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a conversation is to become, with all that could be refused already checked."""

    change: Change
    decision: Decision | None
    """None: what was decided before is restored."""
    lines: tuple[Line, ...]
    labels: tuple[str, ...]


async def change_all(
    session: AsyncSession, caller: Caller, wanted: Sequence[tuple[Conversation, Change]], now: datetime
) -> Changes:
    """Apply what is set in each change to its conversation; they are locked, and the caller may answer them.

    What is refused for one of them leaves that one untouched.
    """
    known = await _load_known(session, [one for one, _ in wanted], now)
    people = _People(session, caller)
    plans: dict[int, _Plan] = {}
    refused: dict[int, RefusedError] = {}
    for one, change in wanted:
        try:
            plans[one.id] = await _plan(one, known[one.id], change, people, now)
        except RefusedError as refusal:
            refused[one.id] = refusal
    planned = [one for one, _ in wanted if one.id in plans]
    before = {one.id: snapshot(one, known[one.id].labels) for one in planned}
    heard_by = {one.id: audience_of(one) for one in planned}
    lines = {one.id: _apply(one, plans[one.id], known[one.id], caller) for one in planned}
    await write_labels(session, planned, {one.id: (known[one.id].labels, plans[one.id].labels) for one in planned})
    await session.flush()
    await refresh(session, [one.id for one in planned])
    changed = [Changed(one, before[one.id], snapshot(one, plans[one.id].labels)) for one in planned]
    for done in changed:
        if done.is_changed:
            _trace(session, caller, done, lines[done.conversation.id], now)
            tell(session, done.conversation, heard_by[done.conversation.id])
    return Changes(changed, refused)


def snapshot(conversation: Conversation, labels: Collection[str]) -> Json:
    """What people change, as the audit keeps it."""
    until = conversation.snoozed_until
    return {
        "status": conversation.status.value,
        "outcome": conversation.outcome.value if conversation.outcome else None,
        "needs_answer": conversation.needs_answer,
        "assignee_id": conversation.assignee_id,
        "team_id": conversation.team_id,
        "priority": conversation.priority.value,
        "labels": sorted(labels),
        "snoozed_until": until.isoformat() if until else None,
        "held": conversation.held,
        "undelivered": conversation.undelivered.value if conversation.undelivered else None,
    }


class _People:
    """Who is given the conversations: asked once a workspace."""

    def __init__(self, session: AsyncSession, caller: Caller) -> None:
        self._session, self._caller = session, caller
        self._names: dict[tuple[str, int, int | None], str | RefusedError | None] = {}

    async def lines(self, conversation: Conversation, wanted: Change) -> list[Line]:
        """The grey lines of handing it over; refuses what the caller may not do and who cannot answer there."""
        lines: list[Line] = []
        workspace_id = conversation.workspace_id
        if wanted.team_id is not UNSET and wanted.team_id != conversation.team_id:
            self._caller.require(workspace_id, Permission.ASSIGN)
            lines.append(("team", {"team": await self._name("team", workspace_id, wanted.team_id)}))
        if wanted.assignee_id is not UNSET and wanted.assignee_id != conversation.assignee_id:
            if {wanted.assignee_id, conversation.assignee_id} - {None, self._caller.agent_id}:
                self._caller.require(workspace_id, Permission.ASSIGN)
            name = await self._name("assignee", workspace_id, wanted.assignee_id)
            lines.append(("assigned", {"assignee": name}) if name is not None else ("unassigned", {}))
        return lines

    async def _name(self, kind: str, workspace_id: int, row_id: int | None) -> str | None:
        key = kind, workspace_id, row_id
        if key not in self._names:
            check = check_team if kind == "team" else check_assignee
            try:
                self._names[key] = await check(self._session, workspace_id, row_id)
            except RefusedError as refusal:
                self._names[key] = refusal
        name = self._names[key]
        if isinstance(name, RefusedError):
            raise name
        return name


async def _plan(conversation: Conversation, known: _Known, wanted: Change, people: _People, now: datetime) -> _Plan:
    lines = await people.lines(conversation, wanted)
    decision = None
    if wanted.restored is UNSET:
        decision = decide(wanted, conversation.status, answered=known.is_answered, now=now)
    return _Plan(wanted, decision, tuple(lines), wanted_labels(known.labels, wanted))


def _apply(conversation: Conversation, plan: _Plan, known: _Known, caller: Caller) -> list[Line]:
    """Write the plan to the row; returns the grey lines in the order in which people read them."""
    wanted = plan.change
    if wanted.team_id is not UNSET:
        conversation.team_id = wanted.team_id
    if wanted.assignee_id is not UNSET:
        conversation.assignee_id = wanted.assignee_id
    lines = list(plan.lines)
    if wanted.restored is not UNSET:
        restore(conversation, wanted.restored)
        lines.append(("undone", {}))
    elif plan.decision is not None:
        lines += _apply_decision(conversation, plan.decision, known.seen, caller)
    if wanted.priority is not UNSET and wanted.priority is not conversation.priority:
        conversation.priority = wanted.priority
        lines.append(("priority", {"priority": wanted.priority.value}))
    added = [name for name in plan.labels if name not in known.labels]
    removed = [name for name in known.labels if name not in plan.labels]
    return [*lines, ("labels", {"added": added, "removed": removed})] if added or removed else lines


def _apply_decision(conversation: Conversation, decision: Decision, seen: Seen, caller: Caller) -> list[Line]:
    lines: list[Line] = []
    if decision.status is not None and _differs(conversation, decision):
        lines.append(_status_line(conversation, decision))
        until = _wakes_at(conversation, decision)
        set_status(conversation, Wanted(decision.status, decision.outcome, until), seen)
        conversation.closed_by_id = caller.agent_id if decision.status is Status.CLOSED else None
    elif decision.status is Status.CLOSED and (conversation.held or conversation.undelivered is not None):
        lines.append(_status_line(conversation, decision))
        set_settled(conversation, seen)
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


def _status_line(conversation: Conversation, decision: Decision) -> Line:
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


def _trace(session: AsyncSession, caller: Caller, done: Changed, lines: Sequence[Line], now: datetime) -> None:
    for line in lines:
        note(session, caller, done.conversation, line, now)
    audit(session, caller, done.conversation, done.before, done.after, now)


async def _load_known(session: AsyncSession, conversations: Sequence[Conversation], now: datetime) -> dict[int, _Known]:
    ids = [one.id for one in conversations]
    seen = await load_seen_of(session, conversations, now)
    leaving = await _load_leaving(session, ids)
    labels = await load_labels_of(session, ids)
    return {
        one.id: _Known(
            seen[one.id],
            (one.last_answer_at is not None and not one.needs_answer) or one.id in leaving,
            labels.get(one.id, ()),
        )
        for one in conversations
    }


async def _load_leaving(session: AsyncSession, conversation_ids: Sequence[int]) -> frozenset[int]:
    """Those that a person of ours is just answering: a reply of this turn has left, or is on its way."""
    turn = func.coalesce(Conversation.waiting_since_at, Conversation.started_at)
    found = await session.scalars(
        select(Message.conversation_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            among(Message.conversation_id, conversation_ids),
            Message.direction == Direction.OUTBOUND,
            Message.kind == MessageKind.MESSAGE,
            Message.delivery.in_(_LEFT_OR_LEAVING),
            Message.deleted_at.is_(None),
            Message.created_at >= turn,
        )
        .distinct()
    )
    return frozenset(found)

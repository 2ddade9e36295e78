"""What rules do to conversations: gathered over a batch, then written in a handful of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.calendars.hours import WorkingHours
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.deciding import Wanted, set_status
from inbox.conversations.labelling import ensure_labels
from inbox.conversations.models import (
    Conversation,
    ConversationLabel,
    Direction,
    Message,
    MessageKind,
    Outcome,
    Priority,
    Status,
)
from inbox.conversations.refresh import refresh
from inbox.conversations.state import Seen
from inbox.core.bulk import among, insert_new_rows, insert_rows, update_rows
from inbox.organisations.models import Role
from routing.assignment.handing import Handout, Turn
from routing.rules.actions import (
    Action,
    AddLabels,
    AddNote,
    Assign,
    Close,
    HandToTeam,
    Hold,
    Mention,
    SetPolicy,
    SetPriority,
    Snooze,
)
from routing.rules.beyond import Far, act_beyond
from routing.rules.models import RuleRun
from routing.rules.people import Named
from routing.rules.reading import ReadyRule

ROUTED = ("assignee_id", "team_id", "routed_at", "priority", "sla_policy_id")
"""The columns of a conversation that routing writes."""
_RISING = list(Priority)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched a message, with what of its actions is to be done.

    `may_hand`: nobody has the conversation in this turn. `is_further`: a rule acted in this turn before.
    """

    rule: ReadyRule
    actions: Sequence[Action]
    message: NewMessage
    conversation: Conversation
    may_hand: bool
    is_further: bool


@dataclass(slots=True)
class Deeds:
    """What the rules of one batch do."""

    desks: Handout
    people: Mapping[tuple[int, int], Named]
    hours: Mapping[int, WorkingHours]
    now: datetime
    policies: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """(workspace, SLA policy) → its name; loaded where some rule sets one."""
    touched: dict[int, Conversation] = field(default_factory=dict)
    labels: dict[int, dict[str, None]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    restated: set[int] = field(default_factory=set)
    notes: list[dict[str, object]] = field(default_factory=list)
    runs: list[dict[str, object]] = field(default_factory=list)
    beyond: list[Far] = field(default_factory=list)

    def act(self, hit: Hit) -> None:
        """Do the actions in order; what they need is already loaded."""
        self.touched[hit.conversation.id] = hit.conversation
        for action in hit.actions:
            match action:
                case HandToTeam() | Assign():
                    if hit.may_hand:
                        self._hand(hit, action)
                case SetPolicy():
                    self._promise(hit, action)
                case SetPriority() | AddLabels():
                    self._mark(hit, action)
                case Hold() | Close() | Snooze():
                    self._settle(hit, action)
                case AddNote() | Mention():
                    self._write_note(hit, action)
                case _:
                    self.beyond.append(Far(action, hit.rule.id, hit.rule.name, hit.message, hit.conversation))

    def take_back(self, conversation: Conversation, *, reopens: bool) -> None:
        """Whoever is on shift gets it, not the sleeping owner, who keeps an open talk while nobody else is here."""
        place, owner_id = conversation.workspace_id, conversation.assignee_id
        sleeps = owner_id is not None and not self.desks.is_on_shift(place, owner_id)
        if sleeps and (reopens or self.desks.freest(place) is not None):
            self.desks.take_back(conversation, self.now)
        self.touched[conversation.id] = conversation

    def note_run(self, hit: Hit, turn_at: datetime) -> None:
        """That the rule acted on this message."""
        row = {
            "workspace_id": hit.message.workspace_id, "rule_id": hit.rule.id, "message_id": hit.message.message_id,
            "conversation_id": hit.conversation.id, "turn_at": turn_at, "acted_at": self.now,
        }  # fmt: skip
        self.runs.append(row)

    def _hand(self, hit: Hit, action: HandToTeam | Assign) -> None:
        name = hit.rule.name
        if isinstance(action, HandToTeam):
            self.desks.hand(hit.conversation, Turn(action.team_id, name, action.choose), self.now)
            return
        if not hit.conversation.needs_answer:
            return
        if action.to == "on_shift":
            seat = self.desks.freest(hit.message.workspace_id)
            found = None if seat is None else Named(seat.agent_id, seat.name)
        elif action.to == "owner":
            found = self._owner(hit.message.workspace_id)
        else:
            found = self.people.get((hit.message.workspace_id, action.agent_id or 0))
        if found is not None:
            self.desks.give(hit.conversation, found.agent_id, found.name, name, self.now)

    def _owner(self, workspace_id: int) -> Named | None:
        """The owner on shift, else the first one."""
        owners = [one for (place, _), one in self.people.items() if place == workspace_id and one.role is Role.OWNER]
        return min(
            owners, key=lambda one: (not self.desks.is_on_shift(workspace_id, one.agent_id), one.agent_id), default=None
        )

    def _mark(self, hit: Hit, action: SetPriority | AddLabels) -> None:
        conversation = hit.conversation
        if isinstance(action, AddLabels):
            self.labels.setdefault(conversation.id, {}).update(dict.fromkeys(action.names))
            self._line(hit, "labels", {"added": action.names, "removed": []})
            return
        # Within a turn a further rule may make it more urgent, never less: praise does not calm a complaint.
        if hit.is_further and _RISING.index(action.value) <= _RISING.index(conversation.priority):
            return
        if conversation.priority is not action.value:
            conversation.priority = action.value
            self._line(hit, "priority", {"priority": action.value.value})

    def _promise(self, hit: Hit, action: SetPolicy) -> None:
        """The clocks follow at the end of the batch; a policy that is gone changes nothing."""
        name = self.policies.get((hit.message.workspace_id, action.policy_id))
        if name is not None and hit.conversation.sla_policy_id != action.policy_id:
            hit.conversation.sla_policy_id = action.policy_id
            self._line(hit, "policy", {"policy": name})

    def _settle(self, hit: Hit, action: Hold | Close | Snooze) -> None:
        conversation, event = hit.conversation, hit.message.event
        if isinstance(action, Hold):
            self.held.add(hit.message.message_id)
            self.restated.add(conversation.id)
            self._line(hit, "held", {})
            return
        if not conversation.needs_answer:
            return
        seen = Seen(self.now, event.sent_at, event.external_id)
        if isinstance(action, Close):
            set_status(conversation, Wanted(Status.CLOSED, Outcome.NO_ANSWER_NEEDED_AUTOMATIC), seen)
            self._line(hit, "no_answer_needed", {})
        else:
            until = self._wakes_at(hit.message.workspace_id, action)
            if until is None:
                return
            set_status(conversation, Wanted(Status.SNOOZED, snoozed_until=until), seen)
            self._line(hit, "snoozed", {"until": until.isoformat()})
        self.restated.add(conversation.id)

    def _wakes_at(self, workspace_id: int, action: Snooze) -> datetime | None:
        """None: the workspace is open, or never opens."""
        if action.hours is not None:
            return self.now + timedelta(hours=action.hours)
        hours = self.hours.get(workspace_id)
        opens_at = None if hours is None else hours.next_opening(self.now)
        return opens_at if opens_at is not None and opens_at > self.now else None

    def _write_note(self, hit: Hit, action: AddNote | Mention) -> None:
        text = action.text
        if isinstance(action, Mention):
            person = self.people.get((hit.message.workspace_id, action.agent_id))
            if person is None:
                return
            text = f"@{person.name} {action.text}".strip()
        row: dict[str, object] = {
            "workspace_id": hit.message.workspace_id, "conversation_id": hit.conversation.id,
            "channel_id": hit.message.channel_id, "direction": Direction.OUTBOUND, "kind": MessageKind.NOTE,
            "text": text, "sent_at": self.now,
        }  # fmt: skip
        self.notes.append(row)

    def _line(self, hit: Hit, kind: str, details: dict[str, object]) -> None:
        self.desks.note(hit.conversation, kind, {**details, "rule": hit.rule.name}, self.now)

    async def write(self, session: AsyncSession) -> None:
        """All of it, in the batch's transaction; states that follow are computed anew."""
        await update_rows(session, list(self.touched.values()), ROUTED)
        if self.held:
            await session.execute(update(Message).where(among(Message.id, self.held)).values(held=True))
        await self._write_labels(session)
        await insert_rows(session, Message, self.notes)
        await session.flush()
        await refresh(session, self.restated)
        await insert_new_rows(session, RuleRun, self.runs, ("rule_id",))
        await self.desks.write_lines(session)
        await act_beyond(session, self.beyond, self.now)

    async def _write_labels(self, session: AsyncSession) -> None:
        by_workspace: dict[int, list[int]] = {}
        for conversation_id in self.labels:
            by_workspace.setdefault(self.touched[conversation_id].workspace_id, []).append(conversation_id)
        rows: list[dict[str, object]] = []
        for workspace_id, conversation_ids in sorted(by_workspace.items()):
            names = list(dict.fromkeys(name for one in conversation_ids for name in self.labels[one]))
            ids = {label.name: label.id for label in await ensure_labels(session, workspace_id, names)}
            rows += [
                {"workspace_id": workspace_id, "conversation_id": one, "label_id": ids[name]}
                for one in conversation_ids
                for name in self.labels[one]
            ]
        await insert_new_rows(session, ConversationLabel, rows, ("label_id",))

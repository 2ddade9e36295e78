"""What the list of conversations is narrowed by, as conditions of one query."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import ColumnElement, not_, select

from inbox.channels.events import ConversationKind, Platform
from inbox.channels.models import Channel
from inbox.conversations.deciding import ASIDE
from inbox.conversations.folding import folded
from inbox.conversations.models import Conversation, ConversationLabel, Label, Mention, Message, Outcome, Status
from inbox.conversations.search import mentions
from inbox.conversations.tags import Intent, Sentiment
from inbox.conversations.urgency import breached, due_soon


class Order(StrEnum):
    """urgent: the earliest running due time first, then who waits longest, then the newest · newest · oldest · waking:
    what comes back soonest first, then the newest · called: where a note called the reader last, then the newest."""

    URGENT = "urgent"
    NEWEST = "newest"
    OLDEST = "oldest"
    WAKING = "waking"
    CALLED = "called"


class SlaView(StrEnum):
    """due_soon: the answer is due within DUE_SOON · breached: it is late now."""

    DUE_SOON = "due_soon"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Filters:
    """All None: everything that the caller may see. `assignee`: an agent's id, or me, or none. `label`: its name."""

    workspace_id: int | None = None
    needs_answer: bool | None = None
    status: Status | None = None
    kind: ConversationKind | None = None
    channel_id: int | None = None
    platform: Platform | None = None
    assignee: int | Literal["me", "none"] | None = None
    team_id: int | None = None
    intent: Intent | None = None
    sentiment: Sentiment | None = None
    label: str | None = None
    sla: SlaView | None = None
    post_id: int | None = None
    q: str | None = None
    unsure: bool | None = None
    held: bool | None = None
    undelivered: bool | None = None
    """Whether an answer of ours did not arrive, or may not have."""
    mentioned: bool | None = None
    """Whether a note there calls the caller."""
    outcome: Outcome | None = None
    closed: bool | None = None
    aside: bool | None = None
    """Whether it is put aside: until a time, or until a word of the subscriber's or of the client company's."""
    folded: bool | None = None
    """Whether it stands in the folded row of a draw."""
    ids: tuple[int, ...] | None = None
    """Only these, whichever of them fit the rest: how a page learns what became of its rows."""
    order: Order = Order.URGENT


def conditions(filters: Filters, agent_id: int, now: datetime) -> list[ColumnElement[bool]]:
    """One condition for each filter that is set."""
    found = [
        column == value
        for column, value in (
            (Conversation.workspace_id, filters.workspace_id),
            (Conversation.needs_answer, filters.needs_answer),
            (Conversation.status, filters.status),
            (Conversation.kind, filters.kind),
            (Conversation.channel_id, filters.channel_id),
            (Conversation.team_id, filters.team_id),
            (Conversation.intent, filters.intent),
            (Conversation.sentiment, filters.sentiment),
            (Conversation.post_id, filters.post_id),
            (Conversation.unsure, filters.unsure),
            (Conversation.held, filters.held),
            (Conversation.outcome, filters.outcome),
        )
        if value is not None
    ]
    found += _states(filters)
    if filters.mentioned is not None:
        is_called = mentioned(agent_id)
        found.append(is_called if filters.mentioned else not_(is_called))
    if filters.ids is not None:
        found.append(Conversation.id.in_(filters.ids))
    if filters.platform is not None:
        channels = select(Channel.id).where(Channel.platform == filters.platform)
        found.append(Conversation.channel_id.in_(channels))
    if filters.assignee is not None:
        found.append(_assigned_to(filters.assignee, agent_id))
    if filters.label is not None:
        found.append(_labelled(filters.label))
    if filters.sla is not None:
        found.append(due_soon(now) if filters.sla is SlaView.DUE_SOON else breached(now))
    if filters.q is not None and filters.q.strip():
        found.append(mentions(filters.q))
    return found


def _states(filters: Filters) -> list[ColumnElement[bool]]:
    """Made only where they are asked for, as all conditions: the list is opened all day."""
    found: list[ColumnElement[bool]] = []
    if filters.aside is not None:
        is_aside = Conversation.status.in_(sorted(ASIDE))
        found.append(is_aside if filters.aside else not_(is_aside))
    if filters.undelivered is not None:
        is_missing = Conversation.undelivered.is_not(None)
        found.append(is_missing if filters.undelivered else not_(is_missing))
    if filters.closed is not None:
        found.append((Conversation.status == Status.CLOSED) == filters.closed)
    if filters.folded is not None:
        found.append(folded() == filters.folded)
    return found


def mentioned(agent_id: int, *, is_unseen: bool = False) -> ColumnElement[bool]:
    """A note there calls this person, who has not looked since if `is_unseen`."""
    notes = (
        select(Message.conversation_id)
        .join(Mention, Mention.message_id == Message.id)
        .where(Mention.agent_id == agent_id, Message.deleted_at.is_(None))
    )
    if is_unseen:
        notes = notes.where(Mention.seen_at.is_(None))
    return Conversation.id.in_(notes)


def _assigned_to(assignee: int | Literal["me", "none"], agent_id: int) -> ColumnElement[bool]:
    match assignee:
        case "none":
            return Conversation.assignee_id.is_(None)
        case "me":
            return Conversation.assignee_id == agent_id
        case _:
            return Conversation.assignee_id == assignee


def _labelled(name: str) -> ColumnElement[bool]:
    labelled = (
        select(ConversationLabel.conversation_id)
        .join(Label, Label.id == ConversationLabel.label_id)
        .where(Label.name == name)
    )
    return Conversation.id.in_(labelled)

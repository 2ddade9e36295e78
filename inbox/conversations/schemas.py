"""Conversations over the API: what a row shows, and what may be changed."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import override

from inbox.channels.events import AttachmentKind, ConversationKind, Platform
from inbox.conversations.changes import UNSET, Change
from inbox.conversations.folding import is_folded
from inbox.conversations.listing import Named, Row
from inbox.conversations.models import Conversation, Delivery, Outcome, PostMode, Priority, Status
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.web.fields import Id, Instant, refuse_null


class NamedOut(BaseModel):
    """A person or a team."""

    id: int
    name: str

    @classmethod
    def of(cls, named: Named | None) -> "NamedOut | None":
        """None stays None."""
        return None if named is None else cls(id=named.id, name=named.name)


class ContactOut(BaseModel):
    """Who writes. `reachable`: false when they blocked us."""

    id: int
    identity_id: int
    name: str
    username: str | None
    external_id: str
    reachable: bool


class ConversationChannel(BaseModel):
    """Where they write."""

    id: int
    platform: Platform
    name: str
    username: str | None


class ConversationPost(BaseModel):
    """What they comment on."""

    id: int
    text: str
    url: str | None
    mode: PostMode


class LastMessage(BaseModel):
    """The newest message or reply, shortened."""

    text: str
    is_ours: bool
    attachment: AttachmentKind | None
    quoted: str | None = Field(description="What it answers, shortened.")
    sent_at: Instant


class ConversationTags(BaseModel):
    """Of the message that speaks for the conversation. `held`: something in the conversation is suspicious, and nobody
    has settled that; everybody still sees it."""

    sentiment: Sentiment | None
    intent: Intent | None
    toxic: bool
    unsure: bool
    held: bool


class Clock(BaseModel):
    """A promise: until when, when it was kept, and whether it was broken."""

    due_at: Instant | None
    met_at: Instant | None
    breached_at: Instant | None


class Clocks(BaseModel):
    """First response once in a conversation's life, next response for each later wait."""

    first_response: Clock
    next_response: Clock


class ConversationOut(BaseModel):
    """A conversation: one contact's talk with us."""

    id: int
    workspace_id: int
    kind: ConversationKind
    status: Status
    outcome: Outcome | None
    needs_answer: bool
    needs_answer_why: str = Field(description="The reason's code, e.g. `question`, `addresses_us`, `plus`.")
    undelivered: Delivery | None = Field(
        description="failed, or else uncertain: an answer of ours did not arrive, or may not have, and nobody has seen "
        "to that."
    )
    folded: bool = Field(description="It stands in the folded row of a draw, and in lists only when asked for.")
    priority: Priority
    contact: ContactOut
    channel: ConversationChannel
    post: ConversationPost | None
    chat_title: str | None
    last_message: LastMessage
    tags: ConversationTags
    assignee: NamedOut | None
    assignee_id: int | None
    team: NamedOut | None
    team_id: int | None
    labels: list[str]
    clocks: Clocks
    waiting_since_at: Instant | None = Field(description="When the oldest message that still needs an answer came.")
    started_at: Instant
    last_message_at: Instant
    last_inbound_at: Instant | None
    last_answer_at: Instant | None
    snoozed_until: Instant | None
    closed_at: Instant | None

    @classmethod
    def of(cls, row: Row) -> "ConversationOut":
        """From a row of the list."""
        one = row.conversation
        return cls(
            id=one.id, workspace_id=one.workspace_id, kind=one.kind, status=one.status, outcome=one.outcome,
            needs_answer=one.needs_answer, needs_answer_why=one.needs_answer_why, folded=is_folded(one),
            undelivered=one.undelivered, priority=one.priority,
            contact=_contact(one), channel=_channel(one), post=_post(one), chat_title=one.chat_title,
            last_message=_last_message(one), tags=_tags(one),
            assignee=NamedOut.of(row.assignee), assignee_id=one.assignee_id,
            team=NamedOut.of(row.team), team_id=one.team_id, labels=list(row.labels), clocks=_clocks(one),
            waiting_since_at=one.waiting_since_at, started_at=one.started_at, last_message_at=one.last_message_at,
            last_inbound_at=one.last_inbound_at, last_answer_at=one.last_answer_at, snoozed_until=one.snoozed_until,
            closed_at=one.closed_at,
        )  # fmt: skip


def _contact(one: Conversation) -> ContactOut:
    identity = one.identity
    return ContactOut(
        id=one.contact_id, identity_id=identity.id, name=one.contact.name, username=identity.username,
        external_id=identity.external_id, reachable=identity.unreachable_at is None,
    )  # fmt: skip


def _channel(one: Conversation) -> ConversationChannel:
    channel = one.channel
    return ConversationChannel(
        id=channel.id, platform=channel.platform, name=channel.name, username=channel.username
    )  # fmt: skip


def _post(one: Conversation) -> ConversationPost | None:
    if (post := one.post) is None:
        return None
    return ConversationPost(id=post.id, text=post.text, url=post.url, mode=post.mode)


def _last_message(one: Conversation) -> LastMessage:
    return LastMessage(
        text=one.preview, is_ours=one.preview_is_ours, attachment=one.preview_attachment, quoted=one.quoted,
        sent_at=one.last_message_at,
    )  # fmt: skip


def _tags(one: Conversation) -> ConversationTags:
    return ConversationTags(
        sentiment=one.sentiment, intent=one.intent, toxic=one.toxic, unsure=one.unsure, held=one.held
    )  # fmt: skip


def _clocks(one: Conversation) -> Clocks:
    return Clocks(
        first_response=_clock(one.first_response_due_at, one.first_response_met_at, one.first_response_breached_at),
        next_response=_clock(one.next_response_due_at, one.next_response_met_at, one.next_response_breached_at),
    )


def _clock(due_at: datetime | None, met_at: datetime | None, breached_at: datetime | None) -> Clock:
    return Clock(due_at=due_at, met_at=met_at, breached_at=breached_at)


LabelName = Annotated[str, Field(min_length=1, max_length=200)]


class ChangeIn(BaseModel):
    """What may become of one conversation or of many; of null only who has it, its team and its snooze."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    outcome: Outcome | None = None
    needs_answer: bool | None = None
    assignee_id: Id | Literal["me"] | None = None
    team_id: Id | None = None
    priority: Priority | None = None
    snoozed_until: Instant | None = None

    _refuse_null = field_validator("status", "outcome", "needs_answer", "priority", mode="before")(refuse_null)

    def to_change(self, agent_id: int) -> Change:
        """For the service; `agent_id` is who "me" means."""
        given = self.model_fields_set
        assignee_id = agent_id if self.assignee_id == "me" else self.assignee_id
        return Change(
            status=self.status if self.status is not None else UNSET,
            outcome=self.outcome if self.outcome is not None else UNSET,
            needs_answer=self.needs_answer if self.needs_answer is not None else UNSET,
            assignee_id=assignee_id if "assignee_id" in given else UNSET,
            team_id=self.team_id if "team_id" in given else UNSET,
            priority=self.priority if self.priority is not None else UNSET,
            snoozed_until=self.snoozed_until if "snoozed_until" in given else UNSET,
        )


class ConversationPatch(ChangeIn):
    """What is to change; what is left out stays.

    `needs_answer: false` closes as "no answer needed", `true` opens again. `snoozed_until` snoozes, null wakes.
    `assignee_id` and `team_id` null: nobody. `labels`: all of them by name, unknown ones are made.
    """

    labels: list[LabelName] | None = Field(default=None, max_length=20)

    _refuse_null_labels = field_validator("labels", mode="before")(refuse_null)

    @override
    def to_change(self, agent_id: int) -> Change:
        change = super().to_change(agent_id)
        return change if self.labels is None else replace(change, labels=tuple(self.labels))

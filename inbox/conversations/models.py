"""Post, Conversation, Message, Attachment, edits, tags, labels, activity lines, and dead events."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Interval,
    UniqueConstraint,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.channels.models import Channel
from inbox.contacts.models import Contact, Identity
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.database import Base, HasId, Json, OfWorkspace, text_enum


class PostMode(StrEnum):
    """How the comments of a post are treated."""

    NORMAL = "normal"
    DRAW = "draw"
    PROMO = "promo"
    CRISIS = "crisis"


class Status(StrEnum):
    """A conversation's state."""

    OPEN = "open"
    WAITING_SUBSCRIBER = "waiting_subscriber"
    WAITING_CLIENT = "waiting_client"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a conversation ended."""

    ANSWERED = "answered"
    NO_ANSWER_NEEDED = "no_answer_needed"
    NO_ANSWER_NEEDED_AUTOMATIC = "no_answer_needed_automatic"
    SPAM = "spam"


class Priority(StrEnum):
    """How urgent."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Direction(StrEnum):
    """inbound: a subscriber's · outbound: ours."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageKind(StrEnum):
    """message: seen by the subscriber · note: ours alone · auto_reply: ours, never counted as an answer."""

    MESSAGE = "message"
    NOTE = "note"
    AUTO_REPLY = "auto_reply"


class Delivery(StrEnum):
    """Where an outbound message is on its way. uncertain: it may have arrived, a person decides."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class Post(HasId, OfWorkspace, Base):
    """A post of a community. `thread_external_id` is the root of its comments."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("channel_id", "external_id"),
        UniqueConstraint("channel_id", "thread_external_id"),
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
    )

    channel_id: Mapped[int]
    external_id: Mapped[str | None]
    """None while only the root of its comments was seen."""
    thread_external_id: Mapped[str | None]
    text: Mapped[str] = mapped_column(default="")
    url: Mapped[str | None]
    chat_title: Mapped[str | None]
    attachment_kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    mode: Mapped[PostMode] = mapped_column(text_enum(PostMode, "mode"), default=PostMode.NORMAL)
    comments_open: Mapped[bool] = mapped_column(default=True)
    published_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]


class Conversation(HasId, OfWorkspace, Base):
    """One contact's talk with us on one channel (direct), under one post (comment) or in one chat and topic (group)."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("channel_id", "key"),
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "contact_id"], ["contacts.workspace_id", "contacts.id"]),
        ForeignKeyConstraint(["workspace_id", "identity_id"], ["identities.workspace_id", "identities.id"]),
        ForeignKeyConstraint(["workspace_id", "post_id"], ["posts.workspace_id", "posts.id"]),
        ForeignKeyConstraint(
            ["workspace_id", "assignee_id"], ["memberships.workspace_id", "memberships.agent_id"],
            ondelete="SET NULL (assignee_id)", name="fk_conversations_assignee",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "team_id"], ["teams.workspace_id", "teams.id"],
            ondelete="SET NULL (team_id)", name="fk_conversations_team",
        ),
        CheckConstraint("(status = 'snoozed') = (snoozed_until is not null)", name="snoozed_until"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed_at"),
        CheckConstraint("status = 'closed' or outcome is null", name="outcome_when_closed"),
        Index("ix_conversations_list", "workspace_id", "status", "needs_answer", text("last_message_at desc"), "id"),
        Index("ix_conversations_contact", "workspace_id", "contact_id"),
        Index("ix_conversations_post", "workspace_id", "post_id"),
        Index("ix_conversations_assignee", "assignee_id", postgresql_where=text("status <> 'closed'")),
        Index(
            "ix_conversations_first_due", "first_response_due_at",
            postgresql_where=text("first_response_met_at is null and first_response_breached_at is null"),
        ),
        Index(
            "ix_conversations_next_due", "next_response_due_at",
            postgresql_where=text("next_response_met_at is null and next_response_breached_at is null"),
        ),
        Index("ix_conversations_snoozed", "snoozed_until", postgresql_where=text("status = 'snoozed'")),
        Index(
            "ix_conversations_unassigned", "workspace_id", "team_id", "waiting_since_at",
            postgresql_where=text("assignee_id is null and needs_answer and status = 'open'"),
        ),
    )  # fmt: skip

    channel_id: Mapped[int]
    contact_id: Mapped[int]
    identity_id: Mapped[int]
    post_id: Mapped[int | None]
    kind: Mapped[ConversationKind] = mapped_column(text_enum(ConversationKind, "kind"))
    key: Mapped[str]
    """What makes it this one on its channel: `direct:…`, `thread:{root}:{author}`, `group:{chat}:{topic}:{author}`."""
    chat_external_id: Mapped[str]
    thread_external_id: Mapped[str | None]
    topic_external_id: Mapped[str | None]
    chat_title: Mapped[str | None]

    status: Mapped[Status] = mapped_column(text_enum(Status, "status"), default=Status.OPEN)
    outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome, "outcome"))
    needs_answer: Mapped[bool] = mapped_column(default=False)
    needs_answer_why: Mapped[str] = mapped_column(default="")
    """A reason's code (`needs_answer.Why`), for people by gettext."""
    judged_at: Mapped[datetime | None]
    """When a person last said whether an answer is needed; older messages do not overrule it."""
    status_at: Mapped[datetime | None]
    """When a person last set the status; older messages do not reopen."""
    assignee_id: Mapped[int | None]
    team_id: Mapped[int | None]
    routed_at: Mapped[datetime | None]
    """When a rule last chose team or agent for the present turn of the talk."""
    priority: Mapped[Priority] = mapped_column(text_enum(Priority, "priority"), default=Priority.NORMAL)
    sentiment: Mapped[Sentiment | None] = mapped_column(text_enum(Sentiment, "sentiment"))
    intent: Mapped[Intent | None] = mapped_column(text_enum(Intent, "intent"))
    toxic: Mapped[bool] = mapped_column(default=False)
    unsure: Mapped[bool] = mapped_column(default=False)
    held: Mapped[bool] = mapped_column(default=False)
    """Flagged as suspicious; everybody still sees it: no platform can hide."""

    first_response_due_at: Mapped[datetime | None]
    first_response_met_at: Mapped[datetime | None]
    first_response_breached_at: Mapped[datetime | None]
    next_response_due_at: Mapped[datetime | None]
    next_response_met_at: Mapped[datetime | None]
    next_response_breached_at: Mapped[datetime | None]

    started_at: Mapped[datetime]
    last_message_at: Mapped[datetime]
    last_inbound_at: Mapped[datetime | None]
    last_answer_at: Mapped[datetime | None]
    """Platform time of the last answer of a person of ours, here or outside the panel."""
    waiting_since_at: Mapped[datetime | None]
    """Platform time of the oldest message that still needs an answer."""
    preview: Mapped[str] = mapped_column(default="")
    preview_is_ours: Mapped[bool] = mapped_column(default=False)
    preview_attachment: Mapped[AttachmentKind | None] = mapped_column(text_enum(AttachmentKind, "preview_attachment"))
    quoted: Mapped[str | None]
    """What the last message of the subscriber answers, shortened, for the list."""
    snoozed_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    channel: Mapped[Channel] = relationship(lazy="raise", viewonly=True)
    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
    identity: Mapped[Identity] = relationship(lazy="raise", viewonly=True)
    post: Mapped[Post | None] = relationship(lazy="raise", viewonly=True)


class Message(HasId, OfWorkspace, Base):
    """One message, note or auto-reply. Inbound ones are unique by (channel, external id)."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("channel_id", "external_id"),
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"]),
        ForeignKeyConstraint(["workspace_id", "author_identity_id"], ["identities.workspace_id", "identities.id"]),
        CheckConstraint("direction = 'inbound' or kind = 'note' or delivery is not null", name="delivery_is_known"),
        CheckConstraint("direction = 'outbound' or kind = 'message'", name="inbound_is_a_message"),
        Index("ix_messages_thread", "conversation_id", "sent_at", "id"),
        Index("ix_messages_thread_root", "channel_id", "thread_external_id"),
        Index("ix_messages_scheduled", "send_at", postgresql_where=text("delivery = 'queued' and send_at is not null")),
        Index(
            "ix_messages_underway", "channel_id", "delivery",
            postgresql_where=text("delivery in ('queued', 'sending')"),
        ),
    )  # fmt: skip

    conversation_id: Mapped[int]
    channel_id: Mapped[int]
    direction: Mapped[Direction] = mapped_column(text_enum(Direction, "direction"))
    kind: Mapped[MessageKind] = mapped_column(text_enum(MessageKind, "kind"), default=MessageKind.MESSAGE)
    external_id: Mapped[str | None]
    further_external_ids: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    author_identity_id: Mapped[int | None]
    author_agent_id: Mapped[int | None]
    outside: Mapped[bool] = mapped_column(default=False)
    """Our side wrote it, but not from the panel."""
    text: Mapped[str] = mapped_column(default="")
    thread_external_id: Mapped[str | None]
    parent_external_id: Mapped[str | None]
    parent_author_name: Mapped[str | None]
    parent_text: Mapped[str | None]
    album_external_id: Mapped[str | None]
    addresses_us: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime]
    """Platform time; for ours until sent: when it was written."""
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    needs_answer: Mapped[bool] = mapped_column(default=False)
    needs_answer_why: Mapped[str] = mapped_column(default="")
    delivery: Mapped[Delivery | None] = mapped_column(text_enum(Delivery, "delivery"))
    attempt: Mapped[int] = mapped_column(default=0)
    sending_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    send_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    attachments: Mapped[list["Attachment"]] = relationship(lazy="raise", viewonly=True, order_by="Attachment.position")
    tags: Mapped["Tags | None"] = relationship(lazy="raise", viewonly=True)


class Attachment(HasId, OfWorkspace, Base):
    """A file or thing of a message; its bytes are fetched by `external_id`, or kept here when we send them."""

    __tablename__ = "attachments"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("message_id", "position"),
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
    )

    message_id: Mapped[int]
    position: Mapped[int]
    kind: Mapped[AttachmentKind] = mapped_column(text_enum(AttachmentKind, "kind"))
    external_id: Mapped[str | None]
    file_name: Mapped[str | None]
    mime_type: Mapped[str | None]
    size: Mapped[int | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[timedelta | None] = mapped_column(Interval())
    title: Mapped[str | None]
    thumbnail_external_id: Mapped[str | None]
    content: Mapped[bytes | None] = mapped_column(deferred=True)


class MessageEdit(OfWorkspace, Base):
    """An earlier text of a message; `edited_at` is the platform time at which it became so (sent_at for the first)."""

    __tablename__ = "message_edits"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
    )

    message_id: Mapped[int] = mapped_column(primary_key=True)
    edited_at: Mapped[datetime] = mapped_column(primary_key=True)
    text: Mapped[str]


class Tags(OfWorkspace, Base):
    """What triage said of a message, and what a person made of it."""

    __tablename__ = "tags"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
    )

    message_id: Mapped[int] = mapped_column(primary_key=True)
    sentiment: Mapped[Sentiment] = mapped_column(text_enum(Sentiment, "sentiment"))
    intent: Mapped[Intent] = mapped_column(text_enum(Intent, "intent"))
    toxic: Mapped[bool] = mapped_column(Boolean)
    profanity: Mapped[bool] = mapped_column(Boolean)
    probabilities: Mapped[Json] = mapped_column(JSONB)
    unsure: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    reasons: Mapped[Json] = mapped_column(JSONB)
    model_version: Mapped[str]
    tagged_at: Mapped[datetime] = mapped_column(server_default=func.now())
    corrected_by_id: Mapped[int | None]
    corrected_at: Mapped[datetime | None]


class Correction(HasId, OfWorkspace, Base):
    """A person's word against a tag: what the model learns from."""

    __tablename__ = "corrections"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
    )

    message_id: Mapped[int] = mapped_column(index=True)
    agent_id: Mapped[int]
    before: Mapped[Json] = mapped_column(JSONB)
    after: Mapped[Json] = mapped_column(JSONB)
    model_version: Mapped[str]
    corrected_at: Mapped[datetime]


class Label(HasId, OfWorkspace, Base):
    """A word that a workspace files conversations under."""

    __tablename__ = "labels"
    __table_args__ = (UniqueConstraint("workspace_id", "id"), UniqueConstraint("workspace_id", "name"))

    name: Mapped[str]


class ConversationLabel(OfWorkspace, Base):
    """A label on a conversation."""

    __tablename__ = "conversation_labels"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "label_id"], ["labels.workspace_id", "labels.id"], ondelete="CASCADE"),
    )

    conversation_id: Mapped[int] = mapped_column(primary_key=True)
    label_id: Mapped[int] = mapped_column(primary_key=True, index=True)


class Activity(HasId, OfWorkspace, Base):
    """A grey line in the thread: who was assigned, which rule acted, who closed."""

    __tablename__ = "activities"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        Index("ix_activities_thread", "conversation_id", "occurred_at"),
    )

    conversation_id: Mapped[int]
    kind: Mapped[str]
    """assigned, unassigned, team, closed, reopened, no_answer_needed, needs_answer, priority, snoozed, labels."""
    agent_id: Mapped[int | None]
    """Who did it; None: the system."""
    details: Mapped[Json] = mapped_column(JSONB, default=dict)
    """E.g. {"assignee": name, "team": name, "rule": name}: names as they were then."""
    occurred_at: Mapped[datetime]


class DeadEvent(HasId, Base):
    """A payload that could not be parsed or stored, kept whole for a person to look at and replay."""

    __tablename__ = "dead_events"
    __table_args__ = (Index("ix_dead_events_open", "workspace_id", "id", postgresql_where=text("replayed_at is null")),)

    workspace_id: Mapped[int | None]
    channel_id: Mapped[int | None]
    entry_id: Mapped[str] = mapped_column(unique=True)
    """The stream's entry id: the same entry dies once."""
    raw: Mapped[str]
    via: Mapped[str]
    error: Mapped[str]
    received_at: Mapped[datetime]
    died_at: Mapped[datetime] = mapped_column(server_default=func.now())
    replayed_at: Mapped[datetime | None]

"""Message with its attachments, earlier texts, tags and corrections."""

from datetime import datetime, timedelta

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Interval,
    UniqueConstraint,
    false,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.channels.events import AttachmentKind
from inbox.conversations.models.states import Delivery, Direction, MessageKind
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.database import Base, HasId, Json, OfWorkspace, text_enum


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
        Index("ix_messages_text", "text", postgresql_using="gin", postgresql_ops={"text": "gin_trgm_ops"}),
        Index("ix_messages_words", text("to_tsvector('russian'::regconfig, text)"), postgresql_using="gin"),
        Index("ix_messages_answered", "channel_id", "parent_external_id", postgresql_where=text("outside")),
        ForeignKeyConstraint(["workspace_id", "answered_identity_id"], ["identities.workspace_id", "identities.id"]),
        Index("ix_messages_author", "author_identity_id"),
        Index(
            "ix_messages_answered_identity", "answered_identity_id",
            postgresql_where=text("answered_identity_id is not null"),
        ),
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
    answered_identity_id: Mapped[int | None]
    """The person whom it answers, where that is not our side."""
    album_external_id: Mapped[str | None]
    addresses_us: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime]
    """Platform time; for ours until sent: when it was written."""
    edited_at: Mapped[datetime | None]
    came_edited: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Only edits of it have come so far: what it said at `sent_at` is not known."""
    platform_version_at: Mapped[datetime | None]
    """Our edit has not arrived: the earlier text (`MessageEdit.edited_at`) that the platform still shows. Null: it
    shows this one, or which one is not known."""
    deleted_at: Mapped[datetime | None]
    needs_answer: Mapped[bool] = mapped_column(default=False)
    needs_answer_why: Mapped[str] = mapped_column(default="")
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A rule flagged it as suspicious, or a person's correction did."""
    before_connection: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Written before the channel was connected or while the project was archived: it waits for an answer, but no clock
    runs."""
    delivery: Mapped[Delivery | None] = mapped_column(text_enum(Delivery, "delivery"))
    attempt: Mapped[int] = mapped_column(default=0)
    sending_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    """When we learnt that it did not arrive, or may not have; it means nothing once it is sent again."""
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
    needs_answer: Mapped[bool | None]
    """Of a subscriber's text; null: not known, and it counts as asking what the next one asks."""
    judged_by: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    """What that verdict rests on (`Basis`), so that it can be judged again."""


class Tags(OfWorkspace, Base):
    """What triage said of a message, and what a person made of it."""

    __tablename__ = "tags"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
        Index("ix_tags_negative", "workspace_id", "tagged_at", postgresql_where=text("sentiment = 'negative'")),
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
        Index("ix_corrections_corrected", "workspace_id", "corrected_at"),
    )

    message_id: Mapped[int] = mapped_column(index=True)
    agent_id: Mapped[int]
    before: Mapped[Json] = mapped_column(JSONB)
    after: Mapped[Json] = mapped_column(JSONB)
    model_version: Mapped[str]
    corrected_at: Mapped[datetime]


class Deletion(OfWorkspace, Base):
    """The platform's word that a message is gone, kept since it may come before the message itself."""

    __tablename__ = "deletions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
    )

    channel_id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime | None]
    """Of the newest deletion."""
    restored_at: Mapped[datetime | None]
    """Of the newest restoration; the later of the two holds."""


class HandledEvent(OfWorkspace, Base):
    """An event that the platform numbers and does not date: what comes again under its number is nothing new."""

    __tablename__ = "handled_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
        Index("ix_handled_events_age", "handled_at"),
    )

    channel_id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    handled_at: Mapped[datetime]

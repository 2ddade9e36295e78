"""Alert with a workspace's settings, links of people and their Telegram, codes for linking, answers to alerts."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Interval, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, NamesWorkspace, OfWorkspace, text_enum

COOLDOWN = timedelta(minutes=2)
SPIKE_AT_LEAST = 5


class AlertKind(StrEnum):
    """What happened."""

    NEGATIVE = "negative"
    TOXIC = "toxic"
    BREACH = "breach"
    WARNING = "warning"
    CHANNEL = "channel"
    SPIKE = "spike"
    LEAD = "lead"
    RULE = "rule"
    TEST = "test"


CHOSEN = tuple(kind for kind in AlertKind if kind not in {AlertKind.RULE, AlertKind.TEST})
"""Kinds that a workspace switches on and off; the rest always ring."""
BY_DEFAULT = tuple(kind for kind in CHOSEN if kind is not AlertKind.WARNING)


class AlertState(StrEnum):
    """queued: it has a job · held: counted, told later · sent, told (in a digest) · failed."""

    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    TOLD = "told"
    FAILED = "failed"


class AlertSettings(OfWorkspace, Base):
    """How a workspace wants to be rung; without a row: the defaults."""

    __tablename__ = "alert_settings"
    __table_args__ = (
        CheckConstraint("(quiet_from is null) = (quiet_to is null)", name="quiet"),
        CheckConstraint("quiet_from between 0 and 1439 and quiet_to between 0 and 1439", name="quiet_minutes"),
        CheckConstraint("locale in ('ru', 'en')", name="locale"),
        CheckConstraint("spike_at_least between 3 and 1000", name="spike_at_least"),
    )

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=lambda: [kind.value for kind in BY_DEFAULT])
    cooldown: Mapped[timedelta] = mapped_column(Interval(), default=COOLDOWN)
    """After an alert of a kind, for so long those of the same kind are only counted."""
    quiet_from: Mapped[int | None]
    """Minutes after midnight in the workspace's time zone; `quiet_to` may lie on the next day."""
    quiet_to: Mapped[int | None]
    hides_text: Mapped[bool] = mapped_column(default=False)
    """Neither name nor words leave for Telegram."""
    locale: Mapped[str] = mapped_column(default="ru")
    spike_at_least: Mapped[int] = mapped_column(default=SPIKE_AT_LEAST)
    muted_until: Mapped[datetime | None]


class Alert(HasId, OfWorkspace, Base):
    """Something that rings once: unique by (rule, message), or by what `rule_key` says when there is no message."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
        Index("uq_alerts_message", "workspace_id", "rule_key", "message_id", unique=True,
              postgresql_where=text("message_id is not null")),
        Index("uq_alerts_occasion", "workspace_id", "rule_key", unique=True,
              postgresql_where=text("message_id is null")),
        Index("ix_alerts_held", "held_until", postgresql_where=text("state = 'held'")),
        Index("ix_alerts_list", "workspace_id", text("id desc")),
        Index("ix_alerts_rung", "channel_id", "external_id"),
    )  # fmt: skip

    kind: Mapped[AlertKind] = mapped_column(text_enum(AlertKind, "kind"))
    rule_key: Mapped[str]
    conversation_id: Mapped[int | None]
    message_id: Mapped[int | None]
    details: Mapped[Json] = mapped_column(JSONB, default=dict)
    """What the words need beside rows: {"rule"?, "clock"?, "due_at"?, "channel"?, "reason"?, "count"?, "usual"?}."""
    occurred_at: Mapped[datetime]
    state: Mapped[AlertState] = mapped_column(text_enum(AlertState, "state"), default=AlertState.QUEUED)
    held_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    channel_id: Mapped[int | None]
    """The bot that rang, with the chat and the message that it became."""
    chat_external_id: Mapped[str | None]
    external_id: Mapped[str | None]
    failure: Mapped[str | None]
    handled_by_id: Mapped[int | None]
    handled_at: Mapped[datetime | None]
    handled_as: Mapped[str | None]
    """taken, corrected, answered."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AlertAnswer(HasId, OfWorkspace, Base):
    """An answer to a subscriber, written under an alert; it goes out once its author confirms it."""

    __tablename__ = "alert_answers"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        ForeignKeyConstraint(
            ["workspace_id", "alert_id"], ["alerts.workspace_id", "alerts.id"], ondelete="CASCADE"
        ),
        CheckConstraint("state in ('asked', 'sent', 'dropped')", name="state"),
    )  # fmt: skip

    alert_id: Mapped[int]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    channel_id: Mapped[int]
    external_id: Mapped[str]
    """The message in the alert chat."""
    text: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TelegramLink(Base):
    """Whose Telegram account this is; a person has one, an account is one person's in an organisation."""

    __tablename__ = "telegram_links"
    __table_args__ = (UniqueConstraint("organisation_id", "external_id"),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    external_id: Mapped[str]
    name: Mapped[str]
    channel_id: Mapped[int | None]
    """The bot with which they talk in private, so that it may write to them."""
    linked_at: Mapped[datetime]


class LinkCode(NamesWorkspace, Base):
    """A one-time code: with `workspace_id` it makes the chat where it is said the alert chat, else links a person."""

    __tablename__ = "link_codes"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

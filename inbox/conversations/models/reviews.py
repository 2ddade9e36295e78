"""ModerationAction: what was done to a subscriber's message or its author, by whom, why, and what was removed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.channels.adapter import Offence
from inbox.core.database import Base, HasId, OfWorkspace, text_enum


class ReviewAction(StrEnum):
    """delete, restore: the message · warn, mute, unmute, ban, unban: its author."""

    DELETE = "delete"
    RESTORE = "restore"
    WARN = "warn"
    MUTE = "mute"
    UNMUTE = "unmute"
    BAN = "ban"
    UNBAN = "unban"


class ReviewState(StrEnum):
    """asked: its job is to run · waiting: for a key · cancelled: as it waited · done, refused: the platform's word."""

    ASKED = "asked"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class ModerationAction(HasId, OfWorkspace, Base):
    """One review. The text is kept as it was; before a deletion the files are kept, too, with the message."""

    __tablename__ = "moderation_actions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"]),
        ForeignKeyConstraint(["workspace_id", "identity_id"], ["identities.workspace_id", "identities.id"]),
        Index("ix_moderation_actions_author", "identity_id", "id"),
        Index("ix_moderation_actions_message", "message_id"),
        Index("ix_moderation_actions_conversation", "conversation_id"),
        Index("ix_moderation_actions_waiting", "channel_id", postgresql_where=text("state = 'waiting'")),
    )

    conversation_id: Mapped[int]
    message_id: Mapped[int]
    channel_id: Mapped[int]
    identity_id: Mapped[int]
    agent_id: Mapped[int | None]
    """Who asked for it; None: a rule."""
    action: Mapped[ReviewAction] = mapped_column(text_enum(ReviewAction, "action"))
    offence: Mapped[Offence] = mapped_column(text_enum(Offence, "offence"), default=Offence.OTHER)
    reason: Mapped[str] = mapped_column(default="")
    seconds: Mapped[int | None]
    """How long a mute or ban lasts; None: without end."""
    text: Mapped[str] = mapped_column(default="")
    state: Mapped[ReviewState] = mapped_column(text_enum(ReviewState, "state"), default=ReviewState.ASKED)
    failure: Mapped[str | None]
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    """When a ban was taken back as a slip: it settles nothing any more."""

"""AutoReply (a text with the occasions for it) and AutoReplyUse (that an occasion was used, once)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, OfWorkspace, text_enum

PUBLIC_CAP = 3
"""Public auto-replies under one post within an hour, unless the workspace says otherwise."""


class AutoReplyKind(StrEnum):
    """after_hours: while the project is closed · greeting: to a contact's first message · rule: when a rule says so."""

    AFTER_HOURS = "after_hours"
    GREETING = "greeting"
    RULE = "rule"


class AutoReply(HasId, OfWorkspace, Base):
    """A text of a workspace, for one channel or for all; `{name}` and `{opening}` are filled in when it is sent."""

    __tablename__ = "auto_replies"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
        CheckConstraint("locale in ('ru', 'en')", name="locale"),
        CheckConstraint("public_cap between 1 and 60", name="public_cap"),
    )

    name: Mapped[str]
    kind: Mapped[AutoReplyKind] = mapped_column(text_enum(AutoReplyKind, "kind"))
    channel_id: Mapped[int | None]
    """None: every channel that has no auto-reply of this kind of its own."""
    text: Mapped[str]
    locale: Mapped[str] = mapped_column(default="ru")
    """The language of the text, in which `{opening}` is said."""
    is_enabled: Mapped[bool] = mapped_column(default=True)
    is_public: Mapped[bool] = mapped_column(default=False)
    """Whether comments are answered, too; direct messages always are."""
    public_cap: Mapped[int] = mapped_column(default=PUBLIC_CAP)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AutoReplyUse(OfWorkspace, Base):
    """One occasion in one conversation: a closed period (`period_at`: when it ends), a beginning, a rule's day."""

    __tablename__ = "auto_reply_uses"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "auto_reply_id"], ["auto_replies.workspace_id", "auto_replies.id"],
            ondelete="SET NULL (auto_reply_id)",
        ),
        Index("ix_auto_reply_uses_post", "post_id", "used_at"),
    )  # fmt: skip

    conversation_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AutoReplyKind] = mapped_column(text_enum(AutoReplyKind, "kind"), primary_key=True)
    period_at: Mapped[datetime] = mapped_column(primary_key=True)
    auto_reply_id: Mapped[int | None]
    message_id: Mapped[int | None]
    """Our message that it became; no key, since a message that came back as an event is merged."""
    post_id: Mapped[int | None]
    used_at: Mapped[datetime]

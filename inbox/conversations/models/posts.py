"""Post: what comments stand under."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from inbox.conversations.models.states import PostMode
from inbox.core.database import Base, HasId, OfWorkspace, text_enum


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
        Index("ix_posts_mode", "workspace_id", "mode"),
        Index("ix_posts_text", "text", postgresql_using="gin", postgresql_ops={"text": "gin_trgm_ops"}),
        Index("ix_posts_words", text("to_tsvector('russian'::regconfig, text)"), postgresql_using="gin"),
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
    comments_failure: Mapped[str | None]
    """Why the platform did not open or close them as a person asked."""
    published_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]

"""Mention: a note calls somebody."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, OfWorkspace


class Mention(HasId, OfWorkspace, Base):
    """Of whom a note calls by name, one each; the conversation is the note's."""

    __tablename__ = "mentions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("message_id", "agent_id"),
        Index("ix_mentions_agent", "agent_id"),
        Index("ix_mentions_unseen", "agent_id", postgresql_where=text("seen_at is null")),
    )

    message_id: Mapped[int]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    seen_at: Mapped[datetime | None]
    """When they first had the conversation before them since."""

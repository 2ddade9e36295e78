"""Labels on conversations, and the grey lines of a thread."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace


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
    """assigned, unassigned, team, closed, reopened, waiting, no_answer_needed, needs_answer, priority, snoozed, labels,
    held, released, review, review_refused, post, escalated, undone, silenced, unsilenced."""
    agent_id: Mapped[int | None]
    """Who did it; None: the system."""
    details: Mapped[Json] = mapped_column(JSONB, default=dict)
    """E.g. {"assignee": name, "team": name, "rule": name}: names as they were then."""
    occurred_at: Mapped[datetime]

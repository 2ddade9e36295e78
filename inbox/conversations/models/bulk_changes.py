"""BulkChange: what a person did to one or many conversations, with what each was before, for undoing."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace


class BulkChange(HasId, Base):
    """A person's deed; its conversations may be of several projects. Kept for a day."""

    __tablename__ = "bulk_changes"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    changed_at: Mapped[datetime] = mapped_column(index=True)
    undone_at: Mapped[datetime | None]


class BulkStep(OfWorkspace, Base):
    """One conversation of it: `before` and `after` hold what the deed changed, and nothing else."""

    __tablename__ = "bulk_steps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
    )

    bulk_change_id: Mapped[int] = mapped_column(ForeignKey("bulk_changes.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(primary_key=True, index=True)
    before: Mapped[Json] = mapped_column(JSONB)
    after: Mapped[Json] = mapped_column(JSONB)

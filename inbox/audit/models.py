"""AuditEntry: who did what to which row, with before and after."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace


class AuditEntry(HasId, OfWorkspace, Base):
    """One deed. `agent_id` None: the system."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "workspace_id", "id"),)

    agent_id: Mapped[int | None]
    action: Mapped[str]
    """`channel.created`, `message.deleted` and so on."""
    row_kind: Mapped[str]
    row_id: Mapped[int]
    before: Mapped[Json | None] = mapped_column(JSONB)
    after: Mapped[Json | None] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]

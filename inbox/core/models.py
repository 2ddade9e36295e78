"""Tables that serve every feature: live events with their counters, and idempotency keys."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, Json, NamesWorkspace, OfWorkspace


class LiveCounter(NamesWorkspace, Base):
    """The number of a workspace's last live event; its row lock makes numbers follow commit order."""

    __tablename__ = "live_counters"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)


class LiveEvent(OfWorkspace, Base):
    """Something that panels want to hear of, kept for 24 hours."""

    __tablename__ = "live_events"
    __table_args__ = (Index(None, "created_at"),)

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    ref: Mapped[Json] = mapped_column(JSONB)
    """What it is about: {"conversation_id", "message_id"?, "assignee_id"?, "team_id"?} for visibility."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IdempotencyKey(Base):
    """The answer to a POST that sends, under the key that its caller chose."""

    __tablename__ = "idempotency_keys"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    message_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

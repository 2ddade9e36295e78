"""DeadEvent: what could not be understood or stored."""

from datetime import datetime

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, NamesWorkspace


class DeadEvent(HasId, NamesWorkspace, Base):
    """A payload that could not be parsed or stored, kept whole for a person to look at and replay."""

    __tablename__ = "dead_events"
    __table_args__ = (Index("ix_dead_events_open", "workspace_id", "id", postgresql_where=text("replayed_at is null")),)

    workspace_id: Mapped[int | None]
    channel_id: Mapped[int | None]
    entry_id: Mapped[str] = mapped_column(unique=True)
    """The stream's entry id: the same entry dies once."""
    raw: Mapped[str]
    via: Mapped[str]
    error: Mapped[str]
    received_at: Mapped[datetime]
    died_at: Mapped[datetime] = mapped_column(server_default=func.now())
    replayed_at: Mapped[datetime | None]

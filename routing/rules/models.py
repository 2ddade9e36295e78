"""Rule: when … and … then …, kept as data."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace


class Rule(HasId, OfWorkspace, Base):
    """`conditions` and `actions` are lists that `schemas.py` checks before they are stored."""

    __tablename__ = "rules"
    __table_args__ = (UniqueConstraint("workspace_id", "name"), Index(None, "workspace_id", "position"))

    name: Mapped[str]
    position: Mapped[int]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    conditions: Mapped[list[Json]] = mapped_column(JSONB)
    actions: Mapped[list[Json]] = mapped_column(JSONB)

"""Rule (when … and … then …, kept as data) and RuleRun (that one acted)."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, func, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace


class Rule(HasId, OfWorkspace, Base):
    """`conditions` and `actions` are lists that `conditions.py` and `actions.py` check before they are stored.

    `stops`: when this rule matches, those after it are not tried.
    """

    __tablename__ = "rules"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "name"),
        Index(None, "workspace_id", "position"),
    )

    name: Mapped[str]
    position: Mapped[int]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    stops: Mapped[bool] = mapped_column(default=True, server_default=true())
    conditions: Mapped[list[Json]] = mapped_column(JSONB)
    actions: Mapped[list[Json]] = mapped_column(JSONB)


class RuleRun(HasId, OfWorkspace, Base):
    """A rule acted on a message; `turn_at` is since when the conversation waited (or rested) then."""

    __tablename__ = "rule_runs"
    __table_args__ = (
        UniqueConstraint("rule_id", "message_id"),
        ForeignKeyConstraint(["workspace_id", "rule_id"], ["rules.workspace_id", "rules.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        Index(None, "conversation_id"),
        Index(None, "rule_id", "acted_at"),
    )

    rule_id: Mapped[int]
    conversation_id: Mapped[int]
    message_id: Mapped[int]
    turn_at: Mapped[datetime]
    acted_at: Mapped[datetime] = mapped_column(server_default=func.now())

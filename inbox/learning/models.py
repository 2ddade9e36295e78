"""LearnedModel: a head over the shipped classifier that a project's own corrections taught; old ones are kept."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace, text_enum


class ModelState(StrEnum):
    """training: asked for or under way · ready: good enough to go live · refused: judged not better · failed."""

    TRAINING = "training"
    READY = "ready"
    REFUSED = "refused"
    FAILED = "failed"


class LearnedModel(HasId, OfWorkspace, Base):
    """One training. At most one of a workspace is live (none: the shipped classifier), at most one is under way.

    `figures` are what `moderation.learning.judging.Verdict` measured; `progress` is 0..1.
    """

    __tablename__ = "learned_models"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        CheckConstraint("not is_live or (state = 'ready' and content is not null)", name="live_is_ready"),
        Index("uq_learned_models_live", "workspace_id", unique=True, postgresql_where=text("is_live")),
        Index("uq_learned_models_training", "workspace_id", unique=True, postgresql_where=text("state = 'training'")),
        Index("ix_learned_models_started", "workspace_id", "started_at"),
    )

    state: Mapped[ModelState] = mapped_column(text_enum(ModelState, "state"))
    is_live: Mapped[bool] = mapped_column(default=False)
    version: Mapped[str] = mapped_column(default="")
    base_version: Mapped[str] = mapped_column(default="")
    content: Mapped[bytes | None] = mapped_column(deferred=True)
    examples: Mapped[int] = mapped_column(default=0)
    """Corrected messages that it learned from."""
    figures: Mapped[Json] = mapped_column(JSONB, default=dict)
    progress: Mapped[float] = mapped_column(default=0.0)
    failure: Mapped[str | None]
    asked_by_id: Mapped[int | None]
    """None: fifty corrections had gathered."""
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

"""CannedResponse: ready words of a project."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, OfWorkspace

TITLE_LENGTH = 80
TEXT_LENGTH = 4096


class CannedResponse(HasId, OfWorkspace, Base):
    """`text` may hold {variables} (inbox.canned.variables); `uses` counts how often it was sent."""

    __tablename__ = "canned_responses"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "title"),
        CheckConstraint(f"length(title) between 1 and {TITLE_LENGTH}", name="title"),
        CheckConstraint(f"length(text) between 1 and {TEXT_LENGTH}", name="text"),
    )

    title: Mapped[str]
    text: Mapped[str]
    uses: Mapped[int] = mapped_column(default=0)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

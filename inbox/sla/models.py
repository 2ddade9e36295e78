"""SlaPolicy: how soon we promise to answer, in working time."""

from datetime import timedelta

from sqlalchemy import CheckConstraint, Interval, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, OfWorkspace


class SlaPolicy(HasId, OfWorkspace, Base):
    """The promise of a workspace; goals are working time of its default calendar."""

    __tablename__ = "sla_policies"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("first_response > interval '0' and next_response > interval '0'", name="goals"),
    )

    name: Mapped[str]
    first_response: Mapped[timedelta] = mapped_column(Interval())
    next_response: Mapped[timedelta] = mapped_column(Interval())
    after_closed: Mapped[timedelta] = mapped_column(Interval(), default=timedelta(hours=2))
    """First-response goal of what came while closed, counted from the opening."""
    is_default: Mapped[bool] = mapped_column(default=False)

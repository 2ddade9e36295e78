"""SlaPolicy: how soon we promise to answer and to resolve, in working time."""

from datetime import timedelta

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Interval, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.conversations.models.states import Priority
from inbox.core.database import Base, HasId, OfWorkspace, text_enum


class SlaPolicy(HasId, OfWorkspace, Base):
    """A promise; goals are working time of the conversation's calendar. One policy a workspace is the default."""

    __tablename__ = "sla_policies"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "name"),
        ForeignKeyConstraint(
            ["workspace_id", "head_id"], ["memberships.workspace_id", "memberships.agent_id"],
            ondelete="SET NULL (head_id)", name="fk_sla_policies_head",
        ),
        CheckConstraint("first_response > interval '0' and next_response > interval '0'", name="goals"),
        CheckConstraint("resolution > interval '0'", name="resolution"),
        CheckConstraint("warn_before >= interval '0'", name="warn_before"),
        Index("uq_sla_policies_default", "workspace_id", unique=True, postgresql_where=text("is_default")),
    )  # fmt: skip

    name: Mapped[str]
    first_response: Mapped[timedelta] = mapped_column(Interval())
    next_response: Mapped[timedelta] = mapped_column(Interval())
    resolution: Mapped[timedelta | None] = mapped_column(Interval())
    """None: no promise of when a conversation is closed."""
    after_closed: Mapped[timedelta] = mapped_column(Interval(), default=timedelta(hours=2))
    """Goal of what came while closed, counted from the opening."""
    warn_before: Mapped[timedelta] = mapped_column(
        Interval(), default=timedelta(minutes=5), server_default=text("interval '5 minutes'")
    )
    """How much working time before the due time a warning comes; zero: none."""
    head_id: Mapped[int | None]
    """Who is told of a breach; None: the owners."""
    is_default: Mapped[bool] = mapped_column(default=False)

    goals: Mapped[list["SlaGoal"]] = relationship(lazy="raise", viewonly=True)


class SlaGoal(OfWorkspace, Base):
    """Goals of a policy for one priority; what has none here has the policy's own."""

    __tablename__ = "sla_goals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "policy_id"], ["sla_policies.workspace_id", "sla_policies.id"], ondelete="CASCADE"
        ),
        CheckConstraint("first_response > interval '0' and next_response > interval '0'", name="goals"),
        CheckConstraint("resolution > interval '0'", name="resolution"),
    )

    policy_id: Mapped[int] = mapped_column(primary_key=True)
    priority: Mapped[Priority] = mapped_column(text_enum(Priority, "priority"), primary_key=True)
    first_response: Mapped[timedelta] = mapped_column(Interval())
    next_response: Mapped[timedelta] = mapped_column(Interval())
    resolution: Mapped[timedelta | None] = mapped_column(Interval())

"""Tables of the SLA figures: a fact for each wait, rollups by day, and the days that are to be rolled up anew."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, ForeignKeyConstraint, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, OfWorkspace


class ResponseTime(OfWorkspace, Base):
    """A wait that was answered or is late, with the promise of its time and whom the answer is credited to."""

    __tablename__ = "response_times"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        Index("ix_response_times_day", "workspace_id", "day"),
    )

    conversation_id: Mapped[int] = mapped_column(primary_key=True)
    since_at: Mapped[datetime] = mapped_column(primary_key=True)
    is_first: Mapped[bool]
    answered_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    is_late: Mapped[bool]
    came_closed: Mapped[bool]
    is_outside: Mapped[bool]
    channel_id: Mapped[int]
    team_id: Mapped[int | None]
    agent_id: Mapped[int | None]
    working_seconds: Mapped[int | None]
    wall_seconds: Mapped[int | None]
    day: Mapped[date] = mapped_column(Date())
    """Of `since_at`, in the workspace's time zone; so is `hour`."""
    hour: Mapped[int] = mapped_column(SmallInteger())


class SlaRollup(OfWorkspace, Base):
    """Counts of a day's waits by one dimension: channel, team, agent (key: its id, 0: none) or hour (key: 0–23)."""

    __tablename__ = "sla_rollups"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    is_first: Mapped[bool] = mapped_column(primary_key=True)
    answered: Mapped[int]
    met: Mapped[int]
    late: Mapped[int]
    outside: Mapped[int]
    came_closed: Mapped[int]
    closed_met: Mapped[int]
    left_out: Mapped[int]
    """Waits that overlap a lost connection of their channel: in no other figure."""


class SlaRollupBucket(OfWorkspace, Base):
    """How many answers of a rollup took so long: `bucket` numbers the classes of `histogram.BOUNDS`."""

    __tablename__ = "sla_rollup_buckets"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    is_first: Mapped[bool] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger(), primary_key=True)
    working: Mapped[int]
    wall: Mapped[int]


class DirtyDay(OfWorkspace, Base):
    """A day whose rollups are to be made anew from its facts."""

    __tablename__ = "sla_dirty_days"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)

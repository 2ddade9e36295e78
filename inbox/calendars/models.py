"""Calendar: a workspace's working hours as weekly intervals."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.core.database import Base, HasId, OfWorkspace


class Calendar(HasId, OfWorkspace, Base):
    """Working hours in a time zone; one calendar a workspace is the default."""

    __tablename__ = "calendars"
    __table_args__ = (UniqueConstraint("workspace_id", "id"), UniqueConstraint("workspace_id", "name"))

    name: Mapped[str]
    time_zone: Mapped[str]
    holidays: Mapped[str | None]
    """A country's code whose public holidays are closed (RU: with moved days); None: no holidays."""
    is_default: Mapped[bool] = mapped_column(default=False)

    intervals: Mapped[list["CalendarInterval"]] = relationship(lazy="raise", viewonly=True)


class CalendarInterval(HasId, OfWorkspace, Base):
    """Open from `opens_minute` to `closes_minute` of a weekday (0 Monday); over midnight the end exceeds 1440."""

    __tablename__ = "calendar_intervals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "calendar_id"], ["calendars.workspace_id", "calendars.id"], ondelete="CASCADE"
        ),
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint("opens_minute between 0 and 1439", name="opens_minute"),
        CheckConstraint("closes_minute > opens_minute and closes_minute <= opens_minute + 1440", name="closes_minute"),
    )

    calendar_id: Mapped[int]
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]

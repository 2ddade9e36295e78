"""Calendar: working hours of a workspace or a team, as weekly intervals and dates with hours of their own."""

from datetime import date

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Date, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.core.database import Base, HasId, OfWorkspace


class Calendar(HasId, OfWorkspace, Base):
    """Working hours in a time zone; one calendar a workspace is the default, teams may name another one."""

    __tablename__ = "calendars"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "name"),
        Index("uq_calendars_default", "workspace_id", unique=True, postgresql_where=text("is_default")),
    )

    name: Mapped[str]
    time_zone: Mapped[str]
    holidays: Mapped[str | None]
    """A country's code whose public holidays are closed (RU: with moved days); None: no holidays."""
    is_default: Mapped[bool] = mapped_column(default=False)

    intervals: Mapped[list["CalendarInterval"]] = relationship(lazy="raise", viewonly=True)
    days: Mapped[list["CalendarDays"]] = relationship(
        lazy="raise", viewonly=True, order_by="(CalendarDays.first_on, CalendarDays.id)"
    )


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


class CalendarDays(HasId, OfWorkspace, Base):
    """Dates that are closed, or have hours of their own: a closure, a short day, a worked Saturday."""

    __tablename__ = "calendar_days"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "calendar_id"], ["calendars.workspace_id", "calendars.id"], ondelete="CASCADE"
        ),
        CheckConstraint("last_on >= first_on", name="last_on"),
        Index("ix_calendar_days_calendar", "calendar_id"),
    )

    calendar_id: Mapped[int]
    first_on: Mapped[date] = mapped_column(Date())
    last_on: Mapped[date] = mapped_column(Date())
    name: Mapped[str]
    minutes: Mapped[list[int]] = mapped_column(ARRAY(BigInteger()))
    """Opens, closes, opens, closes … in minutes after midnight; empty: closed."""

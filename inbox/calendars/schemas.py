"""Calendars over the API: times of day as "HH:MM" of the calendar's zone; an end that is not later is tomorrow's."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from inbox.calendars.hours import WorkingHours, knows_holidays_of
from inbox.calendars.models import Calendar
from inbox.calendars.service import pairs
from inbox.calendars.zones import is_time_zone
from inbox.core.web.fields import Id, refuse_null

DAY = 24 * 60
MOST_SPANS = 12
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", examples=["10:00"])]
Name = Annotated[str, Field(min_length=1, max_length=120)]


def _check_zone(name: str) -> str:
    if not is_time_zone(name):
        raise ValueError("is not a time zone of the IANA list, like Europe/Moscow")
    return name


def _check_country(code: str | None) -> str | None:
    if code is not None and not knows_holidays_of(code):
        raise ValueError("is not a country whose public holidays are known, like RU")
    return code


ZoneName = Annotated[str, Field(max_length=64), AfterValidator(_check_zone)]
Country = Annotated[str | None, Field(max_length=8), AfterValidator(_check_country)]


class SpanIn(BaseModel):
    """Open from `opens` to `closes`; 20:00–08:00 ends on the next day."""

    model_config = ConfigDict(extra="forbid")

    opens: TimeOfDay
    closes: TimeOfDay

    @property
    def minutes(self) -> tuple[int, int]:
        """After midnight of the day on which it opens."""
        opens, closes = minutes_of(self.opens), minutes_of(self.closes)
        return opens % DAY, closes if closes > opens % DAY else closes + DAY


class IntervalIn(SpanIn):
    """A span of every such weekday (0: Monday)."""

    weekday: int = Field(ge=0, le=6)


class DaysIn(BaseModel):
    """Dates that are closed (no `spans`) or have hours of their own."""

    model_config = ConfigDict(extra="forbid")

    first_on: date
    last_on: date
    name: str = Field(default="", max_length=120)
    spans: list[SpanIn] = Field(default_factory=list, max_length=MOST_SPANS)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_on < self.first_on:
            raise ValueError("last_on lies before first_on")
        if (self.last_on - self.first_on).days > 366:
            raise ValueError("is longer than a year")
        return self


Intervals = Annotated[list[IntervalIn], Field(max_length=7 * MOST_SPANS)]
ManyDays = Annotated[list[DaysIn], Field(max_length=400)]
TeamIds = Annotated[list[Id], Field(max_length=200)]


class CalendarIn(BaseModel):
    """Working hours; no intervals: open on every day round the clock."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    name: Name
    time_zone: ZoneName
    holidays: Country = Field(default=None, description="Country whose public holidays are closed, moved days too.")
    is_default: bool = False
    intervals: Intervals = Field(default_factory=list)
    days: ManyDays = Field(default_factory=list)
    team_ids: TeamIds = Field(default_factory=list, description="Teams that work by these hours, not the project's.")


class CalendarPatch(BaseModel):
    """What is changed; what is left out stays. Lists replace what was there."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, AfterValidator(refuse_null)] | None = None
    time_zone: ZoneName | None = None
    holidays: Country = None
    is_default: bool | None = None
    intervals: Intervals | None = None
    days: ManyDays | None = None
    team_ids: TeamIds | None = None


class SpanOut(BaseModel):
    """Open from `opens` to `closes`."""

    opens: str
    closes: str

    @classmethod
    def of(cls, opens: int, closes: int) -> Self:
        """From minutes after midnight."""
        return cls(opens=time_of(opens), closes=time_of(closes))


class IntervalOut(SpanOut):
    """A span of a weekday."""

    weekday: int


class DaysOut(BaseModel):
    """Dates with hours of their own."""

    first_on: date
    last_on: date
    name: str
    spans: list[SpanOut]


class CalendarOut(BaseModel):
    """Working hours, and how they stand now."""

    id: int
    workspace_id: int
    name: str
    time_zone: str
    holidays: str | None
    is_default: bool
    intervals: list[IntervalOut]
    days: list[DaysOut]
    team_ids: list[int]
    is_open: bool
    next_opening_at: datetime | None
    closes_at: datetime | None

    @classmethod
    def of(cls, calendar: Calendar, team_ids: list[int], hours: WorkingHours, now: datetime) -> Self:
        """From the row with its parts."""
        intervals = sorted(calendar.intervals, key=lambda one: (one.weekday, one.opens_minute, one.closes_minute))
        return cls(
            id=calendar.id,
            workspace_id=calendar.workspace_id,
            name=calendar.name,
            time_zone=calendar.time_zone,
            holidays=calendar.holidays,
            is_default=calendar.is_default,
            intervals=[
                IntervalOut(
                    weekday=one.weekday, opens=time_of(one.opens_minute), closes=time_of(one.closes_minute)
                )
                for one in intervals
            ],
            days=[
                DaysOut(
                    first_on=one.first_on, last_on=one.last_on, name=one.name,
                    spans=[SpanOut.of(*span) for span in pairs(one.minutes)],
                )
                for one in calendar.days
            ],
            team_ids=team_ids,
            is_open=hours.is_open(now),
            next_opening_at=hours.next_opening(now),
            closes_at=hours.closes_at(now),
        )  # fmt: skip


def minutes_of(text: str) -> int:
    """After midnight."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def time_of(minutes: int) -> str:
    """The time of day; midnight at the end of a day is 24:00."""
    shown = minutes if minutes <= DAY else minutes - DAY
    return f"{shown // 60:02}:{shown % 60:02}"

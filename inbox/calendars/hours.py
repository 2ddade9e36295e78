"""Working-hours arithmetic: pure, over several intervals a day, past midnight, holidays and time zones."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

import holidays

HORIZON = timedelta(days=400)
"""How far an opening is looked for."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Open from `opens` to `closes`, minutes after midnight of `weekday` (0 Monday); `closes` may pass 1440."""

    weekday: int
    opens: int
    closes: int

    @property
    def order(self) -> tuple[int, int, int]:
        """By time within the week."""
        return self.weekday, self.opens, self.closes


@dataclass(frozen=True, slots=True)
class OwnDays:
    """Dates with hours of their own, `first` to `last`: (opens, closes) in minutes after midnight; no spans: closed."""

    first: date
    last: date
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def length(self) -> timedelta:
        """The shorter says more: it stands before a longer one that holds the same day."""
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When a team works. No intervals at all: always open, but for dates that are closed."""

    time_zone: str
    intervals: tuple[Interval, ...] = ()
    holidays: str | None = None
    own_days: tuple[OwnDays, ...] = ()
    _known: dict[date, tuple[tuple[datetime, datetime], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Day → its spans: a batch asks for few days thousands of times, and a key of all hours is slow to hash."""

    @property
    def is_endless(self) -> bool:
        """Whether there is no closed moment at all."""
        return not self.intervals and not self.own_days and self.holidays is None

    def is_open(self, instant: datetime) -> bool:
        """Whether the team works at `instant`."""
        return self.is_endless or self.closes_at(instant) is not None

    def closes_at(self, instant: datetime) -> datetime | None:
        """When the working time that holds `instant` ends; None when closed or never closing."""
        begun = takewhile(lambda span: span[0] <= instant, self._spans(instant))
        return max((closes for _, closes in begun if instant < closes), default=None)

    def next_opening(self, instant: datetime) -> datetime | None:
        """The first instant from `instant` on at which the team works; None when there is none within HORIZON."""
        if self.is_open(instant):
            return instant
        return next((opens for opens, closes in self._spans(instant) if opens >= instant), None)

    def add_working(self, instant: datetime, length: timedelta) -> datetime | None:
        """The instant at which `length` of working time has passed since `instant`."""
        if self.is_endless:
            return instant + length
        left = length
        reached = instant
        for opens, closes in self._spans(instant):
            start = max(opens, reached)
            if closes <= start:
                continue
            if closes - start >= left:
                return start + left
            left -= closes - start
            reached = closes
        return None

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end` (zero when `end` is not later)."""
        if self.is_endless:
            return max(end - start, timedelta())
        total = timedelta()
        reached = start
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            first, last = max(opens, reached), min(closes, end)
            if last > first:
                total += last - first
                reached = last
        return total

    def _spans(self, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans from the day before `instant` on, in UTC, in order; those that touch or overlap are one.

        Open without end is cut at HORIZON.
        """
        day = instant.astimezone(ZoneInfo(self.time_zone)).date() - timedelta(days=1)
        last = day + HORIZON
        held: tuple[datetime, datetime] | None = None
        while not self.is_endless and day <= last:
            for opens, closes in self._spans_of(day):
                if held is not None and opens <= held[1]:
                    held = held[0], max(held[1], closes)
                    continue
                if held is not None:
                    yield held
                held = opens, closes
            day += timedelta(days=1)
        if held is not None:
            yield held

    def _spans_of(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        found = self._known.get(day)
        if found is None:
            found = self._known[day] = _spans_of(self, day)
        return found

    def spans_on(self, day: date) -> tuple[tuple[int, int], ...]:
        """(opens, closes) of what begins on that day: its own hours, else the week's, by holidays and moved days."""
        own = [one for one in self.own_days if one.first <= day <= one.last]
        if own:
            return min(own, key=lambda one: (one.length, one.first)).spans
        weekday = self._weekday_of(day)
        if not self.intervals:
            return () if weekday is None else ((0, 1440),)
        return tuple((one.opens, one.closes) for one in self.intervals if one.weekday == weekday)

    def _weekday_of(self, day: date) -> int | None:
        """The weekday whose hours the day has; None on a holiday."""
        if self.holidays is None:
            return day.weekday()
        calendar = _holidays_of(self.holidays)
        if day.weekday() >= 5 and calendar.is_working_day(day):
            return 4  # a worked Saturday has a Friday's hours
        return None if day in calendar else day.weekday()


@lru_cache(maxsize=4096)
def _spans_of(hours: WorkingHours, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The spans that begin on a day, as instants; one that a change of the clocks swallows is none."""
    zone = ZoneInfo(hours.time_zone)
    spans = [(_at(day, opens, zone), _at(day, closes, zone)) for opens, closes in hours.spans_on(day)]
    return tuple(sorted(span for span in spans if span[0] < span[1]))


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first instant at which the wall shows this time or, where clocks spring over it, a later one."""
    wall = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    before = wall.replace(fold=1).astimezone(UTC)
    while instant - before > timedelta(minutes=1):  # the change lies between, on a whole minute
        middle = before + (instant - before) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle == before:
            break
        shown = middle.astimezone(zone).replace(tzinfo=None)
        before, instant = (before, middle) if shown >= wall.replace(tzinfo=None) else (middle, instant)
    return instant


def knows_holidays_of(country: str) -> bool:
    """Whether public holidays of this country are known."""
    return country in holidays.list_supported_countries()


@lru_cache(maxsize=32)
def _holidays_of(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)

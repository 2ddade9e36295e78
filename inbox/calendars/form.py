"""The form of working hours: what a person typed, as it is, and as the API's CalendarIn or what is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Self

from pydantic import ValidationError
from starlette.datastructures import FormData

from inbox.calendars.hours import Interval, OwnDays, WorkingHours
from inbox.calendars.models import Calendar
from inbox.calendars.schemas import DAY, CalendarIn, DaysIn, SpanIn, minutes_of, time_of
from inbox.calendars.service import pairs
from inbox.core.i18n import N_

WEEK = 7
WORKDAYS = range(5)
Span = tuple[str, str]
_TIMES = re.compile(r"(\d{1,2}(?::\d{2})?)\s*(?:-|–|—|до|to)\s*(\d{1,2}(?::\d{2})?)")


@dataclass(frozen=True, slots=True)
class DayRow:
    """Dates with hours of their own as typed; `hours` empty: closed."""

    first: str = ""
    last: str = ""
    name: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class HoursForm:
    """All fields of the editor. `week`: weekday → spans."""

    name: str
    time_zone: str
    holidays: str = ""
    week: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    days: tuple[DayRow, ...] = ()
    team_ids: tuple[int, ...] = ()
    is_default: bool = False

    @classmethod
    def of_calendar(cls, calendar: Calendar, team_ids: Sequence[int]) -> Self:
        """What is stored."""
        week: dict[int, tuple[Span, ...]] = {}
        for one in sorted(calendar.intervals, key=lambda one: (one.weekday, one.opens_minute)):
            span = time_of(one.opens_minute), time_of(one.closes_minute % DAY)
            week[one.weekday] = (*week.get(one.weekday, ()), span)
        days = tuple(
            DayRow(
                one.first_on.isoformat(), one.last_on.isoformat(), one.name,
                ", ".join(f"{time_of(opens)}–{time_of(closes)}" for opens, closes in pairs(one.minutes)),
            )
            for one in calendar.days
        )  # fmt: skip
        return cls(
            calendar.name, calendar.time_zone, calendar.holidays or "", week, days, tuple(team_ids),
            calendar.is_default,
        )  # fmt: skip

    @classmethod
    def of_form(cls, sent: FormData) -> Self:
        """What was typed."""
        week = {
            day: tuple(zip(_texts(sent, f"opens_{day}"), _texts(sent, f"closes_{day}"), strict=False))
            for day in range(WEEK)
        }
        rows = zip(*(_texts(sent, f"day_{name}") for name in ("first", "last", "name", "hours")), strict=False)
        teams = tuple(int(text) for text in _texts(sent, "team_ids") if text.isascii() and text.isdigit())
        return cls(
            _text(sent, "name"), _text(sent, "time_zone"), _text(sent, "holidays"), week,
            tuple(DayRow(*row) for row in rows), teams, _text(sent, "is_default") == "on",
        )  # fmt: skip

    def act(self, act: str, today: date) -> Self:
        """A button of the form: add:D, drop:D:N, copy:D (to the other workdays), day, drop_day:N."""
        name, *numbers = act.split(":")
        if not all(one.isascii() and one.isdigit() for one in numbers):
            return self
        match name, [int(one) for one in numbers]:
            case "add", [day] if day < WEEK:
                return replace(self, week={**self.week, day: (*self.week.get(day, ()), self._next_span(day))})
            case "drop", [day, at]:
                kept = tuple(span for index, span in enumerate(self.week.get(day, ())) if index != at)
                return replace(self, week={**self.week, day: kept})
            case "copy", [day]:
                return replace(self, week={**self.week, **{one: self.week.get(day, ()) for one in WORKDAYS}})
            case "day", []:
                tomorrow = (today + timedelta(days=1)).isoformat()
                return replace(self, days=(*self.days, DayRow(tomorrow)))
            case "drop_day", [at]:
                return replace(self, days=tuple(row for index, row in enumerate(self.days) if index != at))
            case _:
                return self

    def read(self, workspace_id: int) -> CalendarIn:
        """As the API takes it; ValueError with a sentence for people."""
        if not self.name.strip():
            raise ValueError(N_("Give these hours a name."))
        intervals: list[dict[str, object]] = []
        for day, spans in self.week.items():
            for opens, closes in spans:
                if not opens or not closes:
                    raise ValueError(N_("Fill in both times, or remove the line."))
                intervals.append({"weekday": day, "opens": opens, "closes": closes})
        try:
            return CalendarIn.model_validate(
                {
                    "workspace_id": workspace_id, "name": self.name.strip(), "time_zone": self.time_zone,
                    "holidays": self.holidays or None, "intervals": intervals,
                    "days": [_read_day(row) for row in self.days], "team_ids": list(self.team_ids),
                    "is_default": self.is_default,
                }
            )  # fmt: skip
        except ValidationError as error:
            raise ValueError(N_("These hours cannot be read: look at the times and the time zone.")) from error

    def _next_span(self, day: int) -> Span:
        """A working day when there is none, else the hours after the last break."""
        spans = self.week.get(day, ())
        if not spans or not re.fullmatch(r"\d\d:\d\d", spans[-1][1]):
            return "10:00", "19:00"
        opens = min(minutes_of(spans[-1][1]) + 60, DAY - 60)
        return time_of(opens), time_of(min(opens + 240, DAY - 1))


def hours_of(wanted: CalendarIn) -> WorkingHours:
    """Hours that are not stored yet, for the preview."""
    return WorkingHours(
        wanted.time_zone,
        tuple(sorted((Interval(one.weekday, *one.minutes) for one in wanted.intervals), key=lambda one: one.order)),
        wanted.holidays,
        tuple(OwnDays(one.first_on, one.last_on, tuple(span.minutes for span in one.spans)) for one in wanted.days),
    )


def _read_day(row: DayRow) -> DaysIn:
    try:
        first = date.fromisoformat(row.first)
        last = date.fromisoformat(row.last or row.first)
    except ValueError:
        raise ValueError(N_("Every closure needs its dates.")) from None
    if last < first:
        raise ValueError(N_("A closure ends before it begins."))
    spans = [SpanIn(opens=_clock(opens), closes=_clock(closes)) for opens, closes in _TIMES.findall(row.hours)]
    if row.hours.strip() and (not spans or _TIMES.sub("", row.hours).strip(" ,;")):
        raise ValueError(N_("Write the hours of a date like 10:00–14:00, 15:00–18:00, or leave them empty: closed."))
    return DaysIn(first_on=first, last_on=last, name=row.name.strip()[:120], spans=spans)


def _clock(text: str) -> str:
    hour, _, minute = text.partition(":")
    hours, minutes = int(hour), int(minute or 0)
    if hours > 24 or minutes > 59 or (hours == 24 and minutes):
        raise ValueError(N_("Write the hours of a date like 10:00–14:00, 15:00–18:00, or leave them empty: closed."))
    return f"{hours:02}:{minutes:02}"


def _texts(sent: FormData, name: str) -> list[str]:
    return [value for value in sent.getlist(name) if isinstance(value, str)]


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else ""

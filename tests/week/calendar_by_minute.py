"""Working time minute by minute: a table of every open minute, and steps over it. Nothing of the product is used."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.week.plan import BEGINS, DAY, MINUTE, Hours, Spans

FIRST = BEGINS - timedelta(days=2)
DAYS = 45
DAYS_OFF = frozenset({date(2024, 12, 30), date(2024, 12, 31), *(date(2025, 1, day) for day in range(1, 9))})
WORKED_SATURDAYS = frozenset({date(2024, 12, 28)})
FRIDAY = 4
WEEKDAYS_IN_WORDS = (
    "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье",
)  # fmt: skip
Asides = Sequence[tuple[datetime, datetime | None]]
"""While the case is put aside; None: it still is."""


class MinuteByMinute:
    """Each minute of six weeks, looked at one by one."""

    def __init__(self, hours: Hours) -> None:
        self._zone = ZoneInfo(hours.zone)
        self._hours = hours
        self._open = [minute for minute in range(DAYS * DAY) if self._is_open_in(FIRST + minute * MINUTE)]
        self._is_open = set(self._open)

    def _is_open_in(self, minute: datetime) -> bool:
        """A minute belongs to a span of its own local day, or to one that began the day before."""
        wall = minute.astimezone(self._zone)
        at = wall.hour * 60 + wall.minute
        today, yesterday = wall.date(), wall.date() - timedelta(days=1)
        return any(opens <= at < closes for opens, closes in self._spans_of(today)) or any(
            opens <= at + DAY < closes for opens, closes in self._spans_of(yesterday)
        )

    def _spans_of(self, day: date) -> Spans:
        if day in self._hours.own:
            return self._hours.own[day]
        if self._hours.russian_holidays and day in DAYS_OFF:
            return ()
        is_friday = self._hours.russian_holidays and day in WORKED_SATURDAYS
        return self._hours.week.get(FRIDAY if is_friday else day.weekday(), ())

    def is_open(self, at: datetime) -> bool:
        """Whether the minute that holds the moment is open."""
        return _number(at) in self._is_open

    def opens_at(self, at: datetime) -> datetime:
        """The beginning of the first open minute after a closed one."""
        return FIRST + self._open[bisect_left(self._open, _number(at))] * MINUTE

    def after(self, since: datetime, length: timedelta, asides: Asides = ()) -> datetime | None:
        """When so much working time has passed; None while the case is put aside."""
        at, left = since, length
        while left > timedelta():
            if not self.is_open(at):
                at = self.opens_at(at)
                continue
            aside = next(((begins, ends) for begins, ends in asides if begins <= at and (ends or at) >= at), None)
            if aside is not None and aside[1] != at:
                if aside[1] is None:
                    return None
                at = aside[1]
                continue
            edges = [begins for begins, _ in asides if begins > at]
            until = min([FIRST + (_number(at) + 1) * MINUTE, at + left, *edges])
            left -= until - at
            at = until
        return at

    def opening_in_words(self, now: datetime) -> str:
        """«сегодня в 10:00», «завтра в …», «в четверг в …», «9 января в …»."""
        opens = self.opens_at(now).astimezone(self._zone)
        days = (opens.date() - now.astimezone(self._zone).date()).days
        months = {12: "декабря", 1: "января"}
        if days < 2:
            day = ("сегодня", "завтра")[days]
        elif days < 7:
            day = WEEKDAYS_IN_WORDS[opens.weekday()]
        else:
            day = f"{opens.day} {months[opens.month]}"
        return f"{day} в {opens.hour}:{opens.minute:02}"

    def local_minute(self, at: datetime) -> int:
        """Minutes after midnight there."""
        wall = at.astimezone(self._zone)
        return wall.hour * 60 + wall.minute

    def at_local(self, at: datetime, minute: int) -> datetime:
        """The next moment at which the wall shows this minute of a day."""
        wall = at.astimezone(self._zone)
        day = wall.date() if self.local_minute(at) < minute else wall.date() + timedelta(days=1)
        shown = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self._zone)
        return shown.astimezone(UTC)


def _number(at: datetime) -> int:
    return int((at - FIRST).total_seconds() // 60)

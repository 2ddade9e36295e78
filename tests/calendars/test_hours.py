"""Working hours: tables of cases, and a comparison with a minute-by-minute reference over changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.calendars.hours import Interval, OwnDays, WorkingHours, knows_holidays_of

MINUTE = timedelta(minutes=1)
WEEK = tuple(Interval(day, 9 * 60, 18 * 60) for day in range(5))
LUNCH = tuple(Interval(day, *span) for day in range(5) for span in ((540, 780), (840, 1080)))
NIGHT = tuple(Interval(day, 20 * 60, 32 * 60) for day in range(7))
ALWAYS = tuple(Interval(day, 0, 1440) for day in range(7))
MOSCOW = "Europe/Moscow"


def local(text: str, zone: str = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("intervals", "since", "hours", "due"),
    [
        ((), "2026-11-21T03:00", 2, "2026-11-21T05:00"),
        (WEEK, "2026-11-20T10:00", 2, "2026-11-20T12:00"),
        (WEEK, "2026-11-20T17:00", 2, "2026-11-23T10:00"),
        (WEEK, "2026-11-21T12:00", 1, "2026-11-23T10:00"),
        (WEEK, "2026-11-20T16:00", 2, "2026-11-20T18:00"),
        (LUNCH, "2026-11-20T12:30", 1, "2026-11-20T14:30"),
        (NIGHT, "2026-11-20T23:30", 2, "2026-11-21T01:30"),
        (NIGHT, "2026-11-20T07:00", 2, "2026-11-20T21:00"),
        (ALWAYS, "2026-11-20T23:30", 2, "2026-11-21T01:30"),
    ],
)
def test_a_length_of_working_time_ends_when_a_person_would_say(
    intervals: tuple[Interval, ...], since: str, hours: int, due: str
) -> None:
    assert WorkingHours(MOSCOW, intervals).add_working(local(since), timedelta(hours=hours)) == local(due)


def test_russian_holidays_with_moved_days_are_closed_and_a_worked_saturday_is_open() -> None:
    hours = WorkingHours(MOSCOW, WEEK, "RU")
    assert not hours.is_open(local("2026-01-05T12:00"))
    assert not hours.is_open(local("2026-11-04T12:00"))
    assert hours.is_open(local("2026-11-05T12:00"))
    assert hours.is_open(local("2025-11-01T12:00")), "a worked Saturday"
    assert hours.next_opening(local("2025-12-31T12:00")) == local("2026-01-12T09:00")


def test_working_time_that_goes_on_over_midnight_ends_where_it_ends() -> None:
    assert WorkingHours(MOSCOW, NIGHT).closes_at(local("2026-11-20T23:00")) == local("2026-11-21T08:00")
    assert WorkingHours(MOSCOW, WEEK).closes_at(local("2026-11-20T18:00")) is None
    touching = (Interval(4, 20 * 60, 24 * 60), Interval(5, 0, 3 * 60))
    assert WorkingHours(MOSCOW, touching).closes_at(local("2026-11-20T21:00")) == local("2026-11-21T03:00")


def test_hours_that_never_come_are_no_opening() -> None:
    closed = WorkingHours(MOSCOW, (Interval(6, 0, 1),), "RU")
    assert closed.add_working(local("2026-11-20T12:00"), timedelta(days=30)) is None
    assert knows_holidays_of("RU")
    assert not knows_holidays_of("Atlantis")


def open_by_the_wall(hours: WorkingHours, instant: datetime) -> bool:
    """The reference: look at the wall clock of that minute, for intervals that began today or yesterday."""
    wall = instant.astimezone(ZoneInfo(hours.time_zone))
    minute = wall.hour * 60 + wall.minute
    today = any(one.weekday == wall.weekday() and one.opens <= minute < one.closes for one in hours.intervals)
    before = (wall.weekday() - 1) % 7
    return today or any(one.weekday == before and one.opens <= minute + 1440 < one.closes for one in hours.intervals)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Interval, ...]:
    """Up to six, away from the night hours in which clocks change: there the wall shows an hour twice or never."""
    made = []
    for _ in range(draw(st.integers(1, 6))):
        opens = draw(st.integers(4 * 4, 22 * 4)) * 15
        closes = (
            draw(st.integers(opens // 15 + 1, min(opens // 15 + 96, 24 * 4 + 0)) | st.integers(28 * 4, 30 * 4)) * 15
        )
        made.append(Interval(draw(st.integers(0, 6)), opens, min(closes, opens + 1440)))
    return tuple(sorted(set(made), key=lambda one: one.order))


@settings(max_examples=60, deadline=None)
@given(
    intervals(),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Europe/Moscow", "Asia/Kolkata", "Australia/Sydney"]),
    st.sampled_from(["2026-03-27T10:00+00:00", "2026-10-24T20:00+00:00", "2026-11-01T02:00+00:00"]),
    st.integers(0, 2 * 24 * 60),
    st.integers(1, 900),
)  # fmt: skip
def test_arithmetic_agrees_with_counting_minutes(
    spans: tuple[Interval, ...], zone: str, base: str, offset: int, length: int
) -> None:
    hours = WorkingHours(zone, spans)
    start = datetime.fromisoformat(base).astimezone(UTC) + offset * MINUTE
    assert hours.is_open(start) is open_by_the_wall(hours, start)
    left, instant = length, start
    end = start + timedelta(days=16)
    while left and instant < end:
        left -= open_by_the_wall(hours, instant)
        instant += MINUTE
    if left:
        assert (hours.add_working(start, length * MINUTE) or end) >= end
        assert hours.working_between(start, end) == (length - left) * MINUTE
        return
    assert hours.add_working(start, length * MINUTE) == instant
    assert hours.working_between(start, instant) == length * MINUTE


def test_dates_of_their_own_stand_before_holidays_and_the_week() -> None:
    closed = OwnDays(date(2026, 11, 20), date(2026, 11, 24))
    short = OwnDays(date(2026, 11, 23), date(2026, 11, 23), ((600, 720), (780, 900)))
    on_a_holiday = OwnDays(date(2026, 11, 4), date(2026, 11, 4), ((720, 780),))
    hours = WorkingHours(MOSCOW, WEEK, "RU", (closed, short, on_a_holiday))
    assert not hours.is_open(local("2026-11-20T12:00"))
    assert hours.next_opening(local("2026-11-20T12:00")) == local("2026-11-23T10:00")
    assert hours.next_opening(local("2026-11-23T12:30")) == local("2026-11-23T13:00")
    assert hours.next_opening(local("2026-11-23T15:00")) == local("2026-11-25T09:00")
    assert hours.is_open(local("2026-11-04T12:30"))


def test_a_week_without_hours_is_closed_on_its_own_dates_and_holidays_only() -> None:
    hours = WorkingHours(MOSCOW, (), None, (OwnDays(date(2026, 12, 31), date(2027, 1, 2)),))
    assert hours.is_open(local("2026-12-30T23:59"))
    assert hours.closes_at(local("2026-12-30T12:00")) == local("2026-12-31T00:00")
    assert hours.next_opening(local("2027-01-01T12:00")) == local("2027-01-03T00:00")
    assert not WorkingHours(MOSCOW, (), "RU").is_open(local("2026-11-04T12:00"))


def test_hours_that_begin_in_the_hour_that_clocks_skip_begin_right_after_it() -> None:
    night = WorkingHours("Europe/Berlin", (Interval(6, 150, 300),))
    assert night.next_opening(local("2026-03-29T00:00", "Europe/Berlin")) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@lru_cache(maxsize=8)
def walls(zone: str, base: datetime, days: int) -> list[datetime]:
    """What the wall shows at each minute of the reference's days."""
    return [(base + n * MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for n in range(days * 1440)]


def open_minutes(hours: WorkingHours, base: datetime, days: int) -> list[bool]:
    """The reference: every span lasts from the first minute at which the wall shows its begin to that of its end."""
    shown = walls(hours.time_zone, base, days)
    opened = [False] * len(shown)
    day = shown[0].date() - timedelta(days=1)
    while day <= shown[-1].date():
        own = [one for one in hours.own_days if one.first <= day <= one.last]
        own.sort(key=lambda one: (one.length, one.first))
        week = [(one.opens, one.closes) for one in hours.intervals if one.weekday == day.weekday()]
        for opens, closes in own[0].spans if own else week:
            midnight = datetime.combine(day, time())
            begin, end = (_first_at(shown, midnight + minutes * MINUTE) for minutes in (opens, closes))
            opened[begin:end] = [True] * (end - begin)
        day += timedelta(days=1)
    return opened


def _first_at(shown: list[datetime], wall: datetime) -> int:
    return next((n for n, one in enumerate(shown) if one >= wall), len(shown))


@st.composite
def any_hours(draw: st.DrawFn, zone: str, day: date) -> WorkingHours:
    """Intervals and own dates at any time of day: into the hours that clocks skip and repeat, too."""
    spans = st.tuples(st.integers(0, 95), st.integers(1, 96)).map(lambda pair: (pair[0] * 15, sum(pair) * 15))
    week = draw(st.lists(st.tuples(st.integers(0, 6), spans), max_size=6, unique=True))
    own = draw(st.lists(st.tuples(st.integers(0, 4), st.lists(spans, max_size=2, unique=True)), max_size=2))
    return WorkingHours(
        zone,
        tuple(sorted((Interval(weekday, *span) for weekday, span in week), key=lambda one: one.order)),
        None,
        tuple(OwnDays(day + timedelta(days=n), day + timedelta(days=n + len(found)), tuple(sorted(found)))
              for n, found in own),
    )  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_arithmetic_agrees_with_the_wall_where_clocks_change(data: st.DataObject) -> None:
    zone, base = data.draw(
        st.sampled_from(
            [("Europe/Berlin", "2026-03-27T22:00"), ("Europe/Berlin", "2026-10-23T22:00"),
             ("America/New_York", "2026-10-31T04:00"), ("Australia/Sydney", "2026-10-02T10:00"),
             ("Europe/Moscow", "2026-11-01T21:00")]
        )
    )  # fmt: skip
    start = datetime.fromisoformat(base).replace(tzinfo=UTC)
    hours = data.draw(any_hours(zone, (start + timedelta(hours=4)).astimezone(ZoneInfo(zone)).date()))
    opened = open_minutes(hours, start, 5)
    if hours.is_endless:
        return
    at = data.draw(st.integers(1440, 3 * 1440))
    instant = start + at * MINUTE
    if hours.intervals:
        assert hours.is_open(instant) is opened[at]
        later = next((n for n in range(at, len(opened)) if opened[n]), None)
        if later is not None:
            assert hours.next_opening(instant) == start + later * MINUTE
            end = data.draw(st.integers(at, len(opened) - 1))
            worked = sum(opened[at:end])
            assert hours.working_between(instant, start + end * MINUTE) == worked * MINUTE
            if worked:
                last = max(n for n in range(at, end) if opened[n])
                assert hours.add_working(instant, worked * MINUTE) == start + (last + 1) * MINUTE

"""When a snoozed conversation comes back, as people say it: pure."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from inbox.core.errors import InvalidInputError

MORNING = time(9)
EVENING = time(18)


class Snooze(StrEnum):
    """The choices of the menu."""

    HOUR = "hour"
    EVENING = "evening"
    TOMORROW = "tomorrow"
    MONDAY = "monday"


def wakes_at(snooze: Snooze | None, at: datetime | None, now: datetime, zone: str) -> datetime:
    """The instant, in UTC, by the project's wall clock: a time of the person's own (`at`), or one of the choices.

    This evening's is tomorrow's once it has begun.
    """
    if at is not None:
        return instant_of(at, zone)
    if snooze is None:
        raise InvalidInputError("Say until when to snooze.", field="at")
    if snooze is Snooze.HOUR:
        return now + timedelta(hours=1)
    local = now.astimezone(ZoneInfo(zone))
    days, hour = _wall_time(snooze, local)
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def instant_of(at: datetime, zone: str) -> datetime:
    """What the project's wall clock showed, or will, in UTC; InvalidInputError for what no calendar of ours reaches."""
    try:
        return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        raise InvalidInputError("There is no such time.", field="at") from None


def _wall_time(snooze: Snooze, local: datetime) -> tuple[int, time]:
    """Days from today, and the time of day."""
    if snooze is Snooze.EVENING:
        return (0 if local.time() < EVENING else 1), EVENING
    return (7 - local.weekday() if snooze is Snooze.MONDAY else 1), MORNING

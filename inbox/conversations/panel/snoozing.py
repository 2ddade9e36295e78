"""When a snoozed conversation comes back, as people say it: pure."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MORNING = time(9)
EVENING = time(18)


class Snooze(StrEnum):
    """The choices of the menu."""

    HOUR = "hour"
    EVENING = "evening"
    TOMORROW = "tomorrow"
    MONDAY = "monday"


def wakes_at(snooze: Snooze, now: datetime, zone: str) -> datetime:
    """The instant, in UTC, by the project's wall clock; this evening's is tomorrow's once it has begun."""
    local = now.astimezone(ZoneInfo(zone))
    match snooze:
        case Snooze.HOUR:
            return now + timedelta(hours=1)
        case Snooze.EVENING:
            days, hour = (0 if local.time() < EVENING else 1), EVENING
        case Snooze.TOMORROW:
            days, hour = 1, MORNING
        case Snooze.MONDAY:
            days, hour = 7 - local.weekday(), MORNING
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)

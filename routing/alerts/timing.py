"""When an alert rings: at once, or later with others; pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

STALE = timedelta(minutes=30)
"""What happened longer ago is told in a digest."""
GATHER = timedelta(seconds=30)
"""For so long stale ones are waited for, so that a backlog is one digest."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a workspace wants to be rung."""

    zone: str
    cooldown: timedelta
    quiet_from: int | None = None
    quiet_to: int | None = None
    muted_until: datetime | None = None


def hold_until(habits: Habits, occurred_at: datetime, last_rung_at: datetime | None, now: datetime) -> datetime | None:
    """Until when it is held back; None: it rings now. `last_rung_at` is the last one of its kind."""
    ends = [quiet_ends(habits, now), habits.muted_until]
    if last_rung_at is not None:
        ends.append(last_rung_at + habits.cooldown)
    if now - occurred_at > STALE:
        ends.append(now + GATHER)
    return max((end for end in ends if end is not None and end > now), default=None)


def quiet_ends(habits: Habits, now: datetime) -> datetime | None:
    """When the quiet hours that hold `now` end; None: they do not hold it."""
    begins, ends = habits.quiet_from, habits.quiet_to
    if begins is None or ends is None or begins == ends:
        return None
    local = now.astimezone(ZoneInfo(habits.zone))
    minute = local.hour * 60 + local.minute
    is_quiet = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if not is_quiet:
        return None
    day = local.date() if minute < ends else local.date() + timedelta(days=1)
    return datetime.combine(day, time(ends // 60, ends % 60), ZoneInfo(habits.zone))


def is_spike(count: int, usual: float, at_least: int) -> bool:
    """Whether so many negative messages in an hour are a spike against the usual number for that hour."""
    return count >= at_least and count >= 3 * usual

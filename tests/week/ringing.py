"""The reference's alerts: what rings at once, what waits, and what is told in a digest."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.week.calendar_by_minute import MinuteByMinute
from tests.week.plan import Key, Project

COOLDOWN = timedelta(minutes=2)
STALE = timedelta(minutes=30)
GATHER = timedelta(seconds=30)


@dataclass(slots=True)
class Rung:
    """`mark`: what makes it this one: words of the message, or clock and due time. `rang`: by itself."""

    project: str
    kind: str
    key: Key
    mark: str
    occurred: datetime
    until: datetime | None = None
    rang: datetime | None = None
    is_told: bool = False


@dataclass(slots=True)
class Bell:
    """A project's alert chat."""

    project: Project
    calendar: MinuteByMinute
    alerts: list[Rung] = field(default_factory=list)

    def ring(self, kind: str, key: Key, mark: str, occurred: datetime, now: datetime) -> None:
        """Something happened: it rings at once or is held back."""
        if not self.project.rings:
            return
        made = Rung(self.project.name, kind, key, mark, occurred)
        lately = [one.rang for one in self.alerts if one.kind == kind and one.rang is not None]
        ends = [self._quiet_ends(now), max(lately) + COOLDOWN if lately else None]
        ends += [now + GATHER] if now - occurred > STALE else []
        made.until = max((end for end in ends if end is not None and end > now), default=None)
        made.rang = now if made.until is None else None
        self.alerts.append(made)

    def tell(self, now: datetime) -> None:
        """Once one that was held is due, all that are held are told in one message."""
        held = [one for one in self.alerts if one.until is not None]
        if not any(one.until is not None and one.until <= now for one in held) or self._quiet_ends(now) is not None:
            return
        for one in held:
            one.until = None
            one.is_told = len(held) > 1 or now - one.occurred > STALE
            one.rang = None if one.is_told else now

    def _quiet_ends(self, now: datetime) -> datetime | None:
        if self.project.quiet is None:
            return None
        begins, ends = self.project.quiet
        minute = self.calendar.local_minute(now)
        is_quiet = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
        return self.calendar.at_local(now, ends) if is_quiet else None

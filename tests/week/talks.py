"""The reference's own memory of a conversation, with its clocks computed by steps of a minute."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.week.calendar_by_minute import MinuteByMinute
from tests.week.plan import Key, Project

AFTER_CLOSED = timedelta(hours=2)
Clock = tuple[datetime | None, datetime | None, datetime | None, datetime | None]
"""Since, due, met, breached."""
NO_CLOCK: Clock = (None, None, None, None)


@dataclass(slots=True)
class Wait:
    """The contact waits for us."""

    since: datetime
    answered: datetime | None = None
    due: datetime | None = None
    breached: datetime | None = None


@dataclass(slots=True)
class Talk:
    """A conversation. `acted`: rule → beginnings of the turns in which it acted."""

    key: Key
    project: Project
    calendars: dict[str, MinuteByMinute]
    started: datetime
    status: str = "closed"
    by_person: bool = False
    assignee: str | None = None
    team: str | None = None
    priority: str = "normal"
    routed: datetime | None = None
    waits: list[Wait] = field(default_factory=list)
    asides: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    wakes: datetime | None = None
    last_answer: datetime | None = None
    closed: datetime | None = None
    acted: dict[str, set[datetime]] = field(default_factory=dict)
    case: Wait | None = None

    @property
    def wait(self) -> Wait | None:
        """The open wait."""
        return self.waits[-1] if self.waits and self.waits[-1].answered is None else None

    @property
    def is_load(self) -> bool:
        """Whether it takes room of its person."""
        return self.status == "open" and self.wait is not None

    @property
    def turn(self) -> datetime:
        """What tells this turn of the talk from others."""
        return self.waits[-1].since if self.wait else self.last_answer or self.started

    @property
    def is_routed(self) -> bool:
        """Somebody has it, or it was handed to a team in this turn."""
        wait = self.wait
        handed = wait is not None and self.routed is not None and self.routed >= wait.since
        return self.assignee is not None or (handed and self.team is not None)

    def ask(self, at: datetime) -> bool:
        """A message that needs an answer; whether that reopens what a person had closed."""
        reopens = self.status == "closed" and self.by_person
        if self.status == "snoozed":
            self.asides[-1] = self.asides[-1][0], at
        if self.wait is None:
            self.waits.append(Wait(at))
            if self.case is None or self.case.answered is not None:
                self.case = Wait(at)
        self.status, self.by_person, self.wakes, self.closed = "open", False, None, None
        return reopens

    def answer(self, at: datetime) -> None:
        """A person's words have left."""
        wait = self.wait
        if wait is not None:
            self.time_anew()
            wait.answered = at
            if wait.breached is None and wait.due is not None and at > wait.due:
                wait.breached = wait.due
        self.last_answer = at

    def close(self, at: datetime) -> None:
        """A person closes what is answered."""
        self.status, self.by_person, self.closed = "closed", True, at
        if self.case is not None:
            self.time_anew()
            self.case.answered = at
            if self.case.breached is None and self.case.due is not None and at > self.case.due:
                self.case.breached = self.case.due

    def snooze(self, at: datetime, until: datetime) -> None:
        """Put aside: clocks rest."""
        self.status, self.wakes = "snoozed", until
        self.asides.append((at, None))
        self.time_anew()

    def wake(self) -> None:
        """The time is over."""
        self.asides[-1] = self.asides[-1][0], self.wakes
        self.status, self.wakes = "open", None
        self.time_anew()

    def time_anew(self) -> None:
        """Due times of what runs, by the terms of now."""
        wait = self.wait
        if wait is not None:
            place = 0 if len(self.waits) == 1 else 1
            wait.due = self._due(wait.since, timedelta(minutes=self.project.goals.by_priority[self.priority][place]))
        promised = self.project.goals.resolution
        if self.case is not None and self.case.answered is None and promised is not None:
            self.case.due = self._due(self.case.since, timedelta(minutes=promised))

    def _due(self, since: datetime, goal: timedelta) -> datetime | None:
        has_own = self.team == "support" and self.project.support_hours is not None
        calendar = self.calendars["support" if has_own else "project"]
        length = goal if calendar.is_open(since) else max(goal, AFTER_CLOSED)
        return calendar.after(since, length, self.asides)

    def broken(self, now: datetime) -> list[tuple[str, datetime]]:
        """What broke by now: (clock, due), written down once."""
        found: list[tuple[str, datetime]] = []
        running: list[tuple[str, Wait | None]] = [("first" if len(self.waits) == 1 else "next", self.wait)]
        if self.project.goals.resolution is not None:
            running.append(("resolution", self.case))
        for name, clock in running if self.status == "open" else ():
            if clock is None or clock.answered or clock.breached or clock.due is None or clock.due > now:
                continue
            clock.breached = clock.due
            found.append((name, clock.due))
        return found

    def first_clock(self) -> Clock:
        """Of the first wait of its life."""
        return _shown(self.waits[0]) if self.waits else NO_CLOCK

    def next_clock(self) -> Clock:
        """Of the newest later one."""
        return _shown(self.waits[-1]) if len(self.waits) > 1 else NO_CLOCK

    def case_clock(self) -> Clock:
        """Of the case, where closing is promised."""
        return NO_CLOCK if self.case is None or self.project.goals.resolution is None else _shown(self.case)


def _shown(wait: Wait) -> Clock:
    return wait.since, wait.due, wait.answered, wait.breached

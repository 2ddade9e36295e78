"""The slow reference: plays the plan by itself, one message and one minute at a time, with its own turns and queues."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tests.week.calendar_by_minute import MinuteByMinute
from tests.week.plan import (
    PEOPLE,
    PROJECTS,
    SEED,
    Key,
    Project,
    Said,
    key_of,
    messages,
    moments,
    name_of,
    turns_of_shifts,
)
from tests.week.ringing import Bell
from tests.week.rules import act
from tests.week.talks import Clock, Talk

FRESH = timedelta(minutes=15)
LIVE = timedelta(hours=1)
TAKE_UP = timedelta(minutes=15)
PUBLIC_CAP = 3
CAPACITY = {person.name: person.capacity for person in PEOPLE}


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does: `answer`, `close` (after it) or `snooze` until a time."""

    at: datetime
    who: str
    key: Key
    what: str
    until: datetime | None = None


@dataclass(slots=True)
class Lead:
    """Who wants to buy."""

    talk: Talk
    heard: datetime
    owner: str | None = None
    due: datetime | None = None
    taken_up: datetime | None = None
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation as it stands after a moment in which its contact wrote."""

    assignee: str | None
    team: str | None
    priority: str
    first: Clock
    next: Clock


@dataclass(slots=True)
class Reference:
    """All that is expected, gathered while playing."""

    talks: dict[Key, Talk] = field(default_factory=dict)
    leads: dict[Key, Lead] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    handed: list[tuple[Key, datetime, str | None]] = field(default_factory=list)
    replies: list[tuple[Key, datetime, str]] = field(default_factory=list)
    seen: dict[tuple[datetime, Key], Seen] = field(default_factory=dict)
    on_shift: set[str] = field(default_factory=set)
    rooms: dict[str, int] = field(default_factory=dict)
    turns: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    calendars: dict[str, dict[str, MinuteByMinute]] = field(default_factory=dict)
    bells: dict[str, Bell] = field(default_factory=dict)
    answered: dict[Key, list[tuple[datetime, str]]] = field(default_factory=dict)
    _used: set[tuple[Key, str, datetime | None]] = field(default_factory=set)
    _public: dict[tuple[str, str, int], list[datetime]] = field(default_factory=dict)
    _named: set[tuple[str, int]] = field(default_factory=set)
    _chance: Random = field(default_factory=lambda: Random(SEED + 2))

    def play(self) -> "Reference":
        """The whole plan."""
        order = {person.name: place for place, person in enumerate(PEOPLE)}
        for project in PROJECTS:
            found = {"project": MinuteByMinute(project.hours)}
            if project.support_hours is not None:
                found["support"] = MinuteByMinute(project.support_hours)
            self.calendars[project.name] = found
            self.bells[project.name] = Bell(project, found["project"])
            for purpose, names in project.teams.items():
                self.turns[project.name, purpose] = sorted(names, key=order.__getitem__)
        said, shifts = messages(), list(turns_of_shifts())
        for now in moments():
            for at, name, comes in shifts:
                if at == now:
                    self._change_shift(name, now, comes=comes)
            self._hear([one for one in said if one.heard_at == now], now)
            self._answer(now)
            self._sweep(now)
        return self

    def _change_shift(self, name: str, now: datetime, *, comes: bool) -> None:
        if not comes:
            self.on_shift.discard(name)
            return
        self.on_shift.add(name)
        for project in PROJECTS:
            if project.owner == name or any(name in names for names in project.teams.values()):
                self._drain(project, now)

    def count_rooms(self) -> None:
        """Of everybody on shift, over all projects."""
        held = [talk.assignee for talk in self.talks.values() if talk.is_load]
        self.rooms = {name: CAPACITY[name] - held.count(name) for name in self.on_shift}

    def next_of(self, project: Project, team: str) -> str | None:
        """Whose turn it is: goes to the end of the line."""
        line = self.turns[project.name, team]
        found = next((name for name in line if self.rooms.get(name, 0) > 0), None)
        if found is not None:
            line.remove(found)
            line.append(found)
        return found

    def give(self, talk: Talk, name: str | None, now: datetime) -> None:
        """It is theirs from now on."""
        talk.assignee = name
        self.handed.append((talk.key, now, name))
        if name in self.rooms and talk.wait is not None and name is not None:
            self.rooms[name] -= 1

    def _hear(self, batch: Sequence[Said], now: datetime) -> None:
        anew: dict[Key, bool] = {}
        for said in batch:
            self._store(said, anew)
        self.count_rooms()
        for said in batch:
            talk = self.talks[key_of(said)]
            if talk.key in anew:
                self._take_back(talk, now, reopens=anew.pop(talk.key))
            act(self, talk, said, now)
        touched = [self.talks[key] for key in {key_of(said): None for said in batch}]
        for talk in touched:
            talk.time_anew()
        self._follow_up(batch, now)
        self._named |= {(said.project, said.who) for said in batch if said.platform == "vk"}
        for talk in touched:
            self._note_seen(talk, now)

    def _note_seen(self, talk: Talk, now: datetime) -> None:
        clocks = talk.first_clock(), talk.next_clock()
        self.seen[now, talk.key] = Seen(talk.assignee, talk.team, talk.priority, *clocks)

    def _follow_up(self, batch: Sequence[Said], now: datetime) -> None:
        """What comes of a message whatever rules say: first all words of the machine, then all alerts, then leads."""
        for said in batch:
            self._reply(said, now)
        for said in batch:
            self._ring_mood(said, now)
        for said in batch:
            self._make_lead(said)

    def _store(self, said: Said, anew: dict[Key, bool]) -> None:
        key = key_of(said)
        project = next(one for one in PROJECTS if one.name == said.project)
        if key not in self.talks:
            self.talks[key] = Talk(key, project, self.calendars[project.name], said.at)
        talk = self.talks[key]
        if needs_answer(said):
            waited = talk.wait is not None
            reopens = talk.ask(said.at)
            if reopens or not waited:
                anew.setdefault(key, reopens)

    def _take_back(self, talk: Talk, now: datetime, *, reopens: bool) -> None:
        """Its person sleeps: on reopening whoever is on shift gets it, in a talk that went on only if there is one."""
        names = {name for team in talk.project.teams.values() for name in team}
        somebody = any(self.rooms.get(name, 0) > 0 for name in names)
        if talk.assignee is not None and talk.assignee not in self.on_shift and (reopens or somebody):
            self.give(talk, None, now)

    def _reply(self, said: Said, now: datetime) -> None:
        talk, project = self.talks[key_of(said)], self.talks[key_of(said)].project
        last = talk.last_answer
        if now - said.at > FRESH or (last is not None and said.at - last <= LIVE):
            return
        calendar = self.calendars[project.name]["project"]
        is_closed = not calendar.is_open(now) and not calendar.is_open(said.at)
        is_first = talk.started == said.at and last is None and said.kind == "direct"
        may = said.kind == "direct" or project.is_public
        if is_closed and needs_answer(said) and may:
            self._say(talk, said, project.after_hours, ("after_hours", calendar.opens_at(now)), now)
        elif is_first and project.greeting is not None and needs_answer(said):
            self._say(talk, said, project.greeting, ("greeting", None), now)

    def _say(self, talk: Talk, said: Said, text: str, occasion: tuple[str, datetime | None], now: datetime) -> None:
        place = (said.project, said.platform, said.post)
        recent = [at for at in self._public.get(place, []) if at > now - timedelta(hours=1)]
        if (talk.key, *occasion) in self._used or (said.post and len(recent) >= PUBLIC_CAP):
            return
        self._used.add((talk.key, *occasion))
        if said.post:
            self._public.setdefault(place, []).append(now)
        is_named = said.platform == "telegram" or (said.project, said.who) in self._named
        name = name_of(said.who).split()[0] if is_named else ""
        text = text.replace("{opening}", self.calendars[said.project]["project"].opening_in_words(now))
        if not name:
            text = text.replace(", {name}", "").replace("{name}, спим", "Спим")
        self.replies.append((talk.key, now, text.replace("{name}", name)))

    def _ring_mood(self, said: Said, now: datetime) -> None:
        is_toxic = said.meaning.is_toxic and not said.meaning.is_unsure
        if is_toxic or said.meaning.is_negative:
            kind = "toxic" if is_toxic else "negative"
            self.bells[said.project].ring(kind, key_of(said), said.words, said.at, now)

    def _make_lead(self, said: Said) -> None:
        """The rule of leads comes after that of insults, which ends the matter."""
        key = key_of(said)
        if said.meaning.is_toxic:
            return
        if said.meaning.intent == "lead" and not said.meaning.is_unsure and key not in self.leads:
            self.leads[key] = Lead(self.talks[key], said.at)

    def _answer(self, now: datetime) -> None:
        """Everybody on shift answers some of their oldest; some they close, some they put aside."""
        for person in PEOPLE:
            if person.name not in self.on_shift:
                continue
            theirs = [talk for talk in self.talks.values() if talk.is_load and talk.assignee == person.name]
            theirs.sort(key=lambda talk: talk.waits[-1].since)
            for talk in theirs[: self._chance.randrange(0, 4)]:
                self._deal(person.name, talk, now)

    def _deal(self, who: str, talk: Talk, now: datetime) -> None:
        fate = self._chance.random()
        if fate < 0.1:
            until = now + timedelta(hours=self._chance.randrange(1, 7))
            talk.snooze(now, until)
            self.deeds.append(Deed(now, who, talk.key, "snooze", until))
            return
        talk.answer(now)
        self.answered.setdefault(talk.key, []).append((now, who))
        self.deeds.append(Deed(now, who, talk.key, "answer"))
        if fate < 0.5:
            talk.close(now)
            self.deeds.append(Deed(now, who, talk.key, "close"))

    def _sweep(self, now: datetime) -> None:
        for talk in self.talks.values():
            if talk.wakes is not None and talk.wakes <= now:
                talk.wake()
        for talk in self.talks.values():
            for clock, due in talk.broken(now):
                self.bells[talk.project.name].ring("breach", talk.key, f"{clock} {due:%d %H:%M:%S}", due, now)
        for project in PROJECTS:
            self._drain(project, now)
        for bell in self.bells.values():
            bell.tell(now)
        self._follow_leads(now)

    def _drain(self, project: Project, now: datetime) -> None:
        """What waits in a team goes to whoever has room, oldest first."""
        self.count_rooms()
        waiting = [
            talk for talk in self.talks.values()
            if talk.project is project and talk.is_load and talk.assignee is None and talk.team is not None
        ]  # fmt: skip
        for talk in sorted(waiting, key=lambda one: one.waits[-1].since):
            assert talk.team is not None
            name = self.next_of(project, talk.team)
            if name is not None:
                talk.routed = talk.waits[-1].since
                self.give(talk, name, now)

    def _follow_leads(self, now: datetime) -> None:
        """Owner, taking up, and what was let lie; in the order in which they came."""
        leads = [lead for lead in self.leads.values() if lead.taken_up is None]
        for lead in leads:
            if lead.talk.assignee is not None and lead.owner != lead.talk.assignee:
                self._own(lead, lead.talk.assignee, now)
        for lead in leads:
            sales = lead.talk.project.teams["sales"]
            found = [(at, who) for at, who in self.answered.get(lead.talk.key, []) if at >= lead.heard and who in sales]
            if lead.owner is not None and found:
                (lead.taken_up, lead.owner), lead.due = found[0], None
        for lead in leads:
            if lead.taken_up is None and lead.due is not None and lead.due <= now:
                self._miss(lead, now)

    def _own(self, lead: Lead, who: str, now: datetime) -> None:
        lead.owner = who
        lead.due = self.calendars[lead.talk.project.name]["project"].after(now, TAKE_UP)

    def _miss(self, lead: Lead, now: datetime) -> None:
        lead.missed += 1
        talk = lead.talk
        self.bells[talk.project.name].ring("lead", talk.key, f"missed {lead.missed}", now, now)
        line = self.turns[talk.project.name, "sales"]
        found = next((name for name in line if name in self.on_shift and name != lead.owner), None)
        lead.due = None
        if found is not None:
            line.remove(found)
            line.append(found)
            talk.team, talk.assignee = "sales", found
            self.handed.append((talk.key, now, found))
            talk.time_anew()
            self._own(lead, found, now)


def needs_answer(said: Said) -> bool:
    """In private all but sure spam, in public what asks, complains, buys or offers to work together."""
    if said.kind == "direct":
        return said.meaning.intent != "spam" or said.meaning.is_unsure
    return said.meaning.intent in {"lead", "complaint", "question", "partnership"}

"""The week as data: projects with hours and promises, people with shifts, messages. Nothing of the product is used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Literal

Spans = Sequence[tuple[int, int]]
"""Opens, closes: minutes after local midnight; over midnight the end passes 1440."""
Kind = Literal["direct", "comment"]
Platform = Literal["telegram", "vk"]
PLATFORMS: Sequence[Platform] = ("telegram", "vk")
DAY = 1440
MINUTE = timedelta(minutes=1)
BEGINS = datetime(2024, 12, 26, tzinfo=UTC)
"""A Thursday; Saturday the 28th is worked in Russia, from the 30th to the 8th of January nobody works."""
WEEK = timedelta(days=7, hours=12)
BACK_TO_WORK = datetime(2025, 1, 9, 5, tzinfo=UTC)
ENDS = datetime(2025, 1, 9, 21, tzinfo=UTC)
MESSAGES = 2000
POSTS = 3
SEED = 20241226


@dataclass(frozen=True, slots=True)
class Hours:
    """`week`: weekday (0 Monday) → spans; `own`: dates with spans of their own (none: closed)."""

    zone: str
    week: Mapping[int, Spans]
    russian_holidays: bool = False
    own: Mapping[date, Spans] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goals:
    """Minutes of working time by priority: (first, next); `resolution` None: not promised."""

    by_priority: Mapping[str, tuple[int, int]]
    resolution: int | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """`teams`: purpose → names; the words are of its auto-replies, None: it has none of that kind."""

    name: str
    hours: Hours
    goals: Goals
    teams: Mapping[str, Sequence[str]]
    owner: str
    after_hours: str
    greeting: str | None = None
    is_public: bool = False
    rings: bool = True
    quiet: tuple[int, int] | None = None
    support_hours: Hours | None = None
    rest_goes_to_the_freest: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """`shifts`: (begins, ends); those of one person do not touch."""

    name: str
    capacity: int
    shifts: Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a message is about, as its words say it to the tests' tagger."""

    intent: str
    is_negative: bool = False
    is_toxic: bool = False
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """`at` is a second of its own; `heard_at`: the moment at which the worker gets it."""

    at: datetime
    heard_at: datetime
    project: str
    platform: Platform
    kind: Kind
    who: int
    post: int
    meaning: Meaning
    words: str


Key = tuple[str, str, str, int, int]
"""Project, platform, kind, person, post (0 in private): one conversation."""


def key_of(said: Said) -> Key:
    """The conversation of a message."""
    return said.project, said.platform, said.kind, said.who, said.post


WORDS: Mapping[str, str] = {
    "lead": "какая цена", "complaint": "всё плохо", "spam": "спам", "praise": "спасибо всем",
    "partnership": "есть сотрудничество", "question": "а когда", "other": "просто так",
}  # fmt: skip
INTENTS = ("lead", "complaint", "question", "praise", "other", "spam", "partnership")
WEIGHTS = (16, 14, 22, 14, 22, 8, 4)
SPOKEN_NAMES = ("Анна", "Олег", "Ира", "Пётр", "Лев", "Нина", "Юля", "Глеб")


def every(days: Sequence[int], spans: Spans) -> dict[int, Spans]:
    """The same hours on some weekdays."""
    return dict.fromkeys(days, spans)


LAD = Project(
    name="Лад",
    hours=Hours("Europe/Moscow", every(range(5), [(600, 840), (900, 1140)]), russian_holidays=True),
    goals=Goals({"low": (60, 60), "normal": (15, 30), "high": (10, 20), "urgent": (5, 10)}),
    teams={"sales": ("Маша", "Паша"), "support": ("Соня", "Коля"), "moderators": ("Мила", "Дима")},
    owner="Ольга",
    after_hours="Здравствуйте, {name}! Ответим {opening}.",
    support_hours=Hours("Europe/Moscow", every(range(7), [(540, 1260)]), own={date(2025, 1, 1): []}),
)  # fmt: skip
ZERNO = Project(
    name="Зерно",
    hours=Hours(
        "Asia/Yekaterinburg", every(range(7), [(480, 750), (780, 960), (960, 1380)]), russian_holidays=True,
        own={date(2024, 12, 31): [(720, 960)], date(2025, 1, 3): [(720, 1080)]},
    ),
    goals=Goals({"low": (40, 40), "normal": (20, 40), "high": (10, 20), "urgent": (5, 10)}, resolution=360),
    teams={"sales": ("Зоя",), "support": ("Игорь",), "moderators": ("Дима", "Игорь")},
    owner="Олег",
    after_hours="Ответим {opening}.",
    is_public=True,
    quiet=(1380, 420),
)  # fmt: skip
NOCHI = Project(
    name="Ночи",
    hours=Hours(
        "Europe/Kaliningrad", {**every(range(6), [(1200, 1680)]), 6: [(720, 900)]},
        own={date(2024, 12, 31): [], date(2025, 1, 1): []},
    ),
    goals=Goals(dict.fromkeys(("low", "normal", "high", "urgent"), (30, 30))),
    teams={"sales": ("Нина",), "support": ("Нина", "Вера"), "moderators": ("Вера", "Жанна", "Тая")},
    owner="Инна",
    after_hours="{name}, спим. Будем {opening}.",
    greeting="Привет, {name}!",
    rings=False,
    rest_goes_to_the_freest=True,
)  # fmt: skip
PROJECTS = (LAD, ZERNO, NOCHI)


def _shifts(begins: int, ends: int, away: Sequence[int]) -> list[tuple[datetime, datetime]]:
    """From minute to minute (UTC) of each day of the week but `away`, and of the day of coming back."""
    days = [*(BEGINS + timedelta(days=day) for day in range(8)), BACK_TO_WORK.replace(hour=0)]
    return [
        (day + begins * MINUTE, day + ends * MINUTE) for place, day in enumerate(days) if place not in away
    ]  # fmt: skip


def _everybody() -> tuple[Person, ...]:
    """Day shift, evening shift and night; New Year is day 6, the day of coming back is day 8."""
    day, evening, night = (420, 780), (750, 1110), (1080, 1439)
    holidays = (4, 5, 6)
    return (
        Person("Маша", 12, _shifts(*day, holidays)),
        Person("Паша", 8, _shifts(*evening, (*holidays, 3))),
        Person("Соня", 10, _shifts(*day, (6,))),
        Person("Коля", 6, _shifts(*evening, (5, 6))),
        Person("Мила", 9, _shifts(*day, holidays)),
        Person("Дима", 14, _shifts(*evening, (6,))),
        Person("Зоя", 9, _shifts(180, 900, (3, 6))),
        Person("Игорь", 12, _shifts(240, 720, (5,))),
        Person("Нина", 10, _shifts(*night, (5, 6))),
        Person("Вера", 7, _shifts(*night, (2, 5))),
        Person("Жанна", 7, _shifts(*night, (6,))),
        Person("Тая", 5, _shifts(*night, (3, 4, 5, 6))),
        Person("Ольга", 50, ()),
        Person("Олег", 50, ()),
        Person("Инна", 50, ()),
    )


PEOPLE = _everybody()


def name_of(who: int) -> str:
    """How a subscriber is called."""
    return f"{SPOKEN_NAMES[who % len(SPOKEN_NAMES)]} Гость{who}"


def moments() -> list[datetime]:
    """When the worker works: about every two and a half hours, at whole minutes, and when shifts begin or end."""
    chance = Random(SEED)  # repeatable, not secret
    found: set[datetime] = set()
    for begins, length, every_minutes in ((BEGINS, WEEK, 160), (BACK_TO_WORK, ENDS - BACK_TO_WORK, 150)):
        at = begins + 20 * MINUTE
        while at < begins + length:
            found.add(at + chance.randrange(-20, 21) * MINUTE)
            at += every_minutes * MINUTE
    found |= {at for person in PEOPLE for shift in person.shifts for at in shift}
    found |= {BEGINS + WEEK + timedelta(hours=hours) for hours in range(12, 160, 24)}
    return sorted(found)


def messages() -> list[Said]:
    """In platform time; every conversation's own come in order, some strangers' come late."""
    chance = Random(SEED + 1)  # repeatable, not secret
    all_moments = moments()
    heard = [at for at in all_moments[1:] if at < BEGINS + WEEK or at >= BACK_TO_WORK]
    before = dict(zip(all_moments[1:], all_moments, strict=False))
    taken: set[datetime] = set()
    made = []
    for number in range(MESSAGES):
        heard_at = heard[number * len(heard) // MESSAGES]
        made.append(_say(chance, before[heard_at], heard_at, number, taken))
    return sorted(made, key=lambda one: one.at)


def _say(chance: Random, before: datetime, heard_at: datetime, number: int, taken: set[datetime]) -> Said:
    """Within three minutes, and after the worker's moment `before`; what comes late is a stranger's only message."""
    is_late = chance.random() < 0.03
    longest = min(170, int((heard_at - before).total_seconds()) - 1)
    away = timedelta(minutes=40) if is_late else timedelta()
    at = heard_at - away - timedelta(seconds=chance.randrange(1, longest))
    while at in taken:
        at = heard_at - away - timedelta(seconds=chance.randrange(1, longest))
    taken.add(at)
    project = chance.choice(PROJECTS)
    kind: Kind = "comment" if chance.random() < 0.4 else "direct"
    intent = chance.choices(INTENTS, WEIGHTS)[0]
    meaning = Meaning(
        intent, is_negative=chance.random() < 0.08 and intent != "praise", is_toxic=chance.random() < 0.03,
        is_unsure=chance.random() < 0.06,
    )  # fmt: skip
    who = 50_000 + number if is_late else chance.randrange(1, 31 if kind == "direct" else 24) + 1000
    post = chance.randrange(1, POSTS + 1) if kind == "comment" else 0
    return Said(at, heard_at, project.name, chance.choice(PLATFORMS), kind, who, post, meaning, _words(meaning, number))


def _words(meaning: Meaning, number: int) -> str:
    parts = [WORDS[meaning.intent]]
    parts += ["ужас"] if meaning.is_negative else []
    parts += ["дурак"] if meaning.is_toxic else []
    parts += ["наверное"] if meaning.is_unsure else []
    return f"{' '.join(parts)} {number}"


def turns_of_shifts() -> Iterator[tuple[datetime, str, bool]]:
    """When somebody comes or goes, in order; at one moment whoever goes is first."""
    found = [
        (at, person.name, comes)
        for person in PEOPLE
        for shift in person.shifts
        for at, comes in zip(shift, (True, False), strict=True)
    ]
    yield from sorted(found, key=lambda one: (one[0], one[2], one[1]))

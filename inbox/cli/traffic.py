"""The demo's stream of subscribers: real-sounding messages of our seed corpus, said to the simulator."""

import asyncio
import contextlib
import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import httpx
import structlog

from inbox.channels.events import Platform

TRADES = ("furniture", "marketplace-seller", "kids-goods")
FIRST_BURST = 18
FIRST_PERSON = 510_000
SHORTEST, LONGEST = 4.0, 14.0
PEOPLE = (
    "Анна Соколова", "Дмитрий Панин", "Марина Ревякина", "kirill_77", "Ольга Лебедева", "Елена Власова", "Тимур Т.",
    "Настя ✨", "Сергей Михайлович", "Катя Иванова", "Рустам", "Вера Павловна", "alex_m", "Полина К.", "Игорь Р.",
    "Людмила Орлова", "Gleb", "Светлана Белова", "мамаДвоих", "Артур Хасанов", "Юлия Н.", "Виктор", "Дарья С.",
    "Max Petrov", "Галина Ивановна", "Ирина Зуева", "Стас", "Алина", "Роман Кузнецов", "Женя",
)  # fmt: skip
POSTS = (
    "Кухня «Верба» — новый цвет «мокрый песок». Собрали первую кухню в новом цвете: фасады матовые, ручки скрытые, "
    "столешница 38 мм.",
    "Осенние скидки: до конца ноября шкафы-купе дешевле на 15 %. Замер бесплатный, сборка за два дня.",
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say. `kind`: direct or comment."""

    text: str
    kind: str


def corpus_lines() -> list[Line]:
    """Lines of the trades that suit the demo's brand."""
    folder = files("moderation.data").joinpath("seed")
    lines: list[Line] = []
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.startswith(TRADES):
            with file.open(encoding="utf-8") as rows:
                lines += [
                    Line(row["text"], row["kind"])
                    for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
                ]
    return lines


async def run_traffic(sim_url: str, seed: int, stop: asyncio.Event) -> None:
    """Two posts on each platform, a first burst, then somebody every few seconds until `stop`."""
    chance = random.Random(seed)  # noqa: S311  # a demo's dice, not a secret
    lines = corpus_lines()
    if not lines:
        return
    async with httpx.AsyncClient(base_url=sim_url, timeout=10) as phone:
        with contextlib.suppress(httpx.HTTPError):
            for platform in Platform:
                for text in POSTS:
                    await phone.post("/sim/post", json={"platform": platform, "text": text})
        for place, saying in enumerate(_sayings(lines, chance)):
            try:
                answer = await phone.post("/sim/say", json=saying)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                log.warning("nobody_writes", error=str(error))
            pause = 0.15 if place < FIRST_BURST else chance.uniform(SHORTEST, LONGEST)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            if stop.is_set():
                return


def _sayings(lines: list[Line], chance: random.Random) -> Iterator[dict[str, object]]:
    """Endless bodies for POST /sim/say; a person keeps their name and id, and their platform."""
    while True:
        for line in chance.sample(lines, len(lines)):
            place = chance.randrange(len(PEOPLE))
            yield {
                "platform": Platform.VK if place % 2 else Platform.TELEGRAM,
                "kind": "direct" if line.kind == "direct" else "comment",
                "author": {"id": FIRST_PERSON + place, "name": PEOPLE[place]},
                "text": line.text,
            }

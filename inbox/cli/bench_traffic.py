"""Raw Telegram updates for benchmarks: our corpus' texts made unique, from many people, in private and under posts."""

import csv
import random
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files

GROUP = -1_002_000_000_001
COMMUNITY = -1_001_000_000_001
POSTS = 5
FIRST_PERSON = 600_000_000


def corpus_texts() -> list[str]:
    """Every text of the seed corpus."""
    folder = files("moderation.data").joinpath("seed")
    texts: list[str] = []
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        with file.open(encoding="utf-8") as rows:
            texts += [row["text"] for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return texts


def unique_texts(count: int, seed: int = 0) -> list[str]:
    """`count` different texts of the corpus' kind and length."""
    chance = random.Random(seed)  # noqa: S311  # a benchmark's dice, not a secret
    texts = corpus_texts()
    return [f"{chance.choice(texts)} ({number})" for number in range(count)]


def updates(texts: list[str], now: datetime, first_id: int = 1) -> Iterator[Mapping[str, object]]:
    """An update for each text; four messages a person, every third is a comment under one of five posts."""
    people = max(1, len(texts) // 4)
    for place, text in enumerate(texts):
        number = first_id + place
        person = FIRST_PERSON + place % people
        author = {"id": person, "is_bot": False, "first_name": f"Person {person}"}
        message: dict[str, object] = {
            "message_id": 1_000 + number, "date": int(now.timestamp()), "from": author, "text": text,
            "chat": {"id": person, "type": "private", "first_name": f"Person {person}"},
        }  # fmt: skip
        if place % 3 == 2:
            message |= _under_post(place % POSTS, now)
        yield {"update_id": number, "message": message}


def _under_post(post: int, now: datetime) -> dict[str, object]:
    group = {"id": GROUP, "type": "supergroup", "title": "Bench talk"}
    forward = {
        "message_id": 10 + post, "date": int(now.timestamp()), "chat": group, "is_automatic_forward": True,
        "sender_chat": {"id": COMMUNITY, "type": "channel", "title": "Bench"}, "text": f"Post {post}",
        "from": {"id": 777_000, "is_bot": False, "first_name": "Telegram"},
    }  # fmt: skip
    return {"chat": group, "message_thread_id": 10 + post, "reply_to_message": forward}

"""A project whose subscribers speak slang of their own: 400 labelled messages, and the way they come in."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
from sqlalchemy import select

from inbox.conversations.models import Message, Tags
from inbox.conversations.pipeline import Pipeline
from inbox.conversations.tags import Tagged
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.stream import Entry, IntakeStream
from inbox.learning.models import LearnedModel
from moderation.learning.evaluate import read_table
from moderation.learning.measure import measure, number
from moderation.triage.weights import TASKS
from routing.rules.service import apply_rules
from tests.company import Company

Labels = Mapping[str, str]

_TABLE = read_table(Path(__file__).parent / "slang.tsv")
SLANG: Mapping[str, Labels] = {
    text: {task: _TABLE.labels[task][place] for task in TASKS} for place, text in enumerate(_TABLE.texts)
}
"""Text → task → label."""


def deal(taught: int, seed: int = 7) -> tuple[list[str], list[str]]:
    """So many texts at random, and the rest."""
    texts = list(SLANG)
    order = np.random.default_rng(seed).permutation(len(texts))
    return [texts[place] for place in order[:taught]], [texts[place] for place in order[taught:]]


def labels_of(texts: Iterable[str], tags: Iterable[Tagged | Tags]) -> dict[str, Labels]:
    """What was said or stored of each, by text."""
    return {
        text: {"sentiment": one.sentiment.value, "intent": one.intent.value, "toxic": str(int(one.toxic))}
        for text, one in zip(texts, tags, strict=True)
    }


def macro_f1(said: Mapping[str, Labels]) -> dict[str, float]:
    """By task."""
    return {
        task: number(
            measure([SLANG[text][task] for text in said], [one[task] for one in said.values()], [True] * len(said)),
            "macro_f1",
        )
        for task in TASKS
    }


@dataclass(slots=True)
class Project:
    """The company's first project."""

    company: Company
    numbers: "count[int]" = field(default_factory=lambda: count(5000))

    async def receive(self, texts: Sequence[str], channel_id: int | None = None) -> dict[str, int]:
        """The texts, each new to the channel, go the whole way of intake; returns the messages' ids by text."""
        context, channel = self.company.context, channel_id or self.company.channel_id
        pipeline = Pipeline(context, IntakeStream(context.redis, "one", "test:intake:slang"), apply_rules)
        entries = [self._entry(text, channel) for text in texts]
        for start in range(0, len(entries), 100):
            await pipeline.process(entries[start : start + 100])
        ended = asyncio.Event()
        ended.set()
        await pipeline.run(ended)
        async with context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(
                select(Message.text, Message.id).where(Message.text.in_(texts), Message.channel_id == channel)
            )
            return dict(rows.all())

    def _entry(self, text: str, channel_id: int) -> Entry:
        number, now = next(self.numbers), self.company.context.clock()
        raw = {
            "update_id": number,
            "message": {
                "message_id": number, "date": int(now.timestamp()), "text": text,
                "from": {"id": number, "is_bot": False, "first_name": "Лис"},
                "chat": {"id": number, "type": "private", "first_name": "Лис"},
            },
        }  # fmt: skip
        return Entry(f"{number}-0", channel_id, now, "test", json.dumps(raw))

    async def correct(self, ids: Mapping[str, int]) -> None:
        """The owner says of each what it is."""
        owner = await self.company.client_of("owner")
        for text, message_id in ids.items():
            said = SLANG[text]
            answer = await owner.put(
                f"/api/v1/messages/{message_id}/tags",
                json={"intent": said["intent"], "sentiment": said["sentiment"], "toxic": said["toxic"] == "1"},
            )
            assert answer.status_code == 200, answer.text

    async def tags(self, ids: Mapping[str, int]) -> dict[str, Labels]:
        """What is stored, by text."""
        rows = await self.rows(ids)
        return labels_of(rows, rows.values())

    async def rows(self, ids: Mapping[str, int]) -> dict[str, Tags]:
        """Rows of tags by text."""
        async with self.company.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(
                select(Message.text, Tags).join(Tags, Tags.message_id == Message.id).where(Message.id.in_(ids.values()))
            )
            return dict(rows.all())

    async def trainings(self) -> list[LearnedModel]:
        """Oldest first."""
        async with self.company.context.database.session(EVERY_WORKSPACE) as session:
            return list(await session.scalars(select(LearnedModel).order_by(LearnedModel.id)))

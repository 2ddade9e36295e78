"""Who writes during a run: subscribers on their phones, and a person who answers over the JSON API."""

import asyncio
import contextlib
import csv
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

import moderation.data
from tests.chaos.plan import Plan

PEOPLE = 400
FIRST_PERSON = 600_000
EDITED_SHARE = 0.1
EDIT_PAUSE = 1.1
"""Telegram's times are whole seconds: which of two edits in one second came last, nobody can tell."""
WRITERS = 6
DIRECT_SHARE = 0.9
"""Of the replies: under posts all stand in one chat, where Telegram takes 20 a minute."""

FAULTS: tuple[dict[str, object], ...] = (
    {"method": "sendMessage", "error": 429, "retry_after": 1, "chance": 0.04},
    {"method": "sendMessage", "error": 500, "chance": 0.02},
    {"method": "sendMessage", "error": 500, "when": "after", "chance": 0.02},
    {"method": "sendMessage", "error": "drop", "chance": 0.02},
    {"method": "sendMessage", "error": "drop", "when": "after", "chance": 0.02},
    {"method": "sendMessage", "error": "timeout", "chance": 0.005},
    {"method": "sendMessage", "error": "timeout", "when": "after", "chance": 0.005},
    {"method": "getUpdates", "error": 500, "chance": 0.02},
    {"method": "getUpdates", "error": 429, "retry_after": 1, "chance": 0.01},
    {"method": "getUpdates", "error": "drop", "when": "after", "chance": 0.02},
)


@dataclass(slots=True)
class Truth:
    """What was said and what was answered: the measure of the rows."""

    said: dict[str, str] = field(default_factory=dict)
    """external id → its last text"""
    edits: int = 0
    answers: dict[int, tuple[int, str]] = field(default_factory=dict)
    """message id → (conversation id, text), as the API acknowledged it"""


def corpus() -> list[str]:
    """Texts of the seed corpus."""
    texts: list[str] = []
    for path in sorted((Path(moderation.data.__path__[0]) / "seed").glob("*.tsv")):
        with path.open(encoding="utf-8") as rows:
            texts += [row["text"] for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return texts


async def spoil(sim: httpx.AsyncClient) -> None:
    """Faults, duplicates and disorder on."""
    for fault in FAULTS:
        body = {"platform": "telegram", "times": 1_000_000, **fault}
        (await sim.post("/sim/fault", json=body)).raise_for_status()
    disorder = {"platform": "telegram", "duplicate": 0.05, "reorder": 0.05}
    (await sim.post("/sim/disorder", json=disorder)).raise_for_status()


async def write_as_subscribers(sim: httpx.AsyncClient, plan: Plan, truth: Truth) -> None:
    """All messages, in private, under posts and in the group; some are edited, once or twice."""
    dice, texts = Random(plan.seed), corpus()
    for number in range(3):
        (await sim.post("/sim/post", json={"platform": "telegram", "text": f"Пост {number}"})).raise_for_status()
    numbers = iter(range(plan.messages))
    pause = plan.seconds / plan.messages * WRITERS

    async def write() -> None:
        for number in numbers:
            began = asyncio.get_running_loop().time()
            await _say(sim, number, dice, texts, truth)
            await asyncio.sleep(max(0.0, pause - (asyncio.get_running_loop().time() - began)))

    await asyncio.gather(*(write() for _ in range(WRITERS)))


async def _say(sim: httpx.AsyncClient, number: int, dice: Random, texts: list[str], truth: Truth) -> None:
    person = dice.randrange(PEOPLE)
    text = f"{dice.choice(texts)} [{number}]"
    body = {
        "platform": "telegram", "kind": dice.choices(("direct", "comment", "group"), (60, 30, 10))[0], "text": text,
        "author": {"id": FIRST_PERSON + person, "name": f"Подписчик {person}"},
    }  # fmt: skip
    answer = (await sim.post("/sim/say", json=body)).raise_for_status().json()
    external_id = f":{answer['chat_id']}:{answer['message_id']}"
    truth.said[external_id] = text
    while dice.random() < EDITED_SHARE:
        await asyncio.sleep(EDIT_PAUSE)
        text = f"{dice.choice(texts)} [{number}, правка]"
        edit = {"platform": "telegram", "message_id": answer["message_id"], "chat": answer["chat_id"], "text": text}
        (await sim.post("/sim/edit", json=edit)).raise_for_status()
        truth.said[external_id] = text
        truth.edits += 1


class Answering:
    """A person who answers; whatever fails is asked again with the same Idempotency-Key."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self._url, self._email, self._password = url, email, password
        self._token = ""

    async def write(self, plan: Plan, truth: Truth) -> None:
        """All replies, spread over the time, to whoever has written by then."""
        dice = Random(plan.seed + 1)
        async with httpx.AsyncClient(base_url=self._url, timeout=10) as client:
            for number in range(plan.replies):
                began = asyncio.get_running_loop().time()
                kind = "direct" if dice.random() < DIRECT_SHARE else "comment"
                conversation_id = dice.choice(await self._conversations(client, kind))
                text = f"Ответ {number}"
                path = f"/api/v1/conversations/{conversation_id}/messages"
                answer = await self._ask(client, "POST", path, {"text": text}, key=f"chaos-{plan.seed}-{number}")
                truth.answers[int(str(answer["id"]))] = (conversation_id, text)
                pause = plan.seconds / plan.replies
                await asyncio.sleep(max(0.0, pause - (asyncio.get_running_loop().time() - began)))

    async def _conversations(self, client: httpx.AsyncClient, kind: str) -> list[int]:
        while True:
            answer = await self._ask(client, "GET", f"/api/v1/conversations?order=newest&limit=100&kind={kind}")
            items = answer["items"]
            if isinstance(items, list) and items:
                return [int(item["id"]) for item in items]
            await asyncio.sleep(0.5)

    async def _ask(
        self, client: httpx.AsyncClient, method: str, path: str, body: dict[str, object] | None = None, key: str = ""
    ) -> dict[str, object]:
        while True:
            if not self._token:
                await self._sign_in(client)
                continue
            headers = {"Authorization": f"Bearer {self._token}"} | ({"Idempotency-Key": key} if key else {})
            try:
                answer = await client.request(method, path, json=body, headers=headers)
            except httpx.HTTPError:
                await asyncio.sleep(0.3)
                continue
            if answer.is_success:
                content: dict[str, object] = answer.json()
                return content
            if answer.status_code == 401:
                self._token = ""
            elif answer.status_code >= 500:
                await asyncio.sleep(0.3)
            else:
                raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")

    async def _sign_in(self, client: httpx.AsyncClient) -> None:
        body = {"email": self._email, "password": self._password}
        with contextlib.suppress(httpx.HTTPError):
            answer = await client.post("/api/v1/auth/token", json=body)
            if answer.is_success:
                self._token = str(answer.json()["token"])
                return
            if answer.status_code < 500:
                raise AssertionError(f"cannot sign in: {answer.status_code} {answer.text[:300]}")
        await asyncio.sleep(0.5)

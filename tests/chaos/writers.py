"""Who writes during a run: subscribers on their phones, and a person who answers over the JSON API."""

import asyncio
import contextlib
import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

import moderation.data
from inbox.channels.events import Platform
from tests.chaos.plan import Plan

PEOPLE = 400
FIRST_PERSON = 600_000
EDITED_SHARE = 0.1
EDIT_PAUSE = 1.1
"""Telegram's times are whole seconds: which of two edits in one second came last, nobody can tell."""
WRITERS = 6
DIRECT_SHARE = 0.9
"""Of the replies: under posts all stand in one chat, where Telegram takes 20 a minute."""

VK_SHARE = 0.4
CALLBACK_TITLE = "Chaos"
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

VK_FAULTS: tuple[dict[str, object], ...] = (
    {"method": "messages.send", "error": 500, "when": "after", "chance": 0.03},
    {"method": "messages.send", "error": "drop", "when": "after", "chance": 0.03},
    {"method": "messages.send", "error": "drop", "chance": 0.02},
    {"method": "messages.send", "error": 10, "chance": 0.02},
    {"method": "messages.send", "error": 9, "chance": 0.01},
    {"method": "wall.createComment", "error": "drop", "when": "after", "chance": 0.05},
    {"method": "wall.createComment", "error": 500, "chance": 0.03},
    {"method": "longpoll", "error": 2, "chance": 0.02},
    {"method": "longpoll", "error": 1, "chance": 0.01},
    {"method": "longpoll", "error": 3, "chance": 0.01},
    {"method": "longpoll", "error": 77, "chance": 0.01},
    {"method": "longpoll", "error": 502, "chance": 0.02},
    {"method": "longpoll", "error": "drop", "when": "after", "chance": 0.03},
    {"method": "users.get", "error": 10, "chance": 0.1},
)
"""Lost answers, VK's own errors, and every word of the Long Poll: 1 and 3 skip events, 77 is none that VK knows."""


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
    for platform, faults in ((Platform.TELEGRAM, FAULTS), (Platform.VK, VK_FAULTS)):
        for fault in faults:
            body = {"platform": platform, "times": 1_000_000, **fault}
            (await sim.post("/sim/fault", json=body)).raise_for_status()
        disorder = {"platform": platform, "duplicate": 0.05, "reorder": 0.05}
        (await sim.post("/sim/disorder", json=disorder)).raise_for_status()


async def write_as_subscribers(sim: httpx.AsyncClient, plan: Plan, truth: Truth) -> None:
    """All messages, on both platforms, in private, under posts and in the group; some are edited, once or twice."""
    dice, texts = Random(plan.seed), corpus()
    for platform in Platform:
        for number in range(3):
            (await sim.post("/sim/post", json={"platform": platform, "text": f"Пост {number}"})).raise_for_status()
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
    platform = Platform.VK if dice.random() < VK_SHARE else Platform.TELEGRAM
    kind = dice.choices(("direct", "comment", "group"), (60, 30, 0 if platform is Platform.VK else 10))[0]
    author = {"id": FIRST_PERSON + person, "name": f"Подписчик {person}"}
    body = {"platform": platform, "kind": kind, "text": text, "author": author}
    answer = (await sim.post("/sim/say", json=body)).raise_for_status().json()
    external_id = _external_id(platform, kind, answer)
    truth.said[external_id] = text
    while dice.random() < EDITED_SHARE:
        await asyncio.sleep(EDIT_PAUSE)
        text = f"{dice.choice(texts)} [{number}, правка]"
        edit = {"platform": platform, "message_id": answer["message_id"], "chat": answer["chat_id"], "text": text}
        (await sim.post("/sim/edit", json=edit)).raise_for_status()
        truth.said[external_id] = text
        truth.edits += 1
        if (platform, kind) == (Platform.VK, "comment"):
            # VK dates no edit of a comment: of two of which one came late by Callback, nobody can tell the later.
            return


def _external_id(platform: Platform, kind: str, said: Mapping[str, object]) -> str:
    if platform is Platform.TELEGRAM:
        return f":{said['chat_id']}:{said['message_id']}"
    if kind == "comment":
        return f"wall:{said['chat_id']}:{said['post_id']}:{said['message_id']}"
    return f"message:{said['chat_id']}:{said['number']}"


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
                platform = Platform.VK if dice.random() < VK_SHARE else Platform.TELEGRAM
                conversation_id = dice.choice(await self._conversations(client, kind, platform))
                text = f"Ответ {number}"
                path = f"/api/v1/conversations/{conversation_id}/messages"
                answer = await self._ask(client, "POST", path, {"text": text}, key=f"chaos-{plan.seed}-{number}")
                truth.answers[int(str(answer["id"]))] = (conversation_id, text)
                pause = plan.seconds / plan.replies
                await asyncio.sleep(max(0.0, pause - (asyncio.get_running_loop().time() - began)))

    async def check(self, channel_id: int) -> None:
        """Have the channel looked at, as a person does who has mended its key or solved a captcha."""
        async with httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            await self._ask(client, "POST", f"/api/v1/channels/{channel_id}/check")

    async def _conversations(self, client: httpx.AsyncClient, kind: str, platform: Platform) -> list[int]:
        path = f"/api/v1/conversations?order=newest&limit=100&kind={kind}&platform={platform}"
        while True:
            answer = await self._ask(client, "GET", path)
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

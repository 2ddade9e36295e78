"""A simulator on a port of its own, a bot that calls it and a phone that plays subscribers."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn

from bots.simulator.app import create_simulator

Json = dict[str, object]
TOKEN = "7700000001:AAHsimulatorTESTsimulatorTESTsimula"
OTHER_TOKEN = "7700000002:AAHsimulatorTESTsimulatorTESTsimula"
ANNA = 600_001


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so; ten seconds at most."""
    for _ in range(200):
        if await is_so():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it never came to be so")


class MovedClock:
    """The machine's clock, which a test may move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, slots=True)
class Called:
    """A call's answer."""

    status: int
    body: Json

    @property
    def result(self) -> object:
        assert self.body["ok"] is True, self.body
        return self.body["result"]

    @property
    def message(self) -> Json:
        result = self.result
        assert isinstance(result, dict)
        return result

    @property
    def items(self) -> list[Json]:
        result = self.result
        assert isinstance(result, list)
        return result

    @property
    def refusal(self) -> tuple[int, object]:
        assert self.body["ok"] is False, self.body
        assert self.status == self.body["error_code"]
        return self.status, self.body["description"]


class Line:
    """Both sides of the simulator: a bot's calls, and the control plane."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    @property
    def url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    async def call(self, method: str, token: str = TOKEN, /, **params: object) -> Called:
        """One call of a bot, as JSON."""
        answer = await self.client.post(f"/bot{token}/{method}", json=params)
        return Called(answer.status_code, answer.json())

    async def updates(self, **params: object) -> list[Json]:
        """What a poll brings."""
        return (await self.call("getUpdates", **params)).items

    async def sim(self, action: str, **body: object) -> Json:
        """One request to the control plane that succeeds."""
        answer = await self.client.post(f"/sim/{action}", json={"platform": "telegram", **body})
        assert answer.is_success, answer.text
        parsed: Json = answer.json() if answer.content else {}
        return parsed

    async def refused(self, action: str, **body: object) -> tuple[int, list[str]]:
        """Status and named fields of a request that the control plane refuses."""
        answer = await self.client.post(f"/sim/{action}", json={"platform": "telegram", **body})
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, [error["field"] for error in answer.json().get("errors", [])]

    async def say(self, text: str = "", kind: str = "direct", author: int = ANNA, **body: object) -> int:
        """A subscriber writes; the number of the message."""
        said = await self.sim("say", kind=kind, author={"id": author, "name": "Анна Соколова"}, text=text, **body)
        message_id = said["message_id"]
        assert isinstance(message_id, int)
        return message_id

    async def heard(self, author: int = ANNA, **query: int) -> list[Json]:
        """What a subscriber sees from bots."""
        answer = await self.client.get("/sim/heard", params={"platform": "telegram", "author_id": author, **query})
        items: list[Json] = answer.json()["items"]
        return items

    async def calls(self, **query: str) -> list[Json]:
        """The record of calls."""
        answer = await self.client.get("/sim/calls", params=query)
        items: list[Json] = answer.json()["items"]
        return items

    async def chat(self, name: str) -> int:
        """The id of a place of the first bot's: channel, discussion, group."""
        bots = (await self.client.get("/sim/world")).json()["bots"]
        chat_id: int = bots[0]["chats"][name]
        return chat_id


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def address(clock: MovedClock) -> Iterator[str]:
    config = uvicorn.Config(
        create_simulator(7, clock), host="127.0.0.1", port=0, log_config=None, access_log=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 10
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
async def quiet(address: str) -> AsyncIterator[Line]:
    """A simulator that no bot has called."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as client:
        yield Line(client)


@pytest.fixture
async def line(quiet: Line) -> Line:
    """A simulator that one bot has called."""
    await quiet.call("getMe")
    return quiet

"""`otklik bench communities`: from VK's event to the stream, with few and with many communities in one bots process.

The simulated VK and the bots process are processes of their own; rounds of few and many follow each other, so that a
noisy machine disturbs both alike. What is compared is the waiting that a community has because of the others.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from pydantic import TypeAdapter
from rich.console import Console
from sqlalchemy import select, update

from inbox.channels.events import Platform
from inbox.channels.models import Channel, ReceiveMode
from inbox.cli.bench_demo import free_port
from inbox.cli.bench_home import throw_away_context
from inbox.cli.company import seed
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.secrets import make_secret
from inbox.core.settings import Settings
from inbox.core.stream import STREAM
from inbox.organisations.models import Workspace

FIRST_GROUP_ID = 300_000_000
GOAL = 1.5
ROUNDS = 2
READY_WITHIN = 120.0
_ENTRIES = TypeAdapter(list[tuple[str, list[tuple[str, dict[str, str]]]]])


@dataclass(slots=True)
class Round:
    """When each message was said, by its words, and how long it took to the stream, in seconds."""

    said_at: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)


async def communities(settings: Settings, few: int, many: int, seconds: float) -> None:
    """Measure both, turn by turn, and print p50, p95 and the ratio of the p95."""
    console = Console()
    times: dict[int, list[float]] = {few: [], many: []}
    async with throw_away_context(settings) as context, asyncio.timeout(3600):
        port = free_port()
        sim_url = f"http://127.0.0.1:{port}"
        await _connect(context, sim_url, many)
        simulator = ("-m", "uvicorn", "--factory", "bots.simulator.app:create_simulator", "--port", str(port),
                     "--log-level", "error")  # fmt: skip
        async with (
            _running(context, simulator),
            _running(context, ("-m", "inbox", "bots")),
            httpx.AsyncClient(base_url=sim_url, timeout=30, limits=httpx.Limits(max_connections=16)) as phone,
        ):
            for number in range(ROUNDS):
                for count in (few, many):
                    await _receive_for(context, phone, count)
                    found = await _measure(context, phone, count, seconds, f"{number}:{count}")
                    times[count] += found
                    console.print(f"round {number + 1}: {count} communities, {_in_words(found)}")
    p95 = {count: statistics.quantiles(found, n=20)[18] for count, found in times.items()}
    for count, found in times.items():
        console.print(f"{count} communities at 1 message/s each: {_in_words(found)}")
    console.print(f"ratio of the p95: {p95[many] / p95[few]:.2f} (goal: at most {GOAL})")


def _in_words(times: Sequence[float]) -> str:
    cuts = statistics.quantiles(times, n=20)
    return f"p50 {cuts[9] * 1000:,.0f} ms, p95 {cuts[18] * 1000:,.0f} ms ({len(times):,} messages)"


async def _connect(context: Context, sim_url: str, many: int) -> None:
    await seed(context, sim_url, closed=False)
    async with context.transaction(EVERY_WORKSPACE) as session:
        workspace_id = await session.scalar(select(Workspace.id).order_by(Workspace.id).limit(1))
        # The demo's own channels are no part of this.
        await session.execute(update(Channel).values(removed_at=context.clock()))
        for number in range(many):
            group_id = FIRST_GROUP_ID + number
            keys = {"token": f"vk1.a.club{group_id}.benchBENCH", "webhook_secret": make_secret()}
            session.add(
                Channel(
                    workspace_id=workspace_id, platform=Platform.VK, external_id=str(group_id), name=f"Club {number}",
                    credentials_encrypted=context.cipher.encrypt_fields(keys), key_fingerprint="ENCH", api_url=sim_url,
                    mode=ReceiveMode.WEBHOOK,
                )
            )  # fmt: skip


@asynccontextmanager
async def _running(context: Context, arguments: Sequence[str]) -> AsyncIterator[None]:
    """A process of the program's own, on the bench's home."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("OTKLIK_")}
    environment = {**others, "OTKLIK_HOME": str(context.settings.home), "OTKLIK_LOG_LEVEL": "ERROR"}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _receive_for(context: Context, phone: httpx.AsyncClient, count: int) -> None:
    """Have exactly so many communities polled, and wait until all of them are: each has called VK and is told of."""
    polled = Channel.external_id.in_([str(FIRST_GROUP_ID + number) for number in range(count)])
    async with context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).where(~polled).values(mode=ReceiveMode.WEBHOOK))
        await session.execute(update(Channel).where(polled).values(mode=ReceiveMode.POLL))
    async with asyncio.timeout(READY_WITHIN):
        while True:
            if await _is_heard(context, phone, count):
                return


async def _is_heard(context: Context, phone: httpx.AsyncClient, count: int) -> bool:
    """Whether a word to every community comes to the stream within a few seconds."""
    try:
        return len(await _measure(context, phone, count, 1.0, f"try:{time.monotonic()}", patience=5.0)) == count
    except (TimeoutError, ExceptionGroup):  # the simulator refuses until a community has called it
        await asyncio.sleep(1)
        return False


async def _measure(
    context: Context, phone: httpx.AsyncClient, count: int, seconds: float, name: str, patience: float = 60.0
) -> list[float]:
    """One message a second to each community, each at its own moment of the second."""
    now, wanted = Round(), int(count * seconds)
    await context.redis.delete(STREAM)
    reading = asyncio.create_task(_read(context, now, wanted))
    try:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(wanted):
                await asyncio.sleep(max(0.0, began + number / count - time.perf_counter()))
                group.create_task(_say(phone, now, number % count, f"{name}:{number}"))
        async with asyncio.timeout(patience):
            await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return now.took


async def _say(phone: httpx.AsyncClient, now: Round, community: int, words: str) -> None:
    body = {
        "platform": Platform.VK, "kind": "direct", "bot": FIRST_GROUP_ID + community, "text": words,
        "author": {"id": 700_000 + community, "name": "Bench"},
    }  # fmt: skip
    now.said_at[words] = time.perf_counter()
    (await phone.post("/sim/say", json=body)).raise_for_status()


async def _read(context: Context, now: Round, wanted: int) -> None:
    """Take the entries as they come, without a group."""
    last = "0"
    while len(now.took) < wanted:
        answer = _ENTRIES.validate_python(await context.redis.xread({STREAM: last}, count=500, block=1000) or [])
        arrived_at = time.perf_counter()
        for _, entries in answer:
            last = entries[-1][0]
            for _, fields in entries:
                words = _words_of(fields["raw"])
                if words in now.said_at:
                    now.took.append(arrived_at - now.said_at.pop(words))


def _words_of(raw: str) -> str:
    """The text of a message event; the bench's words need no unescaping."""
    return raw.partition('"text":"')[2].partition('"')[0]

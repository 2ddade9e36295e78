"""`otklik bench memory`: what all processes of `otklik up` take after so many messages; the simulator runs apart."""

import asyncio
from collections.abc import Mapping

import httpx
from rich.console import Console

from inbox.cli.bench_demo import Running
from inbox.cli.bench_traffic import unique_texts
from inbox.cli.bench_up import running_up
from inbox.cli.running import KEPT_SECONDS
from inbox.core.embedded.processes import file_memory, list_family, name_of, proportional_memory
from inbox.core.settings import Settings

GOAL_MB = 700
AT_ONCE = 16
PEOPLE = 2_000
LONGEST = 3 * 3600.0
LIMITS = httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=KEPT_SECONDS / 2)
"""A resting connection is closed by us before the simulator would, and long after a busy machine's pauses."""
MEGABYTE = 1024 * 1024


async def memory(settings: Settings, messages: int, then: int) -> None:
    """Say `messages`, measure; go on until `then`, measure after each so many; print all."""
    console = Console(soft_wrap=True)
    console.print(f"goal: at most {GOAL_MB} MB after {messages:,} messages, and no growth from there")
    async with running_up(settings) as running, asyncio.timeout(LONGEST):
        console.print(f"when ready: {describe_sizes(running.pid)}")
        texts = unique_texts(then)
        for start in range(0, then, messages):
            said = texts[start : start + messages]
            await _say(running, said, start)
            await _until_stored(running)
            console.print(f"after {start + len(said):,} messages: {describe_sizes(running.pid)}")


def describe_sizes(pid: int) -> str:
    """Proportional set size (shared pages count once) of a process with its descendants: in all, what of it are pages
    of files (a model's, as far as it was read), and by program.
    """
    sizes: dict[str, list[float]] = {}
    family = list_family(pid)
    for one in family:
        if size := proportional_memory([one]):
            sizes.setdefault(name_of(one), []).append(size / MEGABYTE)
    parts = [f"{name} {sum(some):,.1f}" + (f" in {len(some)}" if len(some) > 1 else "") for name, some in sizes.items()]
    of_files = file_memory(family) / MEGABYTE
    return f"{sum(map(sum, sizes.values())):,.0f} MB, {of_files:,.0f} MB of it pages of files ({', '.join(parts)})"


async def _say(running: Running, texts: list[str], offset: int) -> None:
    limits = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=running.sim_url, timeout=60, limits=LIMITS) as phone:

        async def say(body: Mapping[str, object]) -> None:
            async with limits:
                (await phone.post("/sim/say", json=body)).raise_for_status()

        for start in range(0, len(texts), 512):
            await asyncio.gather(
                *(say(saying(text, offset + start + place)) for place, text in enumerate(texts[start : start + 512]))
            )


def saying(text: str, number: int) -> dict[str, object]:
    """A body for POST /sim/say, from one of many people."""
    person = number % PEOPLE
    author = {"id": 700_000_000 + person, "name": f"Bench {person}"}
    return {"platform": "telegram", "kind": "direct", "author": author, "text": text}


async def _until_stored(running: Running) -> None:
    """A last message of a person of its own is stored when all before it are."""
    number = PEOPLE + int(asyncio.get_running_loop().time())
    name = f"Last {number}"
    body = {
        "platform": "telegram", "kind": "direct", "author": {"id": 800_000_000 + number, "name": name}, "text": "всё",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {running.token}"}
    async with httpx.AsyncClient(timeout=60, limits=LIMITS) as client:
        (await client.post(f"{running.sim_url}/sim/say", json=body)).raise_for_status()
        while True:
            answer = await client.get(f"{running.url}/api/v1/conversations", params={"q": name}, headers=headers)
            if answer.raise_for_status().json()["items"]:
                return
            await asyncio.sleep(1)

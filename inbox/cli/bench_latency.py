"""`otklik bench latency`: from the platform's send to the panel's event, beside a bare poll loop on a simulator."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

import httpx
import uvicorn
from rich.console import Console

from bots.simulator.app import create_simulator
from inbox.cli.bench_demo import Running, running_demo
from inbox.core.settings import Settings

TOKEN = "123456789:" + "A" * 35
LONGEST = 600.0
Say = Callable[[int], Awaitable[None]]


async def latency(_settings: Settings, messages: int, rate: float) -> None:
    """Measure both, one after the other, and print p50 and p95."""
    async with asyncio.timeout(LONGEST):
        async with running_demo() as demo:
            through = await _through_the_program(demo, messages, rate)
        bare = await _by_a_bare_loop(messages, rate)
    console = Console()
    for name, times in (("send to the panel's event", through), ("bare poll-and-print loop", bare)):
        cuts = statistics.quantiles(times, n=20)
        console.print(f"{name}: p50 {cuts[9] * 1000:,.0f} ms, p95 {cuts[18] * 1000:,.0f} ms ({len(times)} messages)")


async def _through_the_program(demo: Running, messages: int, rate: float) -> list[float]:
    """Each message comes from a person of its own, so that each event is of a conversation of its own."""
    headers = {"Authorization": f"Bearer {demo.token}"}
    heard: list[float] = []
    sent: list[float] = []
    listening = asyncio.Event()

    async def listen(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", f"{demo.url}/api/v1/live", headers=headers, timeout=None) as stream:
            stream.raise_for_status()
            listening.set()
            async for line in stream.aiter_lines():
                if line == "event: message":
                    heard.append(time.perf_counter())
                    if len(heard) == messages:
                        return

    async with httpx.AsyncClient(timeout=30) as client:
        hearing = asyncio.create_task(listen(client))
        await listening.wait()
        await _say_at(client, demo.sim_url, messages, rate, sent)
        await hearing
    # Messages of one subscriber's channel are stored and told in the order in which they were sent.
    return [end - start for start, end in zip(sent, heard, strict=True)]


async def _by_a_bare_loop(messages: int, rate: float) -> list[float]:
    server = uvicorn.Server(
        uvicorn.Config(create_simulator(), host="127.0.0.1", port=0, log_config=None, access_log=False)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    sent: list[float] = []
    try:
        async with httpx.AsyncClient(timeout=60) as client:
            (await client.post(f"{url}/bot{TOKEN}/getMe")).raise_for_status()
            polling = asyncio.create_task(_poll(client, url, messages))
            await _say_at(client, url, messages, rate, sent)
            heard = await polling
    finally:
        server.should_exit = True
        await serving
    return [end - start for start, end in zip(sent, heard, strict=True)]


async def _poll(client: httpx.AsyncClient, url: str, messages: int) -> Sequence[float]:
    heard: list[float] = []
    offset = 0
    while len(heard) < messages:
        answer = await client.post(f"{url}/bot{TOKEN}/getUpdates", json={"offset": offset, "timeout": 20})
        for update in answer.raise_for_status().json()["result"]:
            heard.append(time.perf_counter())
            offset = update["update_id"] + 1
    return heard


async def _say_at(client: httpx.AsyncClient, url: str, messages: int, rate: float, sent: list[float]) -> None:
    started = time.perf_counter()
    for number in range(messages):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        author = {"id": 700_000_000 + number, "name": f"Bench {number}"}
        body = {
            "platform": "telegram", "kind": "direct", "author": author, "text": f"сколько стоит доставка? {number}",
        }  # fmt: skip
        sent.append(time.perf_counter())
        (await client.post(f"{url}/sim/say", json=body)).raise_for_status()

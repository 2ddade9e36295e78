"""`otklik demo`: a fresh home, the simulator, a seeded team, and a stream of people who write."""

import asyncio
import contextlib
import json
import socket
import sys
from dataclasses import asdict, dataclass

import httpx
from rich.console import Console
from rich.table import Table

from bots.simulator.app import create_simulator
from inbox.channels.events import Platform
from inbox.channels.service import run_check
from inbox.cli.build import Addresses, find_cipher, open_context, stop_on_signals
from inbox.cli.company import NAME, DemoAccount, seed
from inbox.cli.early import Starting
from inbox.cli.running import load_adapters, run_parts, serve, watch_servers
from inbox.cli.traffic import run_traffic
from inbox.core.context import Context
from inbox.core.embedded.home import Home
from inbox.core.events import CheckChannel
from inbox.core.settings import Settings

LOCAL = "127.0.0.1"
ASK_EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `otklik demo` was asked for."""

    port: int
    seed: int
    traffic: bool
    closed: bool
    as_json: bool


async def demo(options: DemoOptions, home: Home, starting: Starting, web: socket.socket, phone: socket.socket) -> None:
    """`up` with the simulator beside it, on the next port."""
    stop = stop_on_signals()
    servers = await asyncio.wrap_future(starting)
    settings = Settings(
        home=home.path, host=LOCAL, port=options.port, database_url=None, redis_url=None, secret_key=None,
        base_url=None, channels_private=True,
    )  # fmt: skip
    addresses = Addresses(servers.database_url, servers.redis_url)
    async with open_context(settings, addresses, find_cipher(settings, home)) as context:
        simulating = asyncio.create_task(_simulate(options.seed, phone, stop))
        try:
            await _run(context, options, stop, web, asyncio.create_task(watch_servers(servers, stop)))
        finally:
            stop.set()
            await simulating


async def _simulate(number: int, listener: socket.socket, stop: asyncio.Event) -> None:
    await serve(create_simulator(number), listener, stop)


async def _run(
    context: Context, options: DemoOptions, stop: asyncio.Event, web: socket.socket, watching: asyncio.Task[None]
) -> None:
    url, sim_url = f"http://{LOCAL}:{options.port}", f"http://{LOCAL}:{options.port + 1}"
    accounts, channel_ids = await seed(context, sim_url, closed=options.closed)

    async def when_ready() -> None:
        await _wait_until_ready(url, stop)
        if stop.is_set():
            return
        await asyncio.to_thread(load_adapters, context)
        for channel_id in channel_ids.values():  # the simulator learns of bot and community by their first call
            await run_check(context, CheckChannel(channel_id=channel_id))
        await _name_places(sim_url)
        _print_ready(url, sim_url, accounts, as_json=options.as_json)
        if options.traffic:
            await run_traffic(sim_url, options.seed, stop)

    try:
        await run_parts(context, stop, web, when_ready())
    finally:
        stop.set()
        await watching


async def _name_places(sim_url: str) -> None:
    """As the demo's brand is called."""
    async with httpx.AsyncClient(base_url=sim_url, timeout=5) as client:
        body = {"platform": Platform.VK, "name": NAME}
        (await client.post("/sim/bot", json=body)).raise_for_status()


async def _wait_until_ready(url: str, stop: asyncio.Event) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=5) as client:
        while not stop.is_set():
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get("/readyz")).is_success:
                    return
            await asyncio.sleep(ASK_EVERY_SECONDS)


def _print_ready(url: str, sim_url: str, accounts: list[DemoAccount], *, as_json: bool) -> None:
    """Where to go and who to be."""
    if as_json:
        line = {"url": url, "sim_url": sim_url, "accounts": [asdict(account) for account in accounts]}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("sign in as", "password", "role", "team"):
        table.add_column(column)
    for account in accounts:
        table.add_row(account.email, account.password, account.role, account.team or "—")
    console.print(f"\n[bold]Otklik[/bold]  {url}\n[bold]Phone [/bold]  {sim_url}\n")
    console.print(table)
    console.print("\nWrite something on the phone and watch the inbox. Ctrl-C ends the demo.\n")

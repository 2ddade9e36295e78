"""The commands that run parts of the program."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from bots.simulator.app import create_simulator
from inbox.cli import demo as demo_parts
from inbox.cli.build import Addresses, find_cipher, open_context, outside_addresses, reach_servers, stop_on_signals
from inbox.cli.running import QuietServer, run_bots, run_parts, run_web, watch_servers
from inbox.cli.traffic import run_traffic
from inbox.core.context import Context
from inbox.core.embedded.home import Home, open_home
from inbox.core.embedded.servers import start_servers
from inbox.core.errors import SetupError
from inbox.core.log import configure_logs
from inbox.core.schema import migrate as migrate_schema
from inbox.core.settings import Settings
from inbox.core.stream import IntakeStream
from inbox.worker import run_worker


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `otklik demo` was asked for."""

    port: int
    home: Path | None
    seed: int
    traffic: bool
    closed: bool
    as_json: bool


async def up(settings: Settings) -> None:
    """Embedded servers, migrations, then all parts in this process."""
    stop = stop_on_signals()
    outside = outside_addresses(settings)
    if outside:
        await asyncio.to_thread(migrate_schema, outside.database_url)
        async with open_context(settings, outside, find_cipher(settings, None)) as context:
            await run_parts(context, stop)
        return
    home = open_home(settings.home)
    with home.lock():
        servers = await asyncio.to_thread(start_servers, home)
        try:
            await asyncio.to_thread(migrate_schema, servers.database_url)
            addresses = Addresses(servers.database_url, servers.redis_url)
            async with open_context(settings, addresses, find_cipher(settings, home)) as context:
                await run_parts(context, stop, watch_servers(servers, stop))
        finally:
            await asyncio.to_thread(servers.stop)


async def demo(options: DemoOptions) -> None:
    """`up` with the simulator beside it."""
    path, temporary = demo_parts.fresh_home(options.home)
    settings = Settings(home=path, port=options.port, database_url=None, redis_url=None)
    configure_logs("WARNING")
    home = open_home(path)
    stop = stop_on_signals()
    try:
        with home.lock():
            servers = await asyncio.to_thread(start_servers, home)
            try:
                await asyncio.to_thread(migrate_schema, servers.database_url)
                addresses = Addresses(servers.database_url, servers.redis_url)
                async with open_context(settings, addresses, find_cipher(settings, home)) as context:
                    await _run_demo(context, stop, options, watch_servers(servers, stop))
            finally:
                await asyncio.to_thread(servers.stop)
    finally:
        if temporary:
            demo_parts.remove_home(path)


async def _run_demo(context: Context, stop: asyncio.Event, options: DemoOptions, watching: object) -> None:
    sim_url = f"http://127.0.0.1:{options.port + 1}"
    simulator = QuietServer(
        uvicorn.Config(
            create_simulator(options.seed), host="127.0.0.1", port=options.port + 1, log_config=None, access_log=False,
            timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    serving = asyncio.create_task(simulator.serve())
    accounts = await demo_parts.seed(context, sim_url, closed=options.closed)

    async def when_ready() -> None:
        url = f"http://{context.settings.host}:{options.port}"
        await demo_parts.wait_until_ready(url, stop)
        demo_parts.print_ready(url, sim_url, accounts, as_json=options.as_json)
        if options.traffic and not stop.is_set():
            await run_traffic(sim_url, options.seed, stop)

    try:
        await demo_parts.connect_channels(context, simulator)
        await run_parts(context, stop, watching, when_ready())
    finally:
        simulator.should_exit = True
        await serving


async def web(settings: Settings) -> None:
    """The web part alone."""
    await _apart(settings, run_web)


async def worker(settings: Settings) -> None:
    """A worker alone."""
    await _apart(settings, run_worker)


async def bots(settings: Settings) -> None:
    """Receivers alone."""
    await _apart(settings, run_bots)


async def _apart(settings: Settings, run) -> None:
    stop = stop_on_signals()
    with reach_servers(settings) as addresses:
        async with open_context(settings, addresses, find_cipher(settings, None)) as context:
            await run(context, stop)


def migrate(settings: Settings) -> None:
    """Schema and stream."""
    with reach_servers(settings) as addresses:
        migrate_schema(addresses.database_url)
        asyncio.run(_make_group(addresses))


async def _make_group(addresses: Addresses) -> None:
    from inbox.cli.build import connect_redis

    redis = connect_redis(addresses.redis_url)
    try:
        await IntakeStream(redis).ensure_group()
    finally:
        await redis.aclose()

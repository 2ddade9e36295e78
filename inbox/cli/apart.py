"""`otklik web`, `worker`, `bots` and `migrate`: the parts apart, any number of each, on the same two servers."""

import asyncio
import socket
from functools import partial

from inbox.cli.build import connect_redis, find_cipher, open_context, reach_servers, stop_on_signals
from inbox.cli.listening import bind
from inbox.cli.running import Part, ensure_group, keep_running, run_bots, run_web, settle_in, warm_up
from inbox.core.context import Context
from inbox.core.schema import migrate as migrate_schema
from inbox.core.settings import Settings
from inbox.core.stream import IntakeStream
from inbox.worker import run_worker


async def web(settings: Settings) -> None:
    """The web part alone."""
    with bind(settings.host, settings.port) as listener:
        await _run(settings, "web", partial(_warm_web, listener=listener))


async def worker(settings: Settings) -> None:
    """A worker alone."""
    await _run(settings, "worker", _warm_worker)


async def bots(settings: Settings) -> None:
    """Receivers alone."""
    await _run(settings, "bots", _warm_bots)


async def _warm_web(context: Context, stop: asyncio.Event, listener: socket.socket) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(run_web(context, stop, listener))
        group.create_task(asyncio.to_thread(settle_in, context))


async def _warm_worker(context: Context, stop: asyncio.Event) -> None:
    await warm_up(context)
    await run_worker(context, stop)


async def _warm_bots(context: Context, stop: asyncio.Event) -> None:
    await asyncio.to_thread(settle_in, context)
    await run_bots(context, stop)


async def _run(settings: Settings, name: str, part: Part) -> None:
    """Servers may come and go: the part waits for them, and starts anew after a fault of its own."""
    stop = stop_on_signals()
    with reach_servers(settings) as addresses:
        async with open_context(settings, addresses, find_cipher(settings, None)) as context:
            await ensure_group(context, stop)
            await keep_running(name, part, context, stop)


def migrate(settings: Settings) -> None:
    """Schema and stream."""
    with reach_servers(settings) as addresses:
        migrate_schema(addresses.database_url)
        asyncio.run(_make_group(addresses.redis_url))


async def _make_group(redis_url: str) -> None:
    redis = connect_redis(redis_url)
    try:
        await IntakeStream(redis).ensure_group()
    finally:
        await redis.aclose()

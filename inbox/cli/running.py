"""Runs the three parts, in one process (`up`) or apart (`web`, `worker`, `bots`)."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from importlib import import_module

import structlog
import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from inbox.app import create_app
from inbox.core.collecting import calm_collector
from inbox.core.context import Context
from inbox.core.embedded.servers import Servers
from inbox.core.errors import SetupError
from inbox.core.stream import IntakeStream
from inbox.core.transient import is_transient
from inbox.worker import run_worker

WATCH_SECONDS = 1.0
PAUSE_SECONDS = 1.0
GRACEFUL_SECONDS = 4
KEPT_SECONDS = 130
"""An idle connection is kept for longer than proxies keep theirs (nginx one minute, Caddy two, as they come): a request
that meets a closing connection is lost, and a client cannot know whether it was heard.
"""

Part = Callable[[Context, asyncio.Event], Awaitable[None]]

log = structlog.get_logger()


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the process decides when to stop."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve(app: ASGIApp, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, proxy_headers=True, lifespan="on",
        timeout_graceful_shutdown=GRACEFUL_SECONDS, timeout_keep_alive=KEPT_SECONDS,
    )  # fmt: skip
    server = QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        stopped.cancel()
        await serving


async def run_web(context: Context, stop: asyncio.Event, listener: socket.socket) -> None:
    """The panel and the API."""
    await serve(create_app(context, stop), listener, stop)


async def run_bots(context: Context, stop: asyncio.Event) -> None:
    """Receivers."""
    from bots.runner import BotsRunner

    await BotsRunner(context).run(stop)


async def warm_up(context: Context) -> None:
    """The classifier loads at its first text, an adapter when it is first asked for: have that behind us before
    somebody waits for it, and in a thread, so that the panel answers meanwhile."""
    await asyncio.to_thread(_load, context)


def load_adapters(context: Context) -> None:
    """All of them, and what receives with them."""
    for platform in context.adapters:
        context.adapters[platform]
    import_module("bots.runner")


def settle_in(context: Context) -> None:
    """What a process without a classifier loads before somebody waits for it."""
    load_adapters(context)
    calm_collector()


def _load(context: Context) -> None:
    load_adapters(context)
    context.tagger.tag(["Здравствуйте"])
    calm_collector()


async def _warm_then(name: str, part: Part, context: Context, stop: asyncio.Event, warming: asyncio.Task[None]) -> None:
    await warming
    await keep_running(name, part, context, stop)


async def ensure_group(context: Context, stop: asyncio.Event) -> None:
    """The stream's group, before anybody writes; a Redis that is away is waited for."""
    while not stop.is_set():
        try:
            return await IntakeStream(context.redis).ensure_group()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("redis_away", error=str(error))
            await asyncio.sleep(PAUSE_SECONDS)
    return None


async def keep_running(name: str, part: Part, context: Context, stop: asyncio.Event) -> None:
    """Run a part until `stop`; a fault that none of its loops foresaw starts it anew instead of ending the process."""
    while not stop.is_set():
        try:
            await part(context, stop)
        except SetupError:
            raise
        except Exception:
            log.exception("part_failed", part=name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)


async def watch_servers(servers: Servers, stop: asyncio.Event) -> None:
    """Start an embedded server again when it died."""
    while not stop.is_set():
        try:
            for name in await asyncio.to_thread(servers.ensure_running):
                log.warning("embedded_server_restarted", server=str(name))
        except SetupError as error:
            log.error("embedded_server_not_restarted", error=str(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), WATCH_SECONDS)


async def run_parts(
    context: Context, stop: asyncio.Event, listener: socket.socket, *further: Coroutine[None, None, None]
) -> None:
    """All three parts in this process, with what else is given; one that ends, ends all."""
    async with asyncio.TaskGroup() as group:
        for part in further:
            group.create_task(part)
        await ensure_group(context, stop)
        group.create_task(run_web(context, stop, listener))
        warming = group.create_task(warm_up(context))
        group.create_task(_warm_then("worker", run_worker, context, stop, warming))
        group.create_task(_warm_then("bots", run_bots, context, stop, warming))

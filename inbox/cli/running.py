"""Runs the three parts, in one process (`up`) or apart (`web`, `worker`, `bots`)."""

import asyncio
import contextlib
from collections.abc import Coroutine

import structlog
import uvicorn

from bots.runner import BotsRunner
from inbox.app import create_app
from inbox.core.context import Context
from inbox.core.embedded.servers import Servers
from inbox.core.errors import SetupError
from inbox.core.stream import IntakeStream
from inbox.worker import run_worker

WATCH_SECONDS = 1.0
READY_SECONDS = 30.0

log = structlog.get_logger()


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the process decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def, override]  # uvicorn's own is untyped
        """Leave signals alone."""
        yield


def make_server(context: Context) -> QuietServer:
    """The web part as a server."""
    settings = context.settings
    config = uvicorn.Config(
        create_app(context), host=settings.host, port=settings.port, log_config=None, access_log=False,
        timeout_graceful_shutdown=5, proxy_headers=True, server_header=False,
    )  # fmt: skip
    return QuietServer(config)


async def run_web(context: Context, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    server = make_server(context)
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    try:
        await serving
    except SystemExit:
        raise SetupError(
            f"port {context.settings.port} on {context.settings.host} is taken: set OTKLIK_PORT to another one"
        ) from None
    finally:
        stopped.cancel()
        stop.set()


async def run_bots(context: Context, stop: asyncio.Event) -> None:
    """Receive until `stop`."""
    await BotsRunner(context).run(stop)


async def watch_servers(servers: Servers, stop: asyncio.Event) -> None:
    """Start an embedded server again when it died."""
    while not stop.is_set():
        restarted = await asyncio.to_thread(servers.ensure_running)
        for name in restarted:
            log.warning("embedded_server_restarted", server=str(name))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), WATCH_SECONDS)


async def run_parts(context: Context, stop: asyncio.Event, *further: Coroutine[None, None, None]) -> None:
    """All three parts in this process, with what else is given."""
    await IntakeStream(context.redis).ensure_group()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_web(context, stop))
        group.create_task(run_worker(context, stop))
        group.create_task(run_bots(context, stop))
        for part in further:
            group.create_task(part)

"""`otklik up`: everything in one process, on embedded servers or on outside ones."""

import asyncio
import socket

from inbox.cli.build import Addresses, find_cipher, open_context, outside_addresses, stop_on_signals
from inbox.cli.early import Starting
from inbox.cli.running import run_parts, watch_servers
from inbox.core.embedded.home import Home
from inbox.core.errors import SetupError
from inbox.core.schema import migrate
from inbox.core.settings import Settings


async def up(settings: Settings, home: Home, starting: Starting, listener: socket.socket) -> None:
    """All parts on the home's servers until SIGTERM or Ctrl-C."""
    stop = stop_on_signals()
    servers = await asyncio.wrap_future(starting)
    addresses = Addresses(servers.database_url, servers.redis_url)
    async with open_context(settings, addresses, find_cipher(settings, home)) as context:
        await run_parts(context, stop, listener, watch_servers(servers, stop))


async def up_outside(settings: Settings, listener: socket.socket) -> None:
    """The same on the servers that the settings name."""
    stop = stop_on_signals()
    outside = outside_addresses(settings)
    if outside is None:
        raise SetupError("set OTKLIK_DATABASE_URL and OTKLIK_REDIS_URL")
    await asyncio.to_thread(migrate, outside.database_url)
    async with open_context(settings, outside, find_cipher(settings, None)) as context:
        await run_parts(context, stop, listener)

"""A throw-away home for benchmarks: servers, schema and a demo company that are gone afterwards."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from inbox.cli.build import Addresses, find_cipher, open_context
from inbox.core.context import Context
from inbox.core.embedded.home import open_home
from inbox.core.embedded.servers import start_servers
from inbox.core.schema import migrate
from inbox.core.settings import Settings


@asynccontextmanager
async def throw_away_context(settings: Settings) -> AsyncIterator[Context]:
    """A context on embedded servers of its own, as durable as real ones; the user's are never touched."""
    with tempfile.TemporaryDirectory(prefix="otklik-bench-") as folder:
        home = open_home(Path(folder) / "home")
        settings = settings.model_copy(update={"database_url": None, "redis_url": None, "home": home.path})
        with home.lock():
            servers = await asyncio.to_thread(start_servers, home)
            try:
                await asyncio.to_thread(migrate, servers.database_url)
                addresses = Addresses(servers.database_url, servers.redis_url)
                async with open_context(settings, addresses, find_cipher(settings, home)) as context:
                    yield context
            finally:
                await asyncio.to_thread(servers.stop)

"""A throw-away home for benchmarks: servers, schema and a demo company that are gone afterwards."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from inbox.cli.build import Addresses, find_cipher, open_context
from inbox.core.context import Context
from inbox.core.embedded.home import Home, open_home
from inbox.core.embedded.servers import start_servers
from inbox.core.schema import migrate
from inbox.core.settings import Settings


@contextmanager
def throw_away_home() -> Iterator[Home]:
    """A home of its own, removed afterwards; the user's is never touched."""
    with tempfile.TemporaryDirectory(prefix="otklik-bench-") as folder:
        yield open_home(Path(folder) / "home")


@asynccontextmanager
async def throw_away_context(settings: Settings) -> AsyncIterator[Context]:
    """A context on embedded servers of its own, as durable as real ones."""
    with throw_away_home() as home:
        async with open_throw_away(settings, home) as context:
            yield context


@asynccontextmanager
async def open_throw_away(settings: Settings, home: Home) -> AsyncIterator[Context]:
    """A context on the servers of this home, which stop afterwards."""
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

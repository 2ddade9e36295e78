"""Builds a process's context from settings: servers, key, adapters, classifier."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bots.adapters import LazyAdapters
from inbox.core.context import Context
from inbox.core.database import Database
from inbox.core.embedded.home import Home, open_home
from inbox.core.embedded.servers import attach_or_start
from inbox.core.errors import SetupError
from inbox.core.secrets import Cipher, read_or_make_key
from inbox.core.settings import Settings
from moderation.triage import load_tagger

REDIS_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where PostgreSQL and Redis are."""

    database_url: str
    redis_url: str


def outside_addresses(settings: Settings) -> Addresses | None:
    """The outside servers, when settings name both; one alone is a mistake."""
    if settings.database_url and settings.redis_url:
        return Addresses(settings.database_url, settings.redis_url)
    if settings.database_url or settings.redis_url:
        raise SetupError("Set both OTKLIK_DATABASE_URL and OTKLIK_REDIS_URL, or neither for the embedded servers.")
    return None


@contextmanager
def reach_servers(settings: Settings) -> Iterator[Addresses]:
    """The outside servers, or those of the home: attached to, or started for the length of the block."""
    if outside := outside_addresses(settings):
        yield outside
        return
    with attach_or_start(open_home(settings.home)) as embedded:
        yield Addresses(embedded.database_url, embedded.redis_url)


def find_cipher(settings: Settings, home: Home | None) -> Cipher:
    """From OTKLIK_SECRET_KEY, or from the home's own key when the servers are embedded."""
    if settings.secret_key:
        return Cipher(settings.secret_key.get_secret_value())
    if outside_addresses(settings):
        raise SetupError(
            "OTKLIK_SECRET_KEY is empty. With outside servers all processes must share one key; make it with: "
            'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
    return Cipher(read_or_make_key((home or open_home(settings.home)).path / "secret.key"))


def connect_redis(url: str) -> Redis:
    """A client whose connections are bounded: more callers wait instead of failing."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=REDIS_CONNECTIONS,
        timeout=20,
        decode_responses=True,
        socket_connect_timeout=5,
        socket_timeout=10,
        # Once more at once, for a connection that died in the pool; a server that is away is for callers to wait for.
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)


@asynccontextmanager
async def open_context(settings: Settings, addresses: Addresses, cipher: Cipher) -> AsyncIterator[Context]:
    """A whole context; gives everything back at the end."""
    database = Database(addresses.database_url)
    redis = connect_redis(addresses.redis_url)
    adapters = LazyAdapters(allow_private=settings.channels_private)
    tagger = await asyncio.to_thread(load_tagger)
    try:
        yield Context(
            settings=settings,
            database=database,
            redis=redis,
            cipher=cipher,
            adapters=adapters,
            tagger=tagger,
        )
    finally:
        await adapters.close()
        await redis.aclose()
        await database.close()


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or Ctrl-C sets; a second one ends at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            raise SystemExit(130)
        stop.set()

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, ask)
    return stop

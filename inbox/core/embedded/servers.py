"""Both servers of a home: start or adopt them, restart a dead one, stop them; or use those of a running `up`.

Who holds `home.lock()` owns the servers. A short command takes the lock if nobody has it and starts the servers for
itself, else it attaches; the last one to leave stops servers that nobody owns. Servers outlive a killed owner on
purpose: they are adopted at the next start, with everything committed in them.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from inbox.core.embedded.account import Account, find_account
from inbox.core.embedded.errors import EmbeddedServerError
from inbox.core.embedded.home import Home
from inbox.core.embedded.postgres import EmbeddedPostgres
from inbox.core.embedded.program import ServerName
from inbox.core.embedded.supervised import READY_WAIT_SECONDS, SupervisedServer
from inbox.core.embedded.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """How to reach the servers: SQLAlchemy's and libpq's form of PostgreSQL's address, redis-py's of Valkey's."""

    database_url: str
    database_dsn: str
    redis_url: str


class Servers:
    """The two running servers of a home. Methods block (use a thread) and may be called from any thread."""

    def __init__(self, addresses: ServerAddresses, servers: tuple[SupervisedServer, ...]) -> None:
        self.addresses = addresses
        self._servers = servers
        self._turn = threading.Lock()
        self._is_stopped = False

    @property
    def database_url(self) -> str:
        """`postgresql+psycopg://…` over the unix socket."""
        return self.addresses.database_url

    @property
    def database_dsn(self) -> str:
        """The same for libpq and psycopg."""
        return self.addresses.database_dsn

    @property
    def redis_url(self) -> str:
        """`unix://…`."""
        return self.addresses.redis_url

    @property
    def adopted(self) -> tuple[ServerName, ...]:
        """Those that were running when we came."""
        return tuple(server.program.name for server in self._servers if server.is_adopted)

    @property
    def pids(self) -> dict[ServerName, int]:
        """The live servers' process ids."""
        return {server.program.name: pid for server in self._servers if (pid := server.find_pid()) is not None}

    def ensure_running(self) -> tuple[ServerName, ...]:
        """Restart what died on the same address, wait until it serves, say what it was; keeps the logs short."""
        with self._turn:
            if self._is_stopped:
                return ()
            dead = [server for server in self._servers if not server.is_alive()]
            _start(dead)
            for server in self._servers:
                server.trim_log()
            return tuple(server.program.name for server in dead)

    def stop(self) -> None:
        """Stop both in order; nothing is restarted afterwards."""
        with self._turn:
            self._is_stopped = True
            with ExitStack() as endings:  # the second is stopped also when the first fails to
                for server in self._servers:
                    endings.callback(server.stop)


def start_servers(home: Home, *, durable: bool = True) -> Servers:
    """Adopt or start both servers and wait until they serve; hold `home.lock()` around it.

    `durable=False` is for tests: no flushing to disk.
    """
    account = find_account(home.path, home.postgres_folder)
    postgres, valkey = _programs(home, account, durable=durable)
    servers = (SupervisedServer(valkey), SupervisedServer(postgres))
    try:
        _start(servers)
    except BaseException as error:
        for server in servers:
            if not server.is_adopted:
                server.stop()
        if isinstance(error, OSError):
            raise EmbeddedServerError(f"the servers of {home.path} cannot be started: {error}") from error
        raise
    return Servers(addresses_of(home), servers)


def addresses_of(home: Home) -> ServerAddresses:
    """Where the servers of a home are reached, whether they run or not."""
    postgres, valkey = _programs(home, None)
    return ServerAddresses(postgres.url, postgres.dsn, valkey.url)


@contextmanager
def attach_or_start(home: Home) -> Iterator[ServerAddresses]:
    """For short commands: use the servers of whoever holds the home, else start them and stop them at the end."""
    with ExitStack() as leaving, home.shared_use(), ExitStack() as holding:
        servers = _attach(home, holding)
        leaving.callback(_stop_if_unused, home, servers)
        yield servers.addresses


def is_serving(home: Home) -> bool:
    """Whether both servers answer now."""
    return all(program.find_pid() is not None and program.answers() for program in _programs(home, None))


def _attach(home: Home, holding: ExitStack) -> Servers:
    deadline = time.monotonic() + READY_WAIT_SECONDS
    while not is_serving(home):
        attempt = ExitStack()
        if attempt.enter_context(home.try_lock()):
            holding.push(attempt)
            return start_servers(home)
        attempt.close()
        if time.monotonic() >= deadline:
            raise EmbeddedServerError(f"the servers of {home.path} do not answer: see {home.log_folder}")
        time.sleep(0.1)
    return Servers(addresses_of(home), tuple(SupervisedServer(program) for program in _programs(home, None)))


def _stop_if_unused(home: Home, servers: Servers) -> None:
    with home.exclusive_use() as is_alone, home.try_lock() as is_held:
        if is_alone and is_held:
            servers.stop()


def _programs(home: Home, account: Account | None, *, durable: bool = True) -> tuple[EmbeddedPostgres, EmbeddedValkey]:
    return EmbeddedPostgres(home, account, durable), EmbeddedValkey(home, account, durable)


def _start(servers: Sequence[SupervisedServer]) -> None:
    for server in servers:
        server.begin()
    for server in servers:
        server.await_ready()

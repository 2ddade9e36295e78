"""What `doctor` tells about a home: who holds it, which servers run in which versions, memory and disk."""

import shutil
from dataclasses import dataclass

import psycopg
import redis

from inbox.core.embedded import processes
from inbox.core.embedded.home import Home, LockHolder
from inbox.core.embedded.postgres import EmbeddedPostgres
from inbox.core.embedded.program import Program, ServerName
from inbox.core.embedded.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server; `pid` and `version` are None when it does not run or does not answer."""

    name: ServerName
    pid: int | None
    version: str | None
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class HomeStatus:
    """A home; memory is the proportional set size of the servers and their children."""

    holder: LockHolder | None
    servers: tuple[ServerStatus, ...]
    disk_free_bytes: int

    @property
    def is_running(self) -> bool:
        """Whether both servers answer."""
        return all(server.version is not None for server in self.servers)


def read_status(home: Home) -> HomeStatus:
    """The home's present state; starts nothing."""
    postgres, valkey = EmbeddedPostgres(home, None), EmbeddedValkey(home, None)
    servers = (_read_server(postgres, _postgres_version(postgres)), _read_server(valkey, _valkey_version(valkey)))
    return HomeStatus(home.find_holder(), servers, shutil.disk_usage(home.path).free)


def _read_server(program: Program, version: str | None) -> ServerStatus:
    pid = program.find_pid()
    memory = 0 if pid is None else processes.proportional_memory(processes.list_family(pid))
    return ServerStatus(program.name, pid, version if pid is not None else None, memory)


def _postgres_version(postgres: EmbeddedPostgres) -> str | None:
    try:
        with psycopg.connect(postgres.dsn, connect_timeout=2) as connection:
            return connection.info.parameter_status("server_version")
    except psycopg.OperationalError:
        return None


def _valkey_version(valkey: EmbeddedValkey) -> str | None:
    try:
        with redis.Redis.from_url(valkey.url, socket_timeout=2) as client:
            return str(client.info("server").get("valkey_version"))
    except redis.RedisError:
        return None

"""Servers for tests: the outside ones when OTKLIK_TEST_* name them, else the embedded ones, started once a session."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, pool, text

from inbox.core.embedded.home import open_home
from inbox.core.embedded.servers import start_servers
from inbox.core.schema import migrate

FILE_BY_FILE = "file_copy"
"""A third of the work where nothing is flushed; where it is, each copy waits for two checkpoints."""

THROUGH_THE_LOG = "wal_log"


@dataclass(frozen=True, slots=True)
class TestServers:
    """Addresses. `template` is the name of a migrated database to clone, `strategy` PostgreSQL's way of doing it."""

    __test__ = False

    database_url: str
    redis_url: str
    template: str
    strategy: str

    def url_of(self, database: str) -> str:
        """The same server, another database."""
        return make_url(self.database_url).set(database=database).render_as_string(hide_password=False)

    def clone(self) -> str:
        """A fresh migrated database; returns its address."""
        name = f"test_{uuid4().hex[:12]}"
        self._run(f'create database "{name}" template "{self.template}" strategy {self.strategy}')
        return self.url_of(name)

    def empty(self) -> str:
        """A database without any table; returns its address."""
        name = f"test_{uuid4().hex[:12]}"
        self._run(f'create database "{name}"')
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Forget a clone, whoever is still connected."""
        self._run(f'drop database if exists "{make_url(url).database}" with (force)')

    def _run(self, statement: str) -> None:
        engine = create_engine(self.database_url, isolation_level="AUTOCOMMIT", poolclass=pool.NullPool)
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


@contextmanager
def running_servers() -> Iterator[TestServers]:
    """Servers with a migrated template, for the length of the block."""
    outside = os.environ.get("OTKLIK_TEST_DATABASE_URL"), os.environ.get("OTKLIK_TEST_REDIS_URL")
    if all(outside):
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        redis_url = str(outside[1]).rsplit("/", 1)[0] + f"/{9 + worker}"
        yield from _with_template(str(outside[0]), redis_url, THROUGH_THE_LOG)
        return
    with tempfile.TemporaryDirectory(prefix="otklik-test-") as folder:
        home = open_home(Path(folder) / "home")
        with home.lock():
            servers = start_servers(home, durable=False)
            try:
                yield from _with_template(servers.database_url, servers.redis_url, FILE_BY_FILE)
            finally:
                servers.stop()


def _with_template(database_url: str, redis_url: str, strategy: str) -> Iterator[TestServers]:
    template = f"template_{uuid4().hex[:12]}"
    servers = TestServers(database_url, redis_url, template, strategy)
    servers._run(f'create database "{template}"')
    try:
        migrate(servers.url_of(template))
        yield servers
    finally:
        servers.drop(servers.url_of(template))

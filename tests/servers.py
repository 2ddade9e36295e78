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
from tests.databases import Blank

CLONE = "test_"
"""Names of clones begin so."""


@dataclass(frozen=True, slots=True)
class TestServers:
    """Addresses. `template` is the name of a migrated database to clone, `spare` are clones that are empty again."""

    __test__ = False

    database_url: str
    redis_url: str
    template: str
    blank: Blank
    spare: list[str]

    def url_of(self, database: str) -> str:
        """The same server, another database."""
        return make_url(self.database_url).set(database=database).render_as_string(hide_password=False)

    def clone(self) -> str:
        """A migrated database without rows for one test; returns its address."""
        if self.spare:
            return self.spare.pop()
        name = f"{CLONE}{uuid4().hex[:12]}"
        _run(self.database_url, f'create database "{name}" template "{self.template}"')
        return self.url_of(name)

    def empty(self) -> str:
        """A database without any table; returns its address."""
        name = f"empty_{uuid4().hex[:12]}"
        _run(self.database_url, f'create database "{name}"')
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Forget a database, whoever is still connected. A clone that can be emptied serves another test."""
        if self._is_clone(url) and self.blank.restore(url):
            self.spare.append(url)
        else:
            _run(self.database_url, f'drop database if exists "{make_url(url).database}" with (force)')

    def _is_clone(self, url: str) -> bool:
        return (make_url(url).database or "").startswith(CLONE)


@contextmanager
def running_servers() -> Iterator[TestServers]:
    """Servers with a migrated template, for the length of the block."""
    outside = os.environ.get("OTKLIK_TEST_DATABASE_URL"), os.environ.get("OTKLIK_TEST_REDIS_URL")
    if all(outside):
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        redis_url = str(outside[1]).rsplit("/", 1)[0] + f"/{9 + worker}"
        yield from _with_template(str(outside[0]), redis_url)
        return
    with tempfile.TemporaryDirectory(prefix="otklik-test-") as folder:
        home = open_home(Path(folder) / "home")
        with home.lock():
            servers = start_servers(home, durable=False)
            try:
                yield from _with_template(servers.database_url, servers.redis_url)
            finally:
                servers.stop()


def _with_template(database_url: str, redis_url: str) -> Iterator[TestServers]:
    template = f"template_{uuid4().hex[:12]}"
    template_url = make_url(database_url).set(database=template).render_as_string(hide_password=False)
    _run(database_url, f'create database "{template}"')
    spare: list[str] = []
    try:
        migrate(template_url)
        yield TestServers(database_url, redis_url, template, Blank.of(template_url), spare)
    finally:
        for url in [*spare, template_url]:
            _run(database_url, f'drop database if exists "{make_url(url).database}" with (force)')


def _run(database_url: str, statement: str) -> None:
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT", poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()

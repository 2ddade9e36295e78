"""A migrated database that a test has filled, emptied for the next one.

A server that flushes needs a third of a second to clone a database and more to drop it, which makes it write down what
all others hold; deleting the rows of one test takes milliseconds.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Row, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

MOST_GROWTH = 4 * 1024 * 1024
"""Bytes by which deleted rows may have swollen a database that is used again."""

END_OTHERS = text(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
    "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
)
BEGIN_NUMBERS_ANEW = text(
    "select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) from pg_sequences "
    "where last_value is not null"
)
SHAPE = text(
    "select (select sum(oid::bigint) from pg_class), (select sum(oid::bigint) from pg_trigger), "
    "(select sum(oid::bigint) from pg_proc), (select sum(oid::bigint) from pg_constraint), "
    "(select count(*) from pg_attribute), (select string_agg(version_num, ',') from alembic_version)"
)
SIZE = text("select pg_database_size(current_database())")
TABLES = text("select quote_ident(relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")


@dataclass(frozen=True, slots=True)
class Blank:
    """What a database is like before a test: its shape, its size in bytes, and the tables that tests fill."""

    shape: Row[tuple[object, ...]]
    size: int
    tables: tuple[str, ...]

    @classmethod
    def of(cls, template_url: str) -> "Blank":
        """As the template is."""
        with _connected(template_url) as connection:
            tables = tuple(connection.scalars(TABLES))
            full = _filled(connection, tables)
            filling = tuple(table for table in tables if table not in full)
            return cls(connection.execute(SHAPE).one(), _size(connection), filling)

    def restore(self, url: str) -> bool:
        """End the connections to a clone and delete its rows; False if it is no more what a clone is."""
        try:
            with _connected(url) as connection:
                connection.execute(END_OTHERS)
                if connection.execute(SHAPE).one() != self.shape:
                    return False
                # Without triggers: neither foreign keys nor cascades have anything to say when all rows go.
                connection.execute(text("set local session_replication_role = replica"))
                connection.execute(text("set local synchronous_commit = off"))
                for table in _filled(connection, self.tables):
                    connection.execute(text(f"delete from {table}"))  # noqa: S608
                connection.execute(BEGIN_NUMBERS_ANEW)
                return _size(connection) - self.size < MOST_GROWTH
        except DBAPIError:
            return False


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """One connection, one transaction."""
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _filled(connection: Connection, tables: Sequence[str]) -> list[str]:
    """Those that have a row."""
    looks = (f"select '{table}' where exists (select 1 from {table})" for table in tables)  # noqa: S608
    return list(connection.scalars(text(" union all ".join(looks))))


def _size(connection: Connection) -> int:
    return int(connection.execute(SIZE).scalar_one())

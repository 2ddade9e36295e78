"""A database that a test has filled is lent to the next one as if it were new."""

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, pool, text
from sqlalchemy.exc import OperationalError

from tests.databases import TABLES
from tests.servers import TestServers

pytestmark = pytest.mark.outside


def _engine(url: str) -> Engine:
    return create_engine(url, poolclass=pool.NullPool)


def _found(connection: Connection, name: str) -> int:
    return int(
        connection.execute(
            text("insert into organisations (name) values (:name) returning id"), {"name": name}
        ).scalar_one()
    )


def test_rows_numbers_and_connections_of_one_test_are_gone_for_the_next(servers: TestServers) -> None:
    first = servers.clone()
    engine = _engine(first)
    with engine.connect() as left_open:
        assert [_found(left_open, name) for name in ("o", "p")] == [1, 2]
        left_open.commit()
        left_open.execute(text("select * from organisations for update"))
        servers.drop(first)
        with pytest.raises(OperationalError):
            left_open.execute(text("select 1"))
        left_open.invalidate()
    second = servers.clone()
    with _engine(second).begin() as connection:
        assert second == first
        full = [
            table for table in connection.scalars(TABLES)
            if connection.exec_driver_sql(f"select exists (select 1 from {table})").scalar_one()  # noqa: S608
        ]  # fmt: skip
        assert full == ["alembic_version"]
        assert _found(connection, "q") == 1
    servers.drop(second)


@pytest.mark.parametrize(
    "change",
    [
        "create table more (id int)",
        "alter table organisations add column more int",
        "create function more() returns trigger language plpgsql as $$ begin return new; end $$",
        "create trigger more before insert on organisations execute function tsvector_update_trigger()",
        "alter table organisations add constraint more check (id > 0)",
        "update alembic_version set version_num = 'before'",
    ],
)
def test_a_changed_one_is_lent_to_nobody(servers: TestServers, change: str) -> None:
    url = servers.clone()
    with _engine(url).begin() as connection:
        connection.exec_driver_sql(change)
    servers.drop(url)
    assert url not in servers.spare


def test_neither_is_one_that_grew_or_that_lets_nobody_in(servers: TestServers) -> None:
    swollen, closed = servers.clone(), servers.clone()
    with _engine(swollen).begin() as connection:
        connection.execute(
            text("insert into organisations (name) select repeat('o', 100) from generate_series(1, 50000)")
        )
    with _engine(servers.database_url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'alter database "{make_url(closed).database}" allow_connections false')
    servers.drop(swollen)
    servers.drop(closed)
    assert {swollen, closed}.isdisjoint(servers.spare)

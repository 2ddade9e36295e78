"""Many rows in one statement whose text never changes: rows travel as one JSON parameter.

A multi-row VALUES list has a placeholder a cell; building and parsing it cost more than storing the rows (measured:
a third of a batch). Here the driver prepares the statement once, whatever the number of rows.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    String,
    Table,
    any_,
    bindparam,
    column,
    func,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSON, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstanceState, InstrumentedAttribute
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from inbox.core.database import Base

ROWS = "rows"


def among(
    attribute: InstrumentedAttribute[int]
    | InstrumentedAttribute[int | None]
    | InstrumentedAttribute[str]
    | InstrumentedAttribute[str | None],
    values: Collection[int] | Collection[str],
) -> ColumnElement[bool]:
    """`attribute` is one of `values`, as one array parameter."""
    return attribute == any_(literal(list(values), ARRAY(attribute.type)))


async def insert_rows(session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert; all rows name the same columns, others get their defaults."""
    if rows:
        connection = await session.connection()
        await connection.execute(_insert(model, list(rows[0])), {ROWS: as_json(rows)})


async def insert_new_rows(
    session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, object]], returning: Sequence[str]
) -> Sequence[tuple[Any, ...]]:
    """Insert what no unique key holds back; returns these columns of what is new."""
    if not rows:
        return []
    table = table_of(model)
    statement = _insert(model, list(rows[0])).on_conflict_do_nothing()
    connection = await session.connection()
    returned = statement.returning(*(table.c[name] for name in returning))
    return [tuple(row) for row in await connection.execute(returned, {ROWS: as_json(rows)})]


def _insert(model: type[Base], names: Sequence[str]) -> Insert:
    table = table_of(model)
    source = _source(table, names)
    return insert(table).from_select([table.c[name] for name in names], select(*(source.c[name] for name in names)))


async def update_rows(session: AsyncSession, objects: Sequence[Base], names: Sequence[str]) -> None:
    """Write these columns of loaded objects in one statement; the session then knows them as written."""
    if not objects:
        return
    table = table_of(type(objects[0]))
    source = _source(table, ["id", *names])
    statement = (
        table.update().where(table.c.id == source.c.id).values({table.c[name]: source.c[name] for name in names})
    )
    rows = [{name: getattr(one, name) for name in ("id", *names)} for one in objects]
    connection = await session.connection()
    await connection.execute(statement, {ROWS: as_json(rows)})
    for one in objects:
        state: InstanceState[Base] = inspect(one)
        for name in state.committed_state.keys() & names:
            set_committed_value(one, name, getattr(one, name))


async def take_ids(session: AsyncSession, model: type[Base], count: int) -> list[int]:
    """Fresh ids of a table with an identity, for rows that refer to each other before they are inserted."""
    if not count:
        return []
    statement = text("select nextval(pg_get_serial_sequence(:name, 'id')) from generate_series(1, :count)")
    connection = await session.connection()
    found = await connection.execute(statement, {"name": table_of(model).name, "count": count})
    return [int(one) for one in found.scalars()]


async def take_id_pairs(
    session: AsyncSession, first: type[Base], second: type[Base], count: int
) -> list[tuple[int, int]]:
    """The same for two tables whose rows are made in pairs."""
    statement = text(
        "select nextval(pg_get_serial_sequence(:first, 'id')), nextval(pg_get_serial_sequence(:second, 'id'))"
        " from generate_series(1, :count)"
    )
    names = {"first": table_of(first).name, "second": table_of(second).name}
    connection = await session.connection()
    return [(int(one), int(other)) for one, other in await connection.execute(statement, {**names, "count": count})]


def as_json(rows: Sequence[Mapping[str, object]]) -> str:
    """The parameter's text; moments as ISO 8601."""
    return orjson.dumps(rows, default=_plain).decode()


def table_of(model: type[Base]) -> Table:
    """The model's table."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not mapped to a table")
    return table


def _source(table: Table, names: Sequence[str]) -> TableValuedAlias:
    columns = [column(name, _plain_type(table.c[name])) for name in names]
    given = sql_cast(bindparam(ROWS, type_=String()), JSON())
    return func.json_to_recordset(given).table_valued(*columns).render_derived(name="given", with_types=True)


def _plain_type(of: Column[object]) -> TypeEngine[object]:
    return of.type


def _plain(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} seconds"
    raise TypeError(f"{type(value).__name__} cannot travel as JSON")

"""Rows in bulk, and how many of them a statement of the program visits."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event

from inbox.core.database import Base
from tests.company import Company


def copied(table: str, **other: str) -> str:
    """The start of a statement that copies rows of `t`, with other values for some columns."""
    names = [one.name for one in Base.metadata.tables[table].columns if one.name != "id"]
    values = ", ".join(other.get(name, f"t.{name}") for name in names)
    return f"insert into {table} ({', '.join(names)}) select {values}"


@asynccontextmanager
async def visited(company: Company, *marks: str) -> AsyncIterator[list[float]]:
    """How many rows of conversations the statement with these words visits, of those that are sent meanwhile.

    By the indexes where they serve: a table of a test is small enough for PostgreSQL to read it whole at times.
    """
    engine = company.context.database.engine
    sent: list[tuple[str, Any]] = []
    rows: list[float] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if all(mark in statement for mark in marks):
            sent.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield rows
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
    ((statement, parameters),) = sent
    async with engine.connect() as connection:
        await connection.exec_driver_sql("set local enable_seqscan = off")
        found = await connection.exec_driver_sql(f"explain (analyze, format json) {statement}", parameters)
        rows.append(sum(_rows_of(found.scalar_one()[0]["Plan"])))


def _rows_of(node: dict[str, Any]) -> Iterator[float]:
    if node.get("Relation Name") == "conversations":
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for inner in node.get("Plans", ()):
        yield from _rows_of(inner)

"""Alembic's environment: the same models and settings as the program; no alembic.ini is needed to run."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool
from sqlalchemy.schema import SchemaItem

import inbox.core.tables
import routing.tables
from inbox.core.database import Base
from inbox.core.settings import get_settings

__all__ = ["inbox", "routing"]

target_metadata = Base.metadata


def _is_ours(_item: SchemaItem, name: str | None, kind: str, *_rest: object) -> bool:
    """Leave procrastinate's own tables to its own SQL."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate"))


def run(connection: Connection) -> None:
    """Run the migrations on one connection, one transaction a migration."""
    context.configure(
        connection=connection, target_metadata=target_metadata, include_object=_is_ours,
        transaction_per_migration=True, compare_type=True,
    )  # fmt: skip
    with context.begin_transaction():
        context.run_migrations()


url = context.config.get_main_option("sqlalchemy.url") or get_settings().database_url or ""
engine = create_engine(url, poolclass=pool.NullPool)
with engine.connect() as connection:
    run(connection)
engine.dispose()

"""The database's shape: bringing it up by Alembic, and telling whether it is current."""

import time
from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text

import migrations

MIGRATION_LOCK = 4_815_162_342
AGAIN_SECONDS = 0.1


def alembic_config(url: str) -> Config:
    """Alembic's configuration for a database; `url` with the psycopg driver."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(url: str) -> None:
    """Bring the schema up; several processes may call it at once, one works and the others wait."""
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            _wait_for_turn(connection)
            command.upgrade(alembic_config(url), "head")
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
    finally:
        engine.dispose()


def _wait_for_turn(connection: Connection) -> None:
    """Take the lock, asking anew: a statement that waits for it holds a snapshot, which an index that is made
    concurrently waits for."""
    while not connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": MIGRATION_LOCK}).scalar_one():
        connection.rollback()
        time.sleep(AGAIN_SECONDS)
    connection.commit()


@lru_cache(maxsize=1)
def newest_revision() -> str | None:
    """The revision that this program's schema has."""
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


def pending_migrations(url: str) -> list[str]:
    """Revisions that this database has not seen, oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config(url))
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            seen = MigrationContext.configure(connection).get_current_heads()
    finally:
        engine.dispose()
    pending = scripts.iterate_revisions("heads", seen or None)
    return [script.revision for script in reversed(list(pending))]

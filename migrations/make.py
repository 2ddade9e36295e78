"""Writes a migration from the models: `make migration m="what it does"`. Look at the file before you commit it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from inbox.core.embedded.home import open_home
from inbox.core.embedded.servers import start_servers
from inbox.core.schema import alembic_config, migrate
from inbox.core.settings import get_settings


@contextmanager
def _database() -> Iterator[str]:
    """The one that OTKLIK_DATABASE_URL names, else an empty one of a throw-away home."""
    if outside := get_settings().database_url:
        yield outside
        return
    with tempfile.TemporaryDirectory(prefix="otklik-migration-") as folder:
        home = open_home(Path(folder) / "home")
        with home.lock():
            servers = start_servers(home, durable=False)
            try:
                yield servers.database_url
            finally:
                servers.stop()


def make(message: str) -> Path:
    """Bring the database up, compare it with the models, write and format the difference; returns the file."""
    with _database() as url:
        migrate(url)
        config = alembic_config(url)
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        scripts = ScriptDirectory.from_config(config)
        number = f"{int(scripts.get_current_head() or '0') + 1:04}"
        made = command.revision(config, message, autogenerate=True, rev_id=number)
    if made is None or isinstance(made, list):
        raise SystemExit("Alembic made no single revision.")
    path = Path(made.path)
    for ruff in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *ruff, str(path)], check=True)  # noqa: S603  # our own tool
    return path


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        raise SystemExit('Say what it does: make migration m="…"')
    sys.stdout.write(f"{make(sys.argv[1].strip())}\n")

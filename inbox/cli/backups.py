"""`otklik backup` and `restore`: the database by pg_dump and the key that reads it, in one file.

What is on the intake stream at the moment is not in it: stop `otklik up` (or the workers) first, or let them catch up.
"""

import json
import shutil
import subprocess
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

import redis
from rich.console import Console

from inbox.cli.build import outside_addresses, reach_servers
from inbox.cli.findings import connect
from inbox.core.clock import utc_now
from inbox.core.database import libpq_url
from inbox.core.embedded.errors import EmbeddedServerError
from inbox.core.embedded.home import open_home
from inbox.core.embedded.installation import postgres_program
from inbox.core.errors import SetupError
from inbox.core.secrets import read_or_make_key
from inbox.core.settings import Settings
from inbox.core.stream import STREAM

DUMP, KEY, ABOUT = "database.dump", "secret.key", "about.json"


def backup(settings: Settings, path: Path) -> None:
    """Write the file (mode 600: it holds the key); it must not exist yet."""
    if path.exists():
        raise SetupError(f"{path} exists already: choose another name")
    with reach_servers(settings) as addresses, tempfile.TemporaryDirectory(prefix="otklik-backup-") as folder:
        parts = Path(folder)
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={parts / DUMP}", libpq_url(addresses.database_url))
        (parts / KEY).write_text(_key(settings))
        (parts / ABOUT).write_text(json.dumps({"made_at": utc_now().isoformat()}))
        with redis.Redis.from_url(addresses.redis_url, socket_timeout=5) as client:
            waiting = int(client.xlen(STREAM))
        path.touch(mode=0o600)
        with tarfile.open(path, "w") as archive:
            for name in (ABOUT, KEY, DUMP):
                archive.add(parts / name, arcname=name)
    console = Console()
    console.print(f"{path} holds the database and its key: keep it where only you can read it.")
    if waiting:
        console.print(f"[yellow]{waiting} events were on their way and are not in it.[/]")


def restore(settings: Settings, path: Path) -> None:
    """Bring a backup into an empty database; the key goes into the home, or must be OTKLIK_SECRET_KEY already."""
    with tempfile.TemporaryDirectory(prefix="otklik-restore-") as folder:
        parts = Path(folder)
        _unpack(path, parts)
        _bring_key(settings, (parts / KEY).read_text().strip())
        with reach_servers(settings) as addresses:
            _check_empty(addresses.database_url)
            url = libpq_url(addresses.database_url)
            _run("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={url}", parts / DUMP)
    Console().print("Restored. Start otklik as usual; run `otklik migrate` first if it is newer than the backup.")


def _unpack(path: Path, folder: Path) -> None:
    try:
        with tarfile.open(path) as archive:
            archive.extractall(folder, members=[archive.getmember(name) for name in (KEY, DUMP)], filter="data")
    except (OSError, tarfile.TarError, KeyError) as error:
        raise SetupError(f"{path} is not a backup of otklik: {error}") from None


def _key(settings: Settings) -> str:
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    if outside_addresses(settings):
        raise SetupError("OTKLIK_SECRET_KEY is empty: a backup without the key could not read the channels' tokens")
    return read_or_make_key(open_home(settings.home).path / KEY)


def _bring_key(settings: Settings, key: str) -> None:
    """Put the backup's key in its place; never over another one."""
    if settings.secret_key:
        if settings.secret_key.get_secret_value() != key:
            raise SetupError("OTKLIK_SECRET_KEY is another key than the backup's: set it to the one in the backup")
        return
    if outside_addresses(settings):
        raise SetupError("set OTKLIK_SECRET_KEY to the key of the backup (secret.key in it), then restore again")
    place = open_home(settings.home).path / KEY
    if not place.exists():
        place.touch(mode=0o600)
        place.write_text(key)
    elif place.read_text().strip() != key:
        raise SetupError(f"{place} holds another key: restore into an empty home (OTKLIK_HOME)")


def _check_empty(database_url: str) -> None:
    with closing(connect(database_url)) as connection:
        row = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    if row is None or row[0] != 0:
        raise SetupError("the database is not empty: restore into a new one, so that nothing is overwritten")


def _run(program: str, *arguments: str | Path) -> None:
    try:
        found = str(postgres_program(program))
    except EmbeddedServerError:
        found = shutil.which(program) or ""
    if not found:
        raise SetupError(f"{program} is missing: install PostgreSQL's client programs")
    done = subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise SetupError(f"{program} failed: {done.stderr.strip()[:500]}")

"""PostgreSQL 18 from a wheel: its data, its settings and its addresses."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo

from inbox.core.embedded import processes
from inbox.core.embedded.account import Account
from inbox.core.embedded.errors import EmbeddedServerError
from inbox.core.embedded.home import Home, make_private_folder
from inbox.core.embedded.installation import POSTGRES_MAJOR, postgres_program
from inbox.core.embedded.program import ServerName

DATABASE = "otklik"
ROLE = "otklik"
# Backends that outlive a killed postmaster end by themselves, unless a query keeps them busy.
_ORPHANS_WAIT_SECONDS = 3.0

# Only the socket's owner (and root) can come in, so there is no password.
_ACCESS = "local all all trust\n"

_SETTINGS = """\
# Written by otklik at every start; settings of yours go into local.conf beside this file.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = 5432
max_connections = 60
shared_buffers = 32MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
random_page_cost = 1.1
jit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 512MB
checkpoint_timeout = 10min
autovacuum = on
autovacuum_max_workers = 2
io_method = sync
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_min_messages = warning
log_min_duration_statement = 5s
log_checkpoints = off
lc_messages = 'C'
cluster_name = 'otklik'
include_if_exists = 'local.conf'
"""


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """PostgreSQL on a home; `durable=False` (tests only) trades safety at a power cut for speed."""

    home: Home
    account: Account | None
    durable: bool = True
    name: ServerName = ServerName.POSTGRES
    stop_signal: signal.Signals = signal.SIGINT  # fast shutdown: sessions are ended, the data is written

    @property
    def folder(self) -> Path:
        """The data."""
        return self.home.postgres_folder

    @property
    def log(self) -> Path:
        """Its standard output and error."""
        return self.home.log_folder / "postgres.log"

    @property
    def dsn(self) -> str:
        """libpq's connection string."""
        return make_conninfo(host=str(self.home.socket_folder), user=ROLE, dbname=DATABASE)

    @property
    def url(self) -> str:
        """SQLAlchemy's form of the same."""
        return f"postgresql+psycopg://{ROLE}@/{DATABASE}?host={quote(str(self.home.socket_folder), safe='')}"

    def prepare(self) -> None:
        """Make the cluster if there is none, write the settings, clear what a killed server left."""
        if self.folder.exists():
            self._check_version()
            self._end_orphans()
        else:
            self._create_cluster()
        sockets = str(self.home.socket_folder).replace("\\", "\\\\").replace("'", "''")
        durable = "on" if self.durable else "off"
        self._write("postgresql.conf", _SETTINGS.format(sockets=sockets, durable=durable))
        self._write("pg_hba.conf", _ACCESS)

    def command(self) -> list[str]:
        """The server in the foreground."""
        return [str(postgres_program("postgres")), "-D", str(self.folder)]

    def find_pid(self) -> int | None:
        """The postmaster, if it lives."""
        pid = self._recorded_pid()
        return pid if pid is not None and processes.is_running_in(pid, "postgres", self.folder) else None

    def answers(self) -> bool:
        """Whether it lets us in (not while it recovers)."""
        try:
            with psycopg.connect(self.dsn, dbname="postgres", connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def settle(self) -> None:
        """Create our database on the first start."""
        with psycopg.connect(self.dsn, dbname="postgres", autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _create_cluster(self) -> None:
        # Made aside and renamed: a kill in between leaves no half of a cluster in the data's place.
        unfinished = self.folder.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private_folder(unfinished, self.account)
        made = subprocess.run(  # noqa: S603
            [str(postgres_program("initdb")), "-D", str(unfinished), *self._cluster_options()],
            user=self.account.user_id if self.account else None,
            group=self.account.group_id if self.account else None,
            extra_groups=[] if self.account else None,
            cwd="/",
            env={"LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise EmbeddedServerError(f"PostgreSQL could not make its data in {self.folder}: {made.stderr.strip()}")
        unfinished.rename(self.folder)
        _flush_folder(self.folder.parent)

    def _cluster_options(self) -> list[str]:
        # The built-in C.UTF-8 sorts by code point and lowers Cyrillic alike on every machine. The C library's character
        # classes stay in use by pg_trgm and the text search parser, so LC_CTYPE must know Cyrillic letters as letters.
        letters = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={letters}"]
        plain = ["--username", ROLE, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        return [*locale, *plain, *([] if self.durable else ["--no-sync"])]

    def _check_version(self) -> None:
        version_file = self.folder / "PG_VERSION"
        try:
            version = version_file.read_text().strip()
        except OSError as error:
            raise EmbeddedServerError(f"{self.folder} is no PostgreSQL data of ours ({error.strerror})") from None
        if version != POSTGRES_MAJOR:
            raise EmbeddedServerError(
                f"{self.folder} was written by PostgreSQL {version}, this is {POSTGRES_MAJOR}: "
                "make a backup with the otklik that wrote it and restore it here into an empty home"
            )

    def _recorded_pid(self) -> int | None:
        try:
            first_line, *_ = (self.folder / "postmaster.pid").read_text().splitlines()
            return int(first_line)
        except (OSError, ValueError):
            return None

    def _end_orphans(self) -> None:
        pid = self._recorded_pid()
        if pid is None:
            return
        deadline = time.monotonic() + _ORPHANS_WAIT_SECONDS
        while orphans := processes.list_running_in("postgres", self.folder):
            if time.monotonic() >= deadline:
                for orphan in orphans:
                    os.kill(orphan, signal.SIGKILL)
            time.sleep(0.05)
        # PostgreSQL would take any process with the recorded id for its predecessor and refuse to start.
        if processes.exists(pid):
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        (self.home.socket_folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        written = self.folder / f"{name}.new"
        written.write_text(text)
        written.chmod(0o600)
        if self.account is not None:
            self.account.own(written)
        written.rename(self.folder / name)


def _flush_folder(folder: Path) -> None:
    # A rename lasts once its folder is on the disk; else a power cut would have us make an empty cluster again.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

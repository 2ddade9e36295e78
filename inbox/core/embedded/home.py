"""The home: the folder of the embedded servers, their logs and sockets, and the lock that one `up` holds."""

import fcntl
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from platformdirs import user_data_path

from inbox.core.clock import Clock, utc_now
from inbox.core.embedded.account import Account
from inbox.core.embedded.errors import EmbeddedServerError, HomeInUseError, HomeNotWritableError

ROOT_HOME = Path("/var/lib/otklik")
# A socket's address is 108 bytes with its closing zero (sun_path); PostgreSQL's name is the longer of the two.
LONGEST_SOCKET_PATH = 107
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
# Not $TMPDIR or $XDG_RUNTIME_DIR: every command of every shell must come to the same folder.
SHORT_SOCKET_ROOT = Path("/tmp")  # noqa: S108


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds the home."""

    pid: int
    command: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Home:
    """A folder that Otklik may write to; the path is made absolute."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path.resolve())

    @property
    def postgres_folder(self) -> Path:
        """PostgreSQL's data."""
        return self.path / "postgres"

    @property
    def valkey_folder(self) -> Path:
        """Valkey's append-only files."""
        return self.path / "valkey"

    @property
    def log_folder(self) -> Path:
        """Logs of both servers."""
        return self.path / "logs"

    @property
    def socket_folder(self) -> Path:
        """Where the sockets are: in the home, or, when its path is too long for a socket, in /tmp by its hash."""
        inside = self.path / "run"
        if len(os.fsencode(inside / POSTGRES_SOCKET)) <= LONGEST_SOCKET_PATH:
            return inside
        name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return SHORT_SOCKET_ROOT / f"otklik-{name}"

    def prepare(self, account: Account | None) -> None:
        """Make the folders, private to whoever runs the servers."""
        for folder in (self.log_folder, self.valkey_folder, self.socket_folder):
            make_private_folder(folder, account)

    @contextmanager
    def lock(self, wait: timedelta = timedelta(seconds=5), now: Clock = utc_now) -> Iterator[None]:
        """Hold the home. HomeInUseError when another command still has it after `wait` (short commands end soon)."""
        deadline = time.monotonic() + wait.total_seconds()
        while True:
            with self.try_lock(now) as is_held:
                if is_held:
                    yield
                    return
            if time.monotonic() >= deadline:
                raise HomeInUseError(self._describe_holder())
            time.sleep(0.1)

    @contextmanager
    def try_lock(self, now: Clock = utc_now) -> Iterator[bool]:
        """Hold the home if nobody does; says whether we got it. The system frees it when we die, however we die."""
        with _open_lock_file(self.path / "lock") as descriptor:
            if not _flock(descriptor, fcntl.LOCK_EX):
                yield False
                return
            holder = {"pid": os.getpid(), "command": _own_command(), "started_at": now().isoformat()}
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
            yield True
            os.ftruncate(descriptor, 0)

    @contextmanager
    def shared_use(self) -> Iterator[None]:
        """Say that we use the servers; whoever wants to stop them when idle asks `is_unused`."""
        with _open_lock_file(self.path / "users") as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield

    @contextmanager
    def exclusive_use(self) -> Iterator[bool]:
        """True while no other command uses the servers; new ones wait until the block ends."""
        with _open_lock_file(self.path / "users") as descriptor:
            yield _flock(descriptor, fcntl.LOCK_EX)

    def find_holder(self) -> LockHolder | None:
        """Who holds the home now."""
        path = self.path / "lock"
        if not path.exists():
            return None
        with _open_lock_file(path) as descriptor:
            if _flock(descriptor, fcntl.LOCK_SH):
                return None
            return _parse_holder(os.pread(descriptor, 4096, 0))

    def _describe_holder(self) -> str:
        holder = self.find_holder()
        who = "another process"
        if holder is not None:
            since = holder.started_at.astimezone(UTC)
            who = f"process {holder.pid} ({holder.command}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
        return f"{self.path} is in use by {who}: stop it, or choose another folder with OTKLIK_HOME"


def default_home_path() -> Path:
    """/var/lib/otklik for root, else the user's folder for application data."""
    return ROOT_HOME if os.geteuid() == 0 else user_data_path("otklik")


def open_home(path: Path | None = None) -> Home:
    """The home at `path` (default: `default_home_path`), made with mode 700 if it is not there."""
    home = Home(default_home_path() if path is None else path.expanduser())
    try:
        home.path.parent.mkdir(parents=True, exist_ok=True)
        home.path.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=home.path):
            pass
    except OSError as error:
        reason = "it is not a folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise HomeNotWritableError(
            f"{home.path} cannot be written ({reason}): choose another folder with OTKLIK_HOME"
        ) from None
    return home


def make_private_folder(folder: Path, account: Account | None) -> None:
    """A folder with mode 700 that belongs to `account` (or us); refuses one that a stranger has laid there."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise HomeNotWritableError(f"{folder} cannot be created ({error.strerror})") from None
    found = folder.lstat()
    trusted = {0, os.geteuid()} | ({account.user_id} if account else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in trusted:
        raise EmbeddedServerError(
            f"{folder} belongs to another account (uid {found.st_uid}) or is not a folder: "
            "run otklik as that account, or choose another folder with OTKLIK_HOME"
        )
    if account is not None:
        account.own(folder)


@contextmanager
def _open_lock_file(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise HomeNotWritableError(f"{path} cannot be written ({error.strerror})") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _flock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _own_command() -> str:
    # Only the words before the first option: the rest may hold a key.
    words = [Path(sys.argv[0]).name]
    for word in sys.argv[1:4]:
        if word.startswith("-"):
            break
        words.append(word)
    return " ".join(words)


def _parse_holder(content: bytes) -> LockHolder | None:
    try:
        holder = json.loads(content)
        return LockHolder(int(holder["pid"]), str(holder["command"]), datetime.fromisoformat(holder["started_at"]))
    except (ValueError, KeyError, TypeError):  # read between the lock and the words
        return None

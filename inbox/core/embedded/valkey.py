"""Valkey 9 from a wheel: an append-only file flushed at every write, a unix socket, nothing evicted."""

import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from inbox.core.embedded import processes
from inbox.core.embedded.account import Account
from inbox.core.embedded.home import VALKEY_SOCKET, Home
from inbox.core.embedded.installation import valkey_program
from inbox.core.embedded.program import ServerName


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """Valkey on a home; `durable=False` (tests only) leaves flushing to the operating system."""

    home: Home
    account: Account | None
    durable: bool = True
    name: ServerName = ServerName.VALKEY
    stop_signal: signal.Signals = signal.SIGTERM  # the same as SHUTDOWN: the append-only file is flushed

    @property
    def folder(self) -> Path:
        """The append-only files."""
        return self.home.valkey_folder

    @property
    def log(self) -> Path:
        """Its standard output and error."""
        return self.home.log_folder / "valkey.log"

    @property
    def url(self) -> str:
        """redis-py's address of the socket."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def _socket(self) -> Path:
        return self.home.socket_folder / VALKEY_SOCKET

    @property
    def _pid_file(self) -> Path:
        return self.folder / "valkey.pid"

    def prepare(self) -> None:
        """Clear what a killed server left."""
        self._pid_file.unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The server in the foreground, settings as arguments."""
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "pidfile": str(self._pid_file),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always" if self.durable else "no",
            "auto-aof-rewrite-percentage": "100",
            "auto-aof-rewrite-min-size": "64mb",
            "maxmemory-policy": "noeviction",
            "loglevel": "notice",
            "daemonize": "no",
        }
        arguments = (part for name, setting in settings.items() for part in (f"--{name}", setting))
        return [str(valkey_program()), *arguments]

    def find_pid(self) -> int | None:
        """The server, if it lives."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if processes.is_running_in(pid, "valkey-server", self.folder) else None

    def answers(self) -> bool:
        """Whether it serves (not while it loads its file)."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def settle(self) -> None:
        """Nothing: streams and groups are made by who uses them."""

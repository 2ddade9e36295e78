"""One server: adopt or start it, see whether it lives, stop it in order."""

import os
import shutil
import signal
import subprocess
import time
from typing import Final

from inbox.core.embedded.account import open_way
from inbox.core.embedded.errors import EmbeddedServerError
from inbox.core.embedded.program import Program

READY_WAIT_SECONDS: Final = 60.0  # recovery after a kill replays at most max_wal_size
STOP_WAIT_SECONDS: Final = 20.0
LONGEST_LOG: Final = 10 * 1024 * 1024
_POLL_SECONDS = 0.01


class SupervisedServer:
    """A server that we started, or that was running and we adopted."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.is_adopted = False
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def begin(self) -> None:
        """Adopt the server of the folder, or start one; `await_ready` follows."""
        self.is_adopted = self.program.find_pid() is not None
        self._child = None
        if self.is_adopted:
            return
        home, account = self.program.home, self.program.account
        home.prepare(account)
        if account is not None:
            open_way(account, home.path, home.socket_folder)
        self.program.prepare()
        self.trim_log()
        self._child = self._spawn()

    def await_ready(self) -> None:
        """Wait until it serves. EmbeddedServerError with the end of its log when it ends instead."""
        deadline = time.monotonic() + READY_WAIT_SECONDS
        while not self.program.answers():
            if not self.is_alive():
                raise EmbeddedServerError(f"{self.program.name} did not start: {self._last_words()}")
            if time.monotonic() >= deadline:
                raise EmbeddedServerError(f"{self.program.name} does not answer: see {self.program.log}")
            time.sleep(_POLL_SECONDS)
        self.program.settle()

    def is_alive(self) -> bool:
        """Whether its process lives; cheap, asks nothing of the server."""
        if self._child is not None:
            return self._child.poll() is None
        return self.program.find_pid() is not None

    def find_pid(self) -> int | None:
        """The process, if it lives."""
        if self._child is not None:
            return self._child.pid if self._child.poll() is None else None
        return self.program.find_pid()

    def stop(self) -> None:
        """End it in order; after 20 s by force (both servers recover from that)."""
        for ending in (self.program.stop_signal, signal.SIGKILL):
            pid = self.find_pid()
            if pid is None:
                return
            os.kill(pid, ending)
            if self._await_end():
                return
        raise EmbeddedServerError(f"{self.program.name} cannot be stopped: see {self.program.log}")

    def trim_log(self) -> None:
        """Keep the log and one older part, each at most 10 MB; the server goes on writing to the same file."""
        log = self.program.log
        if log.exists() and log.stat().st_size > LONGEST_LOG:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)

    def _spawn(self) -> subprocess.Popen[bytes]:
        account = self.program.account
        with self.program.log.open("ab") as log:
            self._log_start = log.tell()
            if account is not None:
                account.own(self.program.log)
            # A session of its own: the terminal's Ctrl-C is for us, and we stop the servers last.
            return subprocess.Popen(  # noqa: S603
                self.program.command(),
                user=account.user_id if account else None,
                group=account.group_id if account else None,
                extra_groups=[] if account else None,
                umask=0o077,
                cwd=self.program.folder,
                env={"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await_end(self) -> bool:
        deadline = time.monotonic() + STOP_WAIT_SECONDS
        while self.is_alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _last_words(self) -> str:
        with self.program.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or f"see {self.program.log}"

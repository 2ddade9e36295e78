"""A home for each test, and nothing left running in it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from inbox.core.embedded.home import Home, open_home
from inbox.core.embedded.processes import list_running_in

ROOT = Path(__file__).parents[2]


def list_server_pids(home: Home) -> list[int]:
    """Every process of the servers of a home."""
    return list_running_in("postgres", home.postgres_folder) + list_running_in("valkey-server", home.valkey_folder)


def kill_and_wait(home: Home, *pids: int) -> None:
    """kill -9, and wait until the system has noticed. One that ended by itself in between is as good."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while set(pids) & set(list_server_pids(home)) and time.monotonic() < deadline:
        time.sleep(0.01)


class OtherSide:
    """A second process that uses the home."""

    def __init__(self, part: str, home: Home) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.otherside", part, str(home.path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        self.said: dict[str, dict[str, int]] = json.loads(self._process.stdout.readline())

    def leave(self) -> None:
        """Let it end in order."""
        self._process.communicate(timeout=20)

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.communicate(timeout=20)

    def interrupt(self) -> None:
        """Ctrl-C in its terminal: the signal goes to its whole process group."""
        os.killpg(self.pid, signal.SIGINT)
        self._process.communicate(timeout=20)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An empty home whose servers are killed after the test if the test failed to stop them."""
    home = open_home(tmp_path / "home")
    yield home
    kill_and_wait(home, *list_server_pids(home))


@pytest.fixture
def other_side(home: Home) -> Iterator[Callable[[str], OtherSide]]:
    """Starts other processes on the home."""
    started: list[OtherSide] = []

    def start(part: str) -> OtherSide:
        started.append(OtherSide(part, home))
        return started[-1]

    yield start
    for side in started:
        side.kill()

"""Starts the embedded servers while the rest of the program is still being imported: that alone takes seconds.

Imports little on purpose.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

from inbox.core.embedded.home import Home
from inbox.core.embedded.servers import Servers, start_servers

IMPORTING = threading.Lock()
"""Held by whoever imports much: of two threads that do at once, one may see a package of the other's half made."""

Starting = Future[Servers]
"""The servers, running and migrated, once they are."""


@contextmanager
def early_servers(home: Home) -> Iterator[Starting]:
    """Hold the home and start its servers in a thread; they stop when the block ends, however it ends."""
    before = signal.signal(signal.SIGTERM, _end)
    with home.lock(), ThreadPoolExecutor(1, thread_name_prefix="servers") as thread:
        starting = thread.submit(_start, home)
        try:
            yield starting
        finally:
            signal.signal(signal.SIGTERM, before)
            if starting.exception() is None:
                starting.result().stop()


def _start(home: Home) -> Servers:
    servers = start_servers(home)
    try:
        with IMPORTING:
            from inbox.core.schema import migrate

            migrate(servers.database_url)  # imports the models and every migration
    except BaseException:
        servers.stop()
        raise
    return servers


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)

"""Another process on the same home: `python -m tests.embedded.otherside up|attach HOME`.

Prints one JSON line when it is ready and ends when its standard input is closed.
"""

import json
import signal
import sys
from datetime import timedelta
from pathlib import Path

from inbox.core.embedded.errors import EmbeddedServerError
from inbox.core.embedded.home import Home, open_home
from inbox.core.embedded.servers import attach_or_start, start_servers
from inbox.core.embedded.status import read_status


def say(**words: object) -> None:
    """One line for the test to read."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def stay_up(home: Home) -> None:
    """What `otklik up` does with the home."""
    with home.lock(wait=timedelta(milliseconds=300)):
        servers = start_servers(home, durable=False)
        say(pids=servers.pids, adopted=servers.adopted)
        sys.stdin.read()
        servers.stop()


def attach(home: Home) -> None:
    """What a short command does with the home."""
    with attach_or_start(home):
        say(pids={server.name: server.pid for server in read_status(home).servers})
        sys.stdin.read()


def main() -> None:
    """Play the wanted part."""
    part, path = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background has it ignored, and so would we
    try:
        {"up": stay_up, "attach": attach}[part](open_home(Path(path)))
    except EmbeddedServerError as error:
        say(error=str(error))


if __name__ == "__main__":
    main()

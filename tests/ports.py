"""Free ports for tests that start whole processes."""

import socket
from random import SystemRandom

FIRST, LAST = 26_500, 26_990


def two_free_ports() -> int:
    """The first of two free neighbours; at random, so that tests side by side do not meet."""
    numbers = list(range(FIRST, LAST, 2))
    SystemRandom().shuffle(numbers)
    for port in numbers:
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no free ports")

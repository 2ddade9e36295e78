"""A listening socket, taken before anything slow begins: a taken port is told at once."""

import socket

from inbox.core.errors import SetupError


def bind(host: str, port: int) -> socket.socket:
    """SetupError when the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such port"
        raise SetupError(
            f"cannot listen on {host}:{port} ({reason}): choose another port with --port or OTKLIK_PORT, "
            "or stop the program that holds it"
        ) from None

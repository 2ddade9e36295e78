"""Whether an error means that a server of ours is away, which waiting mends, rather than a bug."""

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

AWAY_STATES = ("08", "53", "57", "58", "25006", "40", "55P03")
"""SQLSTATE classes: lost connections, no room, shutting down, read-only standby, a deadlock or lock wait given up."""


def is_away(error: BaseException) -> bool:
    """Whether it is worth asking again in a moment."""
    if isinstance(error, RedisConnectionError | RedisTimeoutError | PoolTimeoutError | InterfaceError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated:
        return True
    # psycopg refuses some data by itself, without a state: that is no server's trouble.
    return isinstance(error, OperationalError) if state is None else str(state).startswith(AWAY_STATES)

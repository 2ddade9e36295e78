"""Which errors waiting can mend: a server is away or busy, the data is not wrong."""

import psycopg
from redis.exceptions import BusyLoadingError, RedisError, ResponseError
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

STATES = ("08", "40", "53", "55P03", "57", "58", "25006")
"""SQLSTATE: connection, rollback (deadlock), resources (disk), lock not available, operator, system, read only."""


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without anybody changing it."""
    if isinstance(error, RedisError):
        return not isinstance(error, ResponseError) or isinstance(error, BusyLoadingError)
    if isinstance(error, OSError | PoolTimeoutError | InterfaceError | psycopg.InterfaceError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_transient(error.orig))
    return isinstance(error, psycopg.Error) and _has_transient_state(error)


def _has_transient_state(error: psycopg.Error) -> bool:
    if error.sqlstate is None:  # libpq's own: it could not connect, or the line was cut
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(STATES)

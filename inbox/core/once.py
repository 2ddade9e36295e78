"""Reads that a batch does once: what its steps go by, and nothing in its transaction changes."""

from collections.abc import Awaitable, Callable, Collection
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncSession

_READS_ONCE = "reads_once"
_Found = TypeVar("_Found")
_Load = Callable[[AsyncSession, Collection[int]], Awaitable[_Found]]


def read_once(session: AsyncSession) -> None:
    """From now on, what `once_a_batch` loads in this session is kept until the session ends."""
    session.info[_READS_ONCE] = True


def once_a_batch(load: _Load[_Found]) -> _Load[_Found]:
    """In a session of `read_once` the same ids are loaded once; the result is shared and not to be changed."""
    kept: WeakKeyDictionary[AsyncSession, dict[frozenset[int], _Found]] = WeakKeyDictionary()

    @wraps(load)
    async def read(session: AsyncSession, ids: Collection[int]) -> _Found:
        if not session.info.get(_READS_ONCE):
            return await load(session, ids)
        of_session, key = kept.setdefault(session, {}), frozenset(ids)
        if key not in of_session:
            of_session[key] = await load(session, ids)
        return of_session[key]

    return read

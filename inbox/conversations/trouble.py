"""Trouble of the intake: what no parser understood or no transaction took is kept whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import DeadEvent
from inbox.core.live import announce
from inbox.core.stream import Entry

COLLIDED = "40"
"""SQLSTATE class: deadlock, serialization failure."""


class StoppedWaitingError(Exception):
    """An orderly stop while a server was away: the batch stays pending for the next worker."""


@dataclass(frozen=True, slots=True)
class Dead:
    """An entry that no parser understood or no transaction took; `workspace_id` None: its channel is unknown."""

    entry: Entry
    workspace_id: int | None
    error: str


def is_collision(error: BaseException) -> bool:
    """Whether two transactions met: nothing is away, the next attempt may come at once."""
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return state is not None and str(state).startswith(COLLIDED)


async def write_dead(session: AsyncSession, dead: Sequence[Dead]) -> None:
    """Keep dead entries whole; the same entry dies once."""
    for one in dead:
        entry = one.entry
        values = {
            "workspace_id": one.workspace_id,
            "channel_id": entry.channel_id,
            "entry_id": entry.entry_id,
            "raw": _storable(entry.raw),
            "via": entry.via,
            "error": _storable(one.error[:2000]),
            "received_at": entry.received_at,
        }
        await session.execute(insert(DeadEvent).values(values).on_conflict_do_nothing())
        if one.workspace_id is not None:
            announce(session, one.workspace_id, "dead_event", channel_id=entry.channel_id)


def _storable(text: str) -> str:
    """Characters that PostgreSQL refuses, as JSON would escape them."""
    return text.replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode("utf-8")

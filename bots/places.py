"""Where each channel's receiving stands: written for all channels of a process together, each under its epoch.

A place that is written late costs repeated events after a crash, and those fall out; so one statement a second will do.
"""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import text

from bots.leases import ANSWER_WITHIN
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE

WRITE_EVERY = timedelta(seconds=1)
WRITERS = 4
"""So many receivers of a process write their status at once."""
# Rows that somebody holds are left for the next time: many are written here, and nobody is to be waited for.
_WRITE = text(
    "update channels set cursor = held.cursor from ("
    " select channels.id, given.cursor from channels"
    " join unnest(cast(:ids as bigint[]), cast(:epochs as bigint[]), cast(:cursors as text[]))"
    " as given (id, epoch, cursor) on given.id = channels.id and given.epoch = channels.epoch"
    " order by channels.id for update of channels skip locked) as held"
    " where channels.id = held.id returning channels.id, held.cursor"
)

log = structlog.get_logger()


class Places:
    """What is still to be written, by channel: the epoch under which it was reached, and the place."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.turns = asyncio.Semaphore(WRITERS)
        """Who writes a status takes one: hundreds at once would wait for each other in the database, give up in time
        and begin anew, for ever."""
        self._waiting: dict[int, tuple[int, str]] = {}

    def note(self, channel_id: int, epoch: int, cursor: str) -> None:
        """Everything up to `cursor` is on the stream."""
        self._waiting[channel_id] = epoch, cursor

    def forget(self, channel_id: int) -> None:
        """Somebody else may receive now."""
        self._waiting.pop(channel_id, None)

    async def keep_writing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(WRITE_EVERY.total_seconds())
            await self.write()

    async def write(self) -> None:
        """Once; what cannot be written now waits."""
        waiting = dict(self._waiting)
        if not waiting:
            return
        given = {
            "ids": list(waiting),
            "epochs": [epoch for epoch, _ in waiting.values()],
            "cursors": [cursor for _, cursor in waiting.values()],
        }
        try:
            async with (
                asyncio.timeout(ANSWER_WITHIN.total_seconds()),
                self._context.transaction(EVERY_WORKSPACE) as session,
            ):
                written = (await session.execute(_WRITE, given)).all()
        except Exception as error:  # the writer's edge: receiving goes on with the database away
            log.warning("places_wait", channels=len(waiting), error=repr(error)[:200])
            return
        for channel_id, _ in written:
            if self._waiting.get(channel_id) == waiting[channel_id]:
                del self._waiting[channel_id]

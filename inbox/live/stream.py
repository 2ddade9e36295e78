"""The stream itself: reads the table after a poke, holds no database session while it waits, ends with its token."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.tokens import find_caller_again
from inbox.core.context import Context
from inbox.core.live import PAGE, POLL, Pokes, last_numbers, read_after
from inbox.core.models import LiveEvent
from inbox.live.cursor import encode_seen, find_start
from inbox.live.visibility import may_hear

HEARTBEAT = timedelta(seconds=15)
RECHECK = timedelta(seconds=5)
"""How long a revoked token may keep a silent stream; before any event it is looked at anyway."""
AT_MOST_EVERY = timedelta(milliseconds=100)
"""A burst of pokes is read in so many rounds, no more."""
RETRY_MILLISECONDS = 1000

log = structlog.get_logger()


@dataclass(slots=True)
class LiveStream:
    """One reader's connection. `stop` ends it when the server goes."""

    context: Context
    pokes: Pokes
    stop: asyncio.Event
    caller: Caller
    after: str | None
    _seen: dict[int, int] = field(default_factory=dict)
    _checked_at: float = 0.0

    async def run(self) -> AsyncIterator[bytes]:
        """Server-sent events, until the token opens nothing any more or the server stops."""
        with self.pokes.waking() as poked:
            yield await self._begin()
            spoke_at = time.monotonic()
            while not self.stop.is_set():
                poked.clear()
                started = time.monotonic()
                chunk = await self._read()
                if chunk is None:
                    return
                if not chunk and time.monotonic() - spoke_at > HEARTBEAT.total_seconds():
                    # The id moves on also over events that were not for this reader.
                    chunk = f": still here\nid: {encode_seen(self._seen)}\n\n".encode()
                if chunk:
                    yield chunk
                    spoke_at = time.monotonic()
                await self._wait(poked, started)

    async def _begin(self) -> bytes:
        async with self.context.database.session(self.caller.scope) as session:
            start = await find_start(session, self.caller, self.after)
        self._seen = dict(start.seen)
        hello = f"retry: {RETRY_MILLISECONDS}\nid: {encode_seen(self._seen)}\n\n"
        return (hello + (self._reset() if start.is_reset else "")).encode()

    async def _read(self) -> bytes | None:
        """What is new for this reader; None when the stream must end. A database that is away says nothing."""
        try:
            async with self.context.database.session(self.caller.scope) as session:
                return await self._read_with(session)
        except (SQLAlchemyError, OSError) as error:
            log.warning("live_waits", error=type(error).__name__)
            return b""

    async def _read_with(self, session: AsyncSession) -> bytes | None:
        newest = await last_numbers(session, self.caller.scope)
        has_news = any(newest[workspace_id] != self._seen.get(workspace_id) for workspace_id in newest)
        if not has_news and time.monotonic() - self._checked_at < RECHECK.total_seconds():
            return b""
        caller = await find_caller_again(session, self.caller, self.context.clock())
        if caller is None:
            return None
        self._checked_at = time.monotonic()
        if caller.scope != self.caller.scope:
            # Another set of projects: what is on the screen is not right any more.
            self._seen, self.caller = await last_numbers(session, caller.scope), caller
            return self._reset().encode()
        self.caller = caller
        lines = [await self._read_workspace(session, workspace_id) for workspace_id in sorted(caller.scope)]
        return "".join(lines).encode()

    async def _read_workspace(self, session: AsyncSession, workspace_id: int) -> str:
        lines: list[str] = []
        while True:
            events = await read_after(session, workspace_id, self._seen[workspace_id])
            for event in events:
                self._seen[workspace_id] = event.seq
                if may_hear(self.caller, event):
                    lines.append(self._write(event))
            if len(events) < PAGE:
                return "".join(lines)

    def _write(self, event: LiveEvent) -> str:
        told = {"workspace_id": event.workspace_id, "seq": event.seq, "kind": event.kind, "ref": event.ref}
        return f"id: {encode_seen(self._seen)}\nevent: {event.kind}\ndata: {json.dumps(told)}\n\n"

    def _reset(self) -> str:
        return f"id: {encode_seen(self._seen)}\nevent: reset\ndata: {{}}\n\n"

    async def _wait(self, poked: asyncio.Event, started: float) -> None:
        """Until the next poke, POLL, or the server's end; bursts are gathered."""
        waiting = asyncio.create_task(poked.wait())
        stopping = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({waiting, stopping}, timeout=POLL.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
            early = started + AT_MOST_EVERY.total_seconds() - time.monotonic()
            if early > 0 and not stopping.done():
                await asyncio.wait({stopping}, timeout=early)
        finally:
            waiting.cancel()
            stopping.cancel()

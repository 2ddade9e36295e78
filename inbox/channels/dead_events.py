"""Dead events: what could not be parsed or stored, shown to owners and administrators, and put back on the stream."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.conversations.models import DeadEvent
from inbox.core.errors import ConflictError, NotFoundError
from inbox.core.live import announce
from inbox.core.stream import IntakeStream


async def list_dead_events(
    session: AsyncSession,
    caller: Caller,
    workspace_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[DeadEvent]:
    """Those that nobody has replayed, newest first."""
    if workspace_id is not None:
        caller.require(workspace_id, Permission.MANAGE_CHANNELS)
    managed = caller.workspaces_with(Permission.MANAGE_CHANNELS)
    wanted = managed if workspace_id is None else managed & {workspace_id}
    statement = (
        select(DeadEvent)
        .where(DeadEvent.workspace_id.in_(wanted), DeadEvent.replayed_at.is_(None))
        .order_by(DeadEvent.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(DeadEvent.id < before_id)
    return (await session.scalars(statement)).all()


async def replay(
    session: AsyncSession, stream: IntakeStream, caller: Caller, dead_event_id: int, now: datetime
) -> DeadEvent:
    """Back on the stream, as if it had just come. It is there before this commits: twice is harmless, never is not."""
    dead = await session.scalar(
        select(DeadEvent)
        .where(DeadEvent.id == dead_event_id, DeadEvent.workspace_id.in_(caller.scope))
        .with_for_update()
    )
    if dead is None or dead.workspace_id is None:
        raise NotFoundError("There is no such dead event.")
    caller.require(dead.workspace_id, Permission.MANAGE_CHANNELS)
    if dead.replayed_at is not None:
        raise ConflictError("It was put back already.")
    raw = _read(dead)
    dead.replayed_at = now
    record(session, dead.workspace_id, caller.agent_id, "dead_event.replayed", dead.id, now)
    announce(session, dead.workspace_id, "dead_event", channel_id=dead.channel_id)
    await session.flush()
    await stream.add(dead.channel_id or 0, dead.received_at, dead.via, raw)
    return dead


def _read(dead: DeadEvent) -> dict[str, object]:
    try:
        raw = json.loads(dead.raw)
    except ValueError:
        raw = None
    if not isinstance(raw, dict) or dead.channel_id is None:
        raise ConflictError("What came is not an update at all: it cannot be put back.")
    return raw

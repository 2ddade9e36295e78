"""A person's own state: shift, language, theme; and the end of their access."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent, ShiftState
from inbox.core.events import DrainQueue
from inbox.core.jobs import defer
from inbox.core.live import announce


@dataclass(frozen=True, slots=True)
class MyChange:
    """What a person changes about themselves; None leaves it."""

    shift_state: ShiftState | None = None
    locale: str | None = None
    theme: str | None = None


async def get_me(session: AsyncSession, caller: Caller) -> Agent:
    """The caller's own row."""
    return await session.get_one(Agent, caller.agent_id)


async def change_me(session: AsyncSession, caller: Caller, change: MyChange, now: datetime) -> Agent:
    """Change one's own state; coming on shift has the waiting conversations handed out."""
    me = (
        await session.scalars(
            select(Agent).where(Agent.id == caller.agent_id).with_for_update().execution_options(populate_existing=True)
        )
    ).one()
    me.locale = change.locale or me.locale
    me.theme = change.theme or me.theme
    if change.shift_state is not None and change.shift_state is not me.shift_state:
        me.shift_state, me.shift_changed_at = change.shift_state, now
        await session.flush()
        if change.shift_state is ShiftState.ON:
            await defer(session, [DrainQueue(workspace_id=workspace_id) for workspace_id in sorted(caller.scope)])
        for workspace_id in sorted(caller.scope):
            announce(session, workspace_id, "agent", agent_id=me.id, shift_state=me.shift_state.value)
    return me

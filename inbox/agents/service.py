"""A person's own state: shift, language, theme; and the end of their access."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent, ShiftState
from inbox.agents.shifts import set_shift


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
        await set_shift(session, me, change.shift_state, now)
    return me

"""Shifts: coming and going, what counts as being there, and being set off after idle.

A shift is the person's, over all of their projects. Each project says how long somebody may be idle; the longest of a
person's projects holds, and one that never sets off keeps them: no project takes a colleague away from another.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, ShiftState
from inbox.core.events import DrainQueue
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.organisations.archived import at_work
from inbox.organisations.models import Membership, Workspace

NOTE_EVERY = timedelta(minutes=2)
"""What a person does is written down at most so often: oftener than a page tells of it (TELL_EVERY in presence.ts), or
every second telling would fall out."""


async def set_shift(session: AsyncSession, agent: Agent, state: ShiftState, now: datetime) -> None:
    """Write and announce a state that differs; coming on shift has the waiting conversations handed out."""
    agent.shift_state, agent.shift_changed_at, agent.idled_at = state, now, None
    await session.flush()
    places = sorted(
        await session.scalars(
            select(Membership.workspace_id).where(Membership.agent_id == agent.id, at_work(Membership.workspace_id))
        )
    )
    if state is ShiftState.ON:
        await defer(session, [DrainQueue(workspace_id=workspace_id) for workspace_id in places])
    for workspace_id in places:
        announce(session, workspace_id, "agent", agent_id=agent.id, shift_state=state.value)


async def note_active(session: AsyncSession, agent_id: int, now: datetime) -> None:
    """The person does something now. Waits for nobody: whoever holds the row writes of the person themselves."""
    stale = or_(Agent.last_active_at.is_(None), Agent.last_active_at <= now - NOTE_EVERY)
    free = select(Agent.id).where(Agent.id == agent_id, stale).with_for_update(skip_locked=True)
    await session.execute(
        update(Agent).where(Agent.id.in_(free)).values(last_active_at=now).execution_options(synchronize_session=False)
    )


async def take_idle_notice(session: AsyncSession, agent_id: int) -> bool:
    """Whether the person was set off after idle and has not been told yet; told once."""
    told = await session.scalars(
        update(Agent)
        .where(Agent.id == agent_id, Agent.idled_at.is_not(None), Agent.shift_state == ShiftState.OFF)
        .values(idled_at=None)
        .returning(Agent.id)
        .execution_options(synchronize_session=False)
    )
    return told.first() is not None


async def set_off_idle(session: AsyncSession, now: datetime) -> None:
    """Off shift is whoever did nothing for longer than all of their projects allow; as if they went by themselves."""
    allowed = (
        select(func.max(Workspace.idle_off_after))
        .join(Membership, Membership.workspace_id == Workspace.id)
        .where(Membership.agent_id == Agent.id, Workspace.archived_at.is_(None))
        .having(func.min(Workspace.idle_off_after) > timedelta())
        .scalar_subquery()
    )
    idle = await session.scalars(
        select(Agent)
        .where(
            Agent.shift_state == ShiftState.ON,
            func.greatest(Agent.last_active_at, Agent.shift_changed_at) + allowed <= now,
        )
        .order_by(Agent.id)
        .with_for_update(of=Agent, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    for agent in idle.all():
        await set_shift(session, agent, ShiftState.OFF, now)
        agent.idled_at = now
    await session.flush()

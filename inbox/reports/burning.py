"""What waits at this moment and burns, and with whom."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import Permission
from inbox.conversations.access import visible
from inbox.conversations.listing import Row, load_rows
from inbox.conversations.models import Conversation, Status
from inbox.conversations.urgency import DUE_SOON, in_hands, running_due
from inbox.core.bulk import among

BURNING = 6


@dataclass(frozen=True, slots=True)
class Now:
    """What waits. `to_hand`: how much of what burns the person could hand to those on shift; `shifts`: of whoever has
    what is shown."""

    waiting: int
    due_soon: int
    late: int
    to_hand: int
    burning: Sequence[Row]
    shifts: Mapping[int, ShiftState]


async def load_now(session: AsyncSession, caller: Caller, workspace_ids: Collection[int], now: datetime) -> Now:
    """Counts over what waits, of the whole project; the rows are those that the person may open."""
    waits = (
        Conversation.workspace_id.in_(workspace_ids), Conversation.needs_answer, Conversation.status == Status.OPEN,
    )  # fmt: skip
    late = running_due <= now
    soon = (running_due > now) & (running_due <= now + DUE_SOON)
    handing = Conversation.workspace_id.in_(sorted(caller.workspaces_with(Permission.ASSIGN)))
    to_hand = and_(running_due <= now + DUE_SOON, visible(caller), handing, ~in_hands())
    waiting, due_soon, breached, left = (
        await session.execute(
            select(func.count(), func.count().filter(soon), func.count().filter(late), func.count().filter(to_hand))
            .select_from(Conversation)
            .where(*waits)
        )
    ).one()
    chosen = (
        select(Conversation.id)
        .where(*waits, visible(caller), running_due <= now + DUE_SOON)
        .order_by(running_due, Conversation.id)
        .limit(BURNING)
    )
    # Their ids by themselves: a join of so many tables is planned anew, for longer than it runs, unless it is alike.
    ids = list(await session.scalars(chosen))
    statement = select(Conversation).where(among(Conversation.id, ids)).order_by(running_due, Conversation.id)
    rows = await load_rows(session, statement) if ids else []
    return Now(waiting, due_soon, breached, left, rows, await _load_shifts(session, rows))


async def _load_shifts(session: AsyncSession, rows: Sequence[Row]) -> dict[int, ShiftState]:
    assignee_ids = {row.assignee.id for row in rows if row.assignee is not None}
    if not assignee_ids:
        return {}
    found = await session.execute(select(Agent.id, Agent.shift_state).where(Agent.id.in_(assignee_ids)))
    return dict(found.all())

"""Due times of open conversations after an edit of hours or promises; what was answered or is breached stays."""

from collections.abc import Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Conversation, Priority, Status
from inbox.conversations.refresh import refresh
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import RecomputeClocks
from inbox.core.live import announce
from inbox.sla.service import load_promises

PAGE = 200

TermsKey = tuple[int | None, Priority, int | None]
"""Team, priority and policy: what decides on a conversation's promise."""


async def recompute_clocks(context: Context, job: RecomputeClocks) -> None:
    """Page by page, each in a transaction of its own: intake is not held up."""
    after = 0
    while True:
        async with context.transaction(EVERY_WORKSPACE) as session:
            found = list(
                await session.scalars(
                    select(Conversation.id)
                    .where(
                        Conversation.workspace_id == job.workspace_id,
                        Conversation.id > after,
                        Conversation.status != Status.CLOSED,
                        or_(Conversation.needs_answer, Conversation.resolution_started_at.is_not(None)),
                    )
                    .order_by(Conversation.id)
                    .limit(PAGE)
                )
            )
            await refresh(session, found)
            if len(found) < PAGE:
                announce(session, job.workspace_id, "hours")
                return
            after = found[-1]


def terms_key(conversation: Conversation) -> TermsKey:
    """What decides on its promise now."""
    return conversation.team_id, conversation.priority, conversation.sla_policy_id


async def follow_terms(
    session: AsyncSession, conversations: Sequence[Conversation], before: Mapping[int, TermsKey]
) -> None:
    """Clocks of those whose team, priority or policy has changed since `before`, where the promise is another one."""
    changed = [one for one in conversations if one.needs_answer and before.get(one.id) != terms_key(one)]
    if not changed:
        return
    promises = await load_promises(session, {one.workspace_id for one in changed})
    moved = [
        one.id
        for one in changed
        if one.id not in before or promises.of(one) != promises.of_terms(one.workspace_id, *before[one.id])
    ]
    await session.flush()
    await refresh(session, moved)

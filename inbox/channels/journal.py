"""The journal of gaps: times in which a channel's events may have been lost."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.channels.models import Gap


async def list_gaps(
    session: AsyncSession, caller: Caller, workspace_id: int | None = None, limit: int = 50
) -> Sequence[Gap]:
    """The newest first; of one workspace when it is named."""
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CHANNELS)
    readable = caller.workspaces_with(Permission.READ_CHANNELS)
    wanted = readable if workspace_id is None else readable & {workspace_id}
    gaps = await session.scalars(
        select(Gap).where(Gap.workspace_id.in_(wanted)).order_by(Gap.started_at.desc(), Gap.id.desc()).limit(limit)
    )
    return gaps.all()

"""What tells projects at work from archived ones, for those who serve all of them: the sweep, receivers, alerts."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from inbox.organisations.models import Workspace


def at_work(workspace_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The row's project is not archived."""
    return workspace_id.not_in(select(Workspace.id).where(Workspace.archived_at.is_not(None)))


async def is_archived(session: AsyncSession, workspace_id: int) -> bool:
    """Whether the project rests now."""
    return await session.scalar(select(Workspace.archived_at).where(Workspace.id == workspace_id)) is not None


def was_archived(at: datetime, rests: Sequence[datetime], archived_at: datetime | None) -> bool:
    """Whether a project was in the archive then, by its `rests` and since when it is archived now."""
    marks = rests if archived_at is None else (*rests, archived_at)
    return bisect_right(marks, at) % 2 == 1

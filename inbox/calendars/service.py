"""Loads working hours of workspaces."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from inbox.calendars.hours import Interval, WorkingHours
from inbox.calendars.models import Calendar
from inbox.organisations.models import Workspace


async def load_hours(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, WorkingHours]:
    """Workspace → hours of its default calendar; without one it is always open."""
    zones = await session.execute(select(Workspace.id, Workspace.time_zone).where(Workspace.id.in_(workspace_ids)))
    hours = {workspace_id: WorkingHours(zone) for workspace_id, zone in zones}
    calendars = await session.scalars(
        select(Calendar)
        .where(Calendar.workspace_id.in_(workspace_ids), Calendar.is_default)
        .options(selectinload(Calendar.intervals))
    )
    for calendar in calendars:
        hours[calendar.workspace_id] = WorkingHours(
            time_zone=calendar.time_zone,
            intervals=tuple(Interval(one.weekday, one.opens_minute, one.closes_minute) for one in calendar.intervals),
            holidays=calendar.holidays,
        )
    return hours

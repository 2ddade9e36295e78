"""Loads working hours of workspaces."""

from collections.abc import Collection
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.calendars.hours import Interval, WorkingHours, knows_holidays_of
from inbox.calendars.models import Calendar, CalendarInterval
from inbox.organisations.models import Workspace

log = structlog.get_logger()


async def load_hours(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, WorkingHours]:
    """Workspace → hours of its default calendar; without one it is always open. One query.

    A time zone or country that this machine does not know is logged and taken for UTC or for no holidays: messages
    must not die of it.
    """
    intervals = (
        select(
            func.json_agg(
                func.json_build_array(
                    CalendarInterval.weekday, CalendarInterval.opens_minute, CalendarInterval.closes_minute
                )
            )
        )
        .where(CalendarInterval.calendar_id == Calendar.id)
        .scalar_subquery()
    )
    zone = func.coalesce(Calendar.time_zone, Workspace.time_zone)
    rows = await session.execute(
        select(Workspace.id, zone, Calendar.holidays, intervals)
        .outerjoin(Calendar, (Calendar.workspace_id == Workspace.id) & Calendar.is_default)
        .where(Workspace.id.in_(workspace_ids))
        .order_by(Workspace.id, Calendar.id)
    )
    return {
        workspace_id: WorkingHours(
            time_zone=_known_zone(workspace_id, time_zone),
            intervals=tuple(sorted((Interval(*found) for found in spans or ()), key=lambda one: one.order)),
            holidays=_known_country(workspace_id, country),
        )
        for workspace_id, time_zone, country, spans in rows
    }


def _known_zone(workspace_id: int, name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        log.warning("unknown_time_zone", workspace_id=workspace_id, time_zone=name)
        return "UTC"
    return name


def _known_country(workspace_id: int, country: str | None) -> str | None:
    if country is None or knows_holidays_of(country):
        return country
    log.warning("unknown_holidays", workspace_id=workspace_id, country=country)
    return None

"""Loads working hours of workspaces and teams."""

from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.calendars.hours import Interval, OwnDays, WorkingHours, knows_holidays_of
from inbox.calendars.models import Calendar, CalendarDays, CalendarInterval
from inbox.core.once import once_a_batch
from inbox.organisations.models import Team, Workspace

log = structlog.get_logger()

_INTERVALS: ScalarSelect[list[tuple[int, int, int]] | None] = (
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
_DAYS: ScalarSelect[list[tuple[str, str, list[int]]] | None] = (
    select(func.json_agg(func.json_build_array(CalendarDays.first_on, CalendarDays.last_on, CalendarDays.minutes)))
    .where(CalendarDays.calendar_id == Calendar.id)
    .scalar_subquery()
)


@once_a_batch
async def load_hours(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, WorkingHours]:
    """Workspace → hours of its default calendar; without one it is always open. One query.

    A time zone or country that this machine does not know is logged and taken for UTC or for no holidays: messages
    must not die of it.
    """
    zone = func.coalesce(Calendar.time_zone, Workspace.time_zone)
    rows = await session.execute(
        select(Workspace.id, Workspace.id, zone, Calendar.holidays, _INTERVALS, _DAYS)
        .outerjoin(Calendar, (Calendar.workspace_id == Workspace.id) & Calendar.is_default)
        .where(Workspace.id.in_(workspace_ids))
        .order_by(Workspace.id, Calendar.id)
    )
    return {row[0]: _hours(*row[1:]) for row in rows}


async def load_team_hours(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, WorkingHours]:
    """Team → hours, for the teams that have their own. One query."""
    rows = await session.execute(
        select(Team.id, Team.workspace_id, Calendar.time_zone, Calendar.holidays, _INTERVALS, _DAYS)
        .join(Calendar, Calendar.id == Team.calendar_id)
        .where(Team.workspace_id.in_(workspace_ids))
    )
    return {row[0]: _hours(*row[1:]) for row in rows}


async def load_calendar_hours(session: AsyncSession, calendar_ids: Collection[int]) -> dict[int, WorkingHours]:
    """Calendar → its hours. One query."""
    rows = await session.execute(
        select(Calendar.id, Calendar.workspace_id, Calendar.time_zone, Calendar.holidays, _INTERVALS, _DAYS).where(
            Calendar.id.in_(calendar_ids)
        )
    )
    return {row[0]: _hours(*row[1:]) for row in rows}


def _hours(
    workspace_id: int,
    time_zone: str,
    country: str | None,
    spans: list[tuple[int, int, int]] | None,
    days: list[tuple[str, str, list[int]]] | None,
) -> WorkingHours:
    return WorkingHours(
        time_zone=_known_zone(workspace_id, time_zone),
        intervals=tuple(sorted((Interval(*found) for found in spans or ()), key=lambda one: one.order)),
        holidays=_known_country(workspace_id, country),
        own_days=tuple(
            sorted((_own_days(*found) for found in days or ()), key=lambda one: (one.first, one.last, one.spans))
        ),
    )


def _own_days(first: str, last: str, minutes: list[int]) -> OwnDays:
    return OwnDays(date.fromisoformat(first), date.fromisoformat(last), pairs(minutes))


def pairs(minutes: list[int]) -> tuple[tuple[int, int], ...]:
    """Opens, closes, opens, closes … as spans."""
    return tuple(zip(minutes[::2], minutes[1::2], strict=True))


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

"""Making, changing and removing calendars; each edit queues one job that brings open clocks up to date."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.calendars.models import Calendar, CalendarDays, CalendarInterval
from inbox.calendars.schemas import CalendarIn, CalendarPatch, DaysIn, IntervalIn
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from inbox.core.events import RecomputeClocks
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.organisations.models import Team


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar with its parts loaded and the teams that work by it."""

    calendar: Calendar
    teams: tuple[Team, ...]

    @property
    def team_ids(self) -> list[int]:
        """For the API."""
        return [team.id for team in self.teams]


async def list_calendars(
    session: AsyncSession, caller: Caller, workspace_id: int | None, after_id: int = 0, limit: int = 200
) -> list[CalendarRow]:
    """Calendars of one project or of all of the caller's, by id: every member may know the hours."""
    if workspace_id is not None:
        caller.role_in(workspace_id)
    wanted = caller.scope if workspace_id is None else {workspace_id}
    statement = select(Calendar).where(Calendar.workspace_id.in_(wanted), Calendar.id > after_id)
    return await _with_teams(session, list(await session.scalars(_whole(statement).order_by(Calendar.id).limit(limit))))


async def access_calendar(
    session: AsyncSession, caller: Caller, calendar_id: int, permission: Permission | None = None
) -> CalendarRow:
    """The calendar; NotFoundError in a project that is not the caller's."""
    statement = select(Calendar).where(Calendar.id == calendar_id, Calendar.workspace_id.in_(caller.scope))
    calendar = await session.scalar(_whole(statement))
    if calendar is None:
        raise NotFoundError("There is no such calendar.")
    if permission is not None:
        caller.require(calendar.workspace_id, permission)
    (row,) = await _with_teams(session, [calendar])
    return row


async def create_calendar(session: AsyncSession, caller: Caller, wanted: CalendarIn, now: datetime) -> CalendarRow:
    """A new calendar; the first one of a project is its default."""
    caller.require(wanted.workspace_id, Permission.MANAGE_HOURS)
    is_first = not await session.scalar(
        select(Calendar.id).where(Calendar.workspace_id == wanted.workspace_id, Calendar.is_default).limit(1)
    )
    await _free_name(session, wanted.workspace_id, wanted.name)
    if wanted.is_default:
        await _no_default(session, wanted.workspace_id)
    calendar = Calendar(
        workspace_id=wanted.workspace_id, name=wanted.name, time_zone=wanted.time_zone, holidays=wanted.holidays,
        is_default=wanted.is_default or is_first,
    )  # fmt: skip
    session.add(calendar)
    await session.flush()
    await _set_parts(session, calendar, wanted.intervals, wanted.days)
    await _set_teams(session, calendar, wanted.team_ids)
    return await _edited(session, caller, calendar, "created", now, None)


async def change_calendar(
    session: AsyncSession, caller: Caller, calendar_id: int, wanted: CalendarPatch, now: datetime
) -> CalendarRow:
    """Change what is set in `wanted`."""
    row = await access_calendar(session, caller, calendar_id, Permission.MANAGE_HOURS)
    calendar, before = row.calendar, _snapshot(row)
    given = wanted.model_fields_set
    if wanted.name is not None and wanted.name != calendar.name:
        await _free_name(session, calendar.workspace_id, wanted.name)
        calendar.name = wanted.name
    if wanted.time_zone is not None:
        calendar.time_zone = wanted.time_zone
    if "holidays" in given:
        calendar.holidays = wanted.holidays
    if wanted.is_default and not calendar.is_default:
        await _no_default(session, calendar.workspace_id)
        calendar.is_default = True
    elif wanted.is_default is False and calendar.is_default:
        raise InvalidInputError("Make another calendar the default one instead.", field="is_default")
    await session.flush()
    await _set_parts(session, calendar, wanted.intervals, wanted.days)
    if wanted.team_ids is not None:
        await _set_teams(session, calendar, wanted.team_ids)
    return await _edited(session, caller, calendar, "changed", now, before)


async def remove_calendar(session: AsyncSession, caller: Caller, calendar_id: int, now: datetime) -> None:
    """Teams that worked by it work by the project's hours again."""
    row = await access_calendar(session, caller, calendar_id, Permission.MANAGE_HOURS)
    calendar = row.calendar
    if calendar.is_default:
        raise ConflictError("The project's own hours cannot be removed: make another calendar the default one first.")
    record(session, calendar.workspace_id, caller.agent_id, "calendar.removed", calendar.id, now, _snapshot(row), {})
    await session.execute(update(Team).where(Team.calendar_id == calendar.id).values(calendar_id=None))
    await session.execute(delete(Calendar).where(Calendar.id == calendar.id))
    await follow_hours(session, calendar.workspace_id)


async def follow_hours(session: AsyncSession, workspace_id: int) -> None:
    """Have open clocks computed anew, and the corner of every page redrawn."""
    await defer(session, [RecomputeClocks(workspace_id=workspace_id)])
    announce(session, workspace_id, "hours")


async def _edited(
    session: AsyncSession, caller: Caller, calendar: Calendar, deed: str, now: datetime, before: Json | None
) -> CalendarRow:
    await session.flush()
    row = await access_calendar(session, caller, calendar.id)
    record(
        session, calendar.workspace_id, caller.agent_id, f"calendar.{deed}", calendar.id, now, before, _snapshot(row)
    )
    await follow_hours(session, calendar.workspace_id)
    return row


async def _set_parts(
    session: AsyncSession, calendar: Calendar, intervals: Sequence[IntervalIn] | None, days: Sequence[DaysIn] | None
) -> None:
    place = {"workspace_id": calendar.workspace_id, "calendar_id": calendar.id}
    if intervals is not None:
        await session.execute(delete(CalendarInterval).where(CalendarInterval.calendar_id == calendar.id))
        spans = sorted({(one.weekday, *one.minutes) for one in intervals})
        session.add_all(
            CalendarInterval(**place, weekday=weekday, opens_minute=opens, closes_minute=closes)
            for weekday, opens, closes in spans
        )
    if days is not None:
        await session.execute(delete(CalendarDays).where(CalendarDays.calendar_id == calendar.id))
        session.add_all(
            CalendarDays(
                **place, first_on=one.first_on, last_on=one.last_on, name=one.name,
                minutes=[minute for span in sorted(span.minutes for span in one.spans) for minute in span],
            )
            for one in days
        )  # fmt: skip
    await session.flush()


async def _set_teams(session: AsyncSession, calendar: Calendar, team_ids: Collection[int]) -> None:
    known = set(
        await session.scalars(
            select(Team.id).where(Team.id.in_(team_ids), Team.workspace_id == calendar.workspace_id)
        )
    )  # fmt: skip
    if known != set(team_ids):
        raise InvalidInputError("There is no such team in this workspace.", field="team_ids")
    await session.execute(
        update(Team).where(Team.calendar_id == calendar.id, Team.id.not_in(known)).values(calendar_id=None)
    )
    await session.execute(update(Team).where(Team.id.in_(known)).values(calendar_id=calendar.id))


async def _free_name(session: AsyncSession, workspace_id: int, name: str) -> None:
    taken = select(Calendar.id).where(Calendar.workspace_id == workspace_id, Calendar.name == name)
    if await session.scalar(taken) is not None:
        raise InvalidInputError("There is a calendar of this name already.", field="name")


async def _no_default(session: AsyncSession, workspace_id: int) -> None:
    await session.execute(
        update(Calendar)
        .where(Calendar.workspace_id == workspace_id, Calendar.is_default)
        .values(is_default=False)
        .execution_options(synchronize_session="fetch")
    )


def _whole(statement: Select[Calendar]) -> Select[Calendar]:
    return statement.options(selectinload(Calendar.intervals), selectinload(Calendar.days)).execution_options(
        populate_existing=True
    )


async def _with_teams(session: AsyncSession, calendars: Sequence[Calendar]) -> list[CalendarRow]:
    teams = (
        await session.scalars(
            select(Team).where(Team.calendar_id.in_([one.id for one in calendars])).order_by(Team.id)
        )
    ).all()  # fmt: skip
    return [CalendarRow(one, tuple(team for team in teams if team.calendar_id == one.id)) for one in calendars]


def _snapshot(row: CalendarRow) -> Json:
    calendar = row.calendar
    return {
        "name": calendar.name, "time_zone": calendar.time_zone, "holidays": calendar.holidays,
        "is_default": calendar.is_default, "teams": [team.name for team in row.teams],
        "intervals": [[one.weekday, one.opens_minute, one.closes_minute] for one in calendar.intervals],
        "days": [[one.first_on.isoformat(), one.last_on.isoformat(), one.minutes] for one in calendar.days],
    }  # fmt: skip

"""Calendars over the API."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from inbox.calendars.editing import (
    CalendarRow,
    access_calendar,
    change_calendar,
    create_calendar,
    list_calendars,
    remove_calendar,
)  # fmt: skip
from inbox.calendars.schemas import CalendarIn, CalendarOut, CalendarPatch
from inbox.calendars.service import load_calendar_hours
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after

api = APIRouter(tags=["calendars"])

WorkspaceParam = Annotated[Id | None, Query(description="One workspace; none: all of yours.")]


@api.get("/calendars")
async def read_calendars(
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    workspace_id: WorkspaceParam = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[CalendarOut]:
    """Working hours of your workspaces, and how they stand now."""
    rows = await list_calendars(session, caller, workspace_id, id_after(cursor), limit + 1)
    page = rows[:limit]
    next_cursor = encode_cursor([page[-1].calendar.id]) if len(rows) > limit else None
    return Page(items=await _shown(session, context, page), next_cursor=next_cursor)


@api.post("/calendars", status_code=201)
async def post_calendar(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: CalendarIn) -> CalendarOut:
    """New working hours; the first ones of a workspace are its default."""
    row = await create_calendar(session, caller, wanted, context.clock())
    return (await _shown(session, context, [row]))[0]


@api.get("/calendars/{calendar_id}")
async def read_calendar(session: SessionDep, context: ContextDep, caller: ApiCaller, calendar_id: RowId) -> CalendarOut:
    """One calendar."""
    return (await _shown(session, context, [await access_calendar(session, caller, calendar_id)]))[0]


@api.patch("/calendars/{calendar_id}")
async def patch_calendar(
    session: SessionDep, context: ContextDep, caller: ApiCaller, calendar_id: RowId, wanted: CalendarPatch
) -> CalendarOut:
    """Change it; open clocks follow within moments, recorded breaches stay."""
    row = await change_calendar(session, caller, calendar_id, wanted, context.clock())
    return (await _shown(session, context, [row]))[0]


@api.delete("/calendars/{calendar_id}", status_code=204)
async def delete_calendar(session: SessionDep, context: ContextDep, caller: ApiCaller, calendar_id: RowId) -> Response:
    """Remove it; its teams work by the project's hours again. 409 for the project's own."""
    await remove_calendar(session, caller, calendar_id, context.clock())
    return Response(status_code=204)


async def _shown(session: SessionDep, context: ContextDep, rows: list[CalendarRow]) -> list[CalendarOut]:
    hours = await load_calendar_hours(session, [row.calendar.id for row in rows])
    now = context.clock()
    return [CalendarOut.of(row.calendar, row.team_ids, hours[row.calendar.id], now) for row in rows]

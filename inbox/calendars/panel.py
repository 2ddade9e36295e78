"""Working hours as a settings page: the week, holidays, closures, with a preview of how they stand now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.calendars.editing import (
    CalendarRow,
    access_calendar,
    change_calendar,
    create_calendar,
    list_calendars,
    remove_calendar,
)  # fmt: skip
from inbox.calendars.form import HoursForm, hours_of
from inbox.calendars.hours import WorkingHours
from inbox.calendars.schemas import CalendarPatch
from inbox.calendars.zones import COMMON, COUNTRIES
from inbox.core.database import enter_scope
from inbox.core.errors import InvalidInputError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from inbox.organisations.models import Team, Workspace

panel = APIRouter(prefix="/w/{ws}/settings/hours")


@dataclass(frozen=True, slots=True)
class Preview:
    """How hours stand at a moment; `turns_at`: when they next open or close."""

    is_open: bool
    turns_at: datetime | None
    zone: str

    @classmethod
    def of(cls, hours: WorkingHours, now: datetime) -> "Preview":
        """At `now`."""
        is_open = hours.is_open(now)
        return cls(is_open, hours.closes_at(now) if is_open else hours.next_opening(now), hours.time_zone)


@panel.get("")
async def show_hours(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    saved: Annotated[bool, Query()] = False,
) -> Response:
    """The project's own hours in the editor, other calendars beside them."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_HOURS)
    rows = await list_calendars(session, caller, workspace_id)
    row = next((one for one in rows if one.calendar.is_default), rows[0] if rows else None)
    form = await _form_of(session, workspace_id, row)
    return await _page(request, session, context, caller, workspace_id, row, form, saved=saved)


@panel.get("/new")
async def show_new_hours(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """An empty calendar, for a team of its own hours."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_HOURS)
    form = await _form_of(session, workspace_id, None)
    return await _page(request, session, context, caller, workspace_id, None, form)


@panel.get("/{calendar_id}")
async def show_calendar(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    calendar_id: RowId,
    saved: Annotated[bool, Query()] = False,
) -> Response:
    """One calendar in the editor."""
    row = await _access_at(session, caller, ws, calendar_id)
    form = HoursForm.of_calendar(row.calendar, row.team_ids)
    return await _page(request, session, context, caller, row.calendar.workspace_id, row, form, saved=saved)


@panel.post("/draft")
async def draw_draft(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """The form again after a button of it, or with the preview of what was typed; nothing is stored."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_HOURS)
    sent = await request.form()
    now, form = context.clock(), HoursForm.of_form(sent)
    act, number = sent.get("act"), sent.get("calendar_id")
    if isinstance(act, str):
        form = form.act(act, now.date())
    row = None
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 19:
        row = await _access_at(session, caller, ws, int(number))
    return await _page(request, session, context, caller, workspace_id, row, form, part=True)


@panel.post("/new")
async def create_hours(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """Store new hours; or the form again with what is wrong."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_HOURS)
    form = HoursForm.of_form(await request.form())
    try:
        row = await create_calendar(session, caller, form.read(workspace_id), context.clock())
    except (ValueError, InvalidInputError) as error:
        return await _page(request, session, context, caller, workspace_id, None, form, error=error)
    return RedirectResponse(f"/w/{ws}/settings/hours/{row.calendar.id}?saved=1", status_code=303)


@panel.post("/{calendar_id}")
async def save_hours(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, calendar_id: RowId
) -> Response:
    """Store the changed hours; or the form again with what is wrong."""
    row = await _access_at(session, caller, ws, calendar_id)
    form = HoursForm.of_form(await request.form())
    try:
        wanted = form.read(row.calendar.workspace_id).model_dump(exclude={"workspace_id"})
        wanted["is_default"] = form.is_default or row.calendar.is_default
        await change_calendar(session, caller, calendar_id, CalendarPatch.model_validate(wanted), context.clock())
    except (ValueError, InvalidInputError) as error:
        return await _page(request, session, context, caller, row.calendar.workspace_id, row, form, error=error)
    return RedirectResponse(f"/w/{ws}/settings/hours/{calendar_id}?saved=1", status_code=303)


@panel.post("/{calendar_id}/remove")
async def remove_hours(
    session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, calendar_id: RowId
) -> Response:
    """Its teams work by the project's hours again."""
    await _access_at(session, caller, ws, calendar_id)
    await remove_calendar(session, caller, calendar_id, context.clock())
    return RedirectResponse(f"/w/{ws}/settings/hours?saved=1", status_code=303)


async def _access_at(session: AsyncSession, caller: Caller, ws: str, calendar_id: int) -> CalendarRow:
    """NotFoundError unless the calendar is of the address's project."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    row = await access_calendar(session, caller, calendar_id, Permission.MANAGE_HOURS)
    enter_scope(session, caller.scope)
    return row


async def _form_of(session: AsyncSession, workspace_id: int, row: CalendarRow | None) -> HoursForm:
    if row is not None:
        return HoursForm.of_calendar(row.calendar, row.team_ids)
    workspace = await session.get_one(Workspace, workspace_id)
    week = dict.fromkeys(range(5), (("10:00", "19:00"),))
    return HoursForm("", workspace.time_zone, "RU", week)


async def _page(
    request: Request,
    session: AsyncSession,
    context: ContextDep,
    caller: Caller,
    workspace_id: int,
    row: CalendarRow | None,
    form: HoursForm,
    *,
    error: Exception | None = None,
    saved: bool = False,
    part: bool = False,
) -> Response:
    now, words, preview, said = context.clock(), words_of(request), None, None
    if error is not None:
        said = words.gettext(error.detail if isinstance(error, InvalidInputError) else str(error))
    else:
        try:
            preview = Preview.of(hours_of(form.read(workspace_id)), now)
        except ValueError as wrong:
            said = words.gettext(str(wrong)) if part else None
    return render(
        request,
        "calendars/form.html" if part else "calendars/hours.html",
        status_code=422 if error is not None else 200,
        frame=await load_frame(session, caller, workspace_id, now),
        calendars=await list_calendars(session, caller, workspace_id),
        teams=list(
            await session.scalars(select(Team).where(Team.workspace_id == workspace_id).order_by(Team.id))
        ),
        row=row, form=form, preview=preview, error=said, saved=saved, now=now,
        zones=list(dict.fromkeys([form.time_zone, *COMMON])), countries=COUNTRIES,
        section="settings", settings_section="hours", tab="more",
    )  # fmt: skip

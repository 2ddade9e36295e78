"""Canned responses as a page of the settings, and as the composer's list."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.canned import service
from inbox.canned.variables import VARIABLES, fill
from inbox.conversations.panel.opened import access_in
from inbox.conversations.panel.page import PageDep
from inbox.core.database import enter_scope
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of

panel = APIRouter(prefix="/w/{ws}")
Title = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=20_000)]


@panel.get("/settings/canned")
async def show_canned(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """All of a project, each with its words and how often it was sent; a form for a new one."""
    return await _page(request, session, context, caller, ws)


@panel.post("/settings/canned")
async def create_canned(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str,
    title: Title = "", text: Text = "",
) -> Response:  # fmt: skip
    """A new one; or the form again with what is wrong."""
    place = read_place(ws, caller)
    workspace_id = settings_workspace(place, caller, Permission.MODERATE)
    enter_scope(session, scope_at(place, caller))
    try:
        await service.create_canned(session, caller, workspace_id, title, text, context.clock())
    except (InvalidInputError, ConflictError) as error:
        said = words_of(request).refusal(error)
        values = {"title": title, "text": text}
        return await _page(request, session, context, caller, ws, error=said, values=values)
    return RedirectResponse(f"/w/{ws}/settings/canned", status_code=303)


@panel.post("/settings/canned/{canned_response_id}")
async def change_canned(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str,
    canned_response_id: RowId, title: Title = "", text: Text = "",
) -> Response:  # fmt: skip
    """Other words."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    canned = await service.access_canned(session, caller, canned_response_id, Permission.MODERATE, lock=True)
    try:
        await service.change_canned(session, caller, canned, service.Wording(title, text), context.clock())
    except (InvalidInputError, ConflictError) as error:
        return await _page(request, session, context, caller, ws, error=words_of(request).refusal(error))
    return RedirectResponse(f"/w/{ws}/settings/canned", status_code=303)


@panel.post("/settings/canned/{canned_response_id}/remove")
async def delete_canned(
    session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, canned_response_id: RowId
) -> Response:
    """Gone."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    canned = await service.access_canned(session, caller, canned_response_id, Permission.MODERATE, lock=True)
    await service.delete_canned(session, caller, canned, context.clock())
    return RedirectResponse(f"/w/{ws}/settings/canned", status_code=303)


@panel.get("/inbox/{conversation_id}/canned")
async def offer_canned(
    page: PageDep, conversation_id: RowId, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """What fits the typed words, filled for this conversation."""
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id, Permission.ANSWER)
    filling = await service.filling_of(page.session, page.caller, conversation)
    found = await service.find_matching(page.session, conversation.workspace_id, q.strip())
    offered = [(one, fill(one.text, filling)) for one in found]
    may_write = page.caller.may(conversation.workspace_id, Permission.MODERATE)
    return render(
        page.request, "canned/offered.html", offered=offered, q=q.strip(), frame=page.frame, may_write=may_write
    )


async def _page(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str,
    *, error: str | None = None, values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    place = read_place(ws, caller)
    if not caller.workspaces_with(Permission.MODERATE):
        raise NotFoundError("There is no such page.")
    workspace_id = settings_workspace(place, caller, Permission.MODERATE)
    frame = await load_frame(session, caller, place, context.clock())
    enter_scope(session, scope_at(place, caller))
    return render(
        request, "canned/settings.html", status_code=422 if error else 200, frame=frame,
        canned=await service.list_canned(session, caller, workspace_id), error=error, values=values or {},
        variables=VARIABLES, project=frame.name_of(workspace_id), section="settings", tab="more",
        settings_section="canned",
    )  # fmt: skip

"""Canned responses over the API."""

from fastapi import APIRouter, Response

from inbox.agents.permissions import Permission
from inbox.canned import service
from inbox.canned.schemas import CannedIn, CannedOut, CannedPatch
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import Page

api = APIRouter(tags=["canned responses"])


@api.get("/canned-responses")
async def read_canned(session: SessionDep, caller: ApiCaller, workspace_id: Id | None = None) -> Page[CannedOut]:
    """All of a project, or of yours, by title; at most 500 a project."""
    rows = await service.list_canned(session, caller, workspace_id)
    return Page(items=[CannedOut.of(one) for one in rows], next_cursor=None)


@api.post("/canned-responses", status_code=201)
async def create_canned(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: CannedIn) -> CannedOut:
    """Those who moderate."""
    canned = await service.create_canned(
        session, caller, wanted.workspace_id, wanted.title, wanted.text, context.clock()
    )
    return CannedOut.of(canned)


@api.get("/canned-responses/{canned_response_id}")
async def read_one(session: SessionDep, caller: ApiCaller, canned_response_id: RowId) -> CannedOut:
    """One canned response."""
    return CannedOut.of(await service.access_canned(session, caller, canned_response_id))


@api.patch("/canned-responses/{canned_response_id}")
async def change_canned(
    session: SessionDep, context: ContextDep, caller: ApiCaller, canned_response_id: RowId, patch: CannedPatch
) -> CannedOut:
    """Other words."""
    canned = await service.access_canned(session, caller, canned_response_id, Permission.MODERATE, lock=True)
    await service.change_canned(session, caller, canned, patch.to_wording(), context.clock())
    return CannedOut.of(canned)


@api.delete("/canned-responses/{canned_response_id}", status_code=204)
async def delete_canned(
    session: SessionDep, context: ContextDep, caller: ApiCaller, canned_response_id: RowId
) -> Response:
    """Gone; what was sent with it stays."""
    canned = await service.access_canned(session, caller, canned_response_id, Permission.MODERATE, lock=True)
    await service.delete_canned(session, caller, canned, context.clock())
    return Response(status_code=204)

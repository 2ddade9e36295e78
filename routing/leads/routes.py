"""Leads over the API."""

from typing import Annotated

from fastapi import APIRouter, Query

from inbox.agents.permissions import Permission
from inbox.conversations.access import access_conversation
from inbox.core.errors import NotFoundError
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, Instant, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after
from routing.leads import listing
from routing.leads.listing import Filters
from routing.leads.models import Stage
from routing.leads.schemas import LeadIn, LeadOut, LeadPatch
from routing.leads.service import change_lead, make_lead_by_hand

api = APIRouter(tags=["leads"])


@api.get("/leads")
async def read_leads(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: Annotated[Id | None, Query(description="One workspace; none: all of yours.")] = None,
    stage: Annotated[list[Stage] | None, Query(description="One or several.")] = None,
    owner_id: Annotated[Id | None, Query()] = None,
    channel_id: Annotated[Id | None, Query()] = None,
    post_id: Annotated[Id | None, Query()] = None,
    since: Annotated[Instant | None, Query(description="What was written from then on.")] = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[LeadOut]:
    """Leads, newest first. Sales see their own."""
    filters = Filters(workspace_id, tuple(stage or ()), owner_id, channel_id, post_id, since)
    before_id = id_after(cursor) if cursor is not None else None
    rows = await listing.list_leads(session, caller, filters, before_id, limit + 1)
    page = rows[:limit]
    more = encode_cursor([page[-1].lead.id]) if len(rows) > limit else None
    return Page(items=[LeadOut.of(row) for row in page], next_cursor=more)


@api.post("/leads", status_code=201)
async def create_lead(session: SessionDep, context: ContextDep, caller: ApiCaller, body: LeadIn) -> LeadOut:
    """Say that a conversation is a lead."""
    caller.require(body.workspace_id, Permission.ANSWER)
    conversation = await access_conversation(session, caller, body.conversation_id, Permission.ANSWER, lock=True)
    if conversation.workspace_id != body.workspace_id:
        raise NotFoundError("There is no such conversation.")
    made = await make_lead_by_hand(session, caller, conversation, context.clock())
    return LeadOut.of(await listing.access_lead(session, caller, made))


@api.get("/leads/{lead_id}")
async def read_lead(session: SessionDep, caller: ApiCaller, lead_id: RowId) -> LeadOut:
    """One lead."""
    return LeadOut.of(await listing.access_lead(session, caller, lead_id))


@api.patch("/leads/{lead_id}")
async def patch_lead(
    session: SessionDep, context: ContextDep, caller: ApiCaller, lead_id: RowId, body: LeadPatch
) -> LeadOut:
    """Change stage, reason, sum or phone. Only a person of Sales takes a new lead up."""
    found = await listing.access_lead(session, caller, lead_id, Permission.ANSWER, lock=True)
    await change_lead(session, caller, found.lead, body.model_dump(exclude_unset=True), context.clock())
    await session.flush()
    return LeadOut.of(await listing.access_lead(session, caller, lead_id))

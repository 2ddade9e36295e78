"""A subscriber's data as a page: how much there is, the file for them, and the erasure with what it leaves."""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.contacts.models import Contact
from inbox.conversations.models import Conversation
from inbox.core.context import Context
from inbox.core.database import enter_scope
from inbox.core.errors import ConflictError, InvalidInputError, RefusedError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from routing.privacy.export import export_contact
from routing.privacy.routes import NAME
from routing.privacy.service import access_contact, count_kept, erase_contact

panel = APIRouter(prefix="/w/{ws}/contacts/{contact_id}")


@panel.get("")
async def show_contact(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, contact_id: RowId
) -> Response:
    """What is kept of the subscriber."""
    return await _page(request, session, context, caller, ws, contact_id)


@panel.get("/export")
async def export(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, contact_id: RowId) -> Response:
    """All of it as a file."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    contact = await access_contact(session, caller, contact_id)
    now = context.clock()
    document = await export_contact(session, caller, contact, now)
    return Response(
        json.dumps(document, ensure_ascii=False, indent=1),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="contact-{contact.id}-{now:%Y-%m-%d}.json"'},
    )


@panel.post("/erase")
async def erase(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    contact_id: RowId,
    sure: Annotated[bool, Form()] = False,
) -> Response:
    """Erase it; or the page again with why not."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    try:
        if not sure:
            raise InvalidInputError("Tick that you know it cannot be undone.", field="sure")
        name = words_of(request).gettext(NAME)
        async with session.begin_nested():
            await erase_contact(session, caller, contact_id, name, context.cipher.hide, context.clock())
    except (ConflictError, InvalidInputError) as error:
        return await _page(request, session, context, caller, ws, contact_id, error=error)
    return RedirectResponse(f"/w/{ws}/contacts/{contact_id}", 303)


async def _page(
    request: Request,
    session: AsyncSession,
    context: Context,
    caller: Caller,
    ws: str,
    contact_id: int,
    error: RefusedError | None = None,
) -> Response:
    place = read_place(ws, caller)
    frame = await load_frame(session, caller, place, context.clock())
    enter_scope(session, scope_at(place, caller))
    contact = await access_contact(session, caller, contact_id)
    return render(
        request, "privacy/contact.html", status_code=200 if error is None else 422, frame=frame, now=context.clock(),
        contact=contact, kept=await count_kept(session, contact), section="inbox", tab="inbox",
        back=await _back(session, ws, contact),
        error=None if error is None else words_of(request).gettext(error.detail),
    )  # fmt: skip


async def _back(session: AsyncSession, ws: str, contact: Contact) -> str:
    """The subscriber's newest conversation, from which a person comes here."""
    newest = await session.scalar(
        select(Conversation.id)
        .where(Conversation.contact_id == contact.id)
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(1)
    )
    return f"/w/{ws}/inbox" if newest is None else f"/w/{ws}/inbox/{newest}"

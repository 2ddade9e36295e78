"""A subscriber's data over the API."""

from fastapi import APIRouter, Request

from inbox.core.database import Json
from inbox.core.i18n import N_
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import words_of
from routing.privacy.export import export_contact
from routing.privacy.service import access_contact, erase_contact

NAME = N_("Erased subscriber")
api = APIRouter(tags=["contacts"])


@api.get("/contacts/{contact_id}/export")
async def export(session: SessionDep, context: ContextDep, caller: ApiCaller, contact_id: RowId) -> Json:
    """All that is kept of a subscriber: accounts, conversations with messages, leads. For owners and administrators."""
    contact = await access_contact(session, caller, contact_id)
    return await export_contact(session, caller, contact, context.clock())


@api.delete("/contacts/{contact_id}", status_code=204)
async def erase(
    request: Request, session: SessionDep, context: ContextDep, caller: ApiCaller, contact_id: RowId
) -> None:
    """Erase a subscriber's data: names, words, files, phones, notes on them; there is no way back. For owners and
    administrators.

    Numbers of messages, times and tags stay for reports. 409 while an answer, a deletion or a ban is under way to them,
    and when it was done already. What they write later is a new contact's.
    """
    name = words_of(request).gettext(NAME)
    await erase_contact(session, caller, contact_id, name, context.cipher.hide, context.clock())

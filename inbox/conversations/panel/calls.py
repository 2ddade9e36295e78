"""Calling colleagues in a note, and what tells of it and of news: asked for by the page's script."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.conversations.access import access_message
from inbox.conversations.mentions import list_readers
from inbox.conversations.notices import is_news
from inbox.conversations.panel.opened import access_in
from inbox.conversations.panel.page import PageDep
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render

router = APIRouter(prefix="/w/{ws}")
notices = APIRouter()


@router.get("/inbox/{conversation_id}/mentions")
async def offer_readers(page: PageDep, conversation_id: RowId) -> Response:
    """Colleagues whom a note may call: they may see the conversation."""
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id, Permission.ANSWER)
    readers = await list_readers(page.session, conversation)
    return page.show("mentions", readers=[one for one in readers if one.id != page.caller.agent_id])


@notices.get("/messages/{message_id}/notice")
async def show_notice(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, message_id: RowId
) -> Response:
    """A message in a few words, for who may see it; 204 when it is no news to them."""
    message, conversation = await access_message(session, caller, message_id)
    if not await is_news(session, caller, message, conversation, context.clock()):
        return Response(status_code=204)
    author = await session.scalar(select(Agent.name).where(Agent.id == message.author_agent_id))
    return render(request, "conversations/news.html", message=message, conversation=conversation, author=author)

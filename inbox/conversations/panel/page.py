"""What every route of the inbox's pages needs, as one dependency."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import Frame, load_frame, read_place, scope_at
from inbox.channels.adapter import Adapters
from inbox.conversations.models import Conversation
from inbox.conversations.panel.pills import Pill, pill_of
from inbox.conversations.panel.views import Choice, ChoiceDep
from inbox.core.database import enter_scope
from inbox.core.errors import NotFoundError
from inbox.core.i18n import Words
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.templates import render, words_of


@dataclass(frozen=True, slots=True)
class Page:
    """Who asks for what, where and when."""

    request: Request
    session: AsyncSession
    caller: Caller
    frame: Frame
    choice: Choice
    now: datetime
    adapters: Adapters
    words: Words
    """In the reader's language."""

    def pill(self, conversation: Conversation) -> Pill:
        """The conversation's clock."""
        return pill_of(conversation, self.words, self.frame.zone_of(conversation.workspace_id), self.now)

    def show(self, template: str, **values: object) -> HTMLResponse:
        """The template with all of this beside `values`."""
        page: dict[str, object] = {
            "frame": self.frame,
            "choice": self.choice,
            "now": self.now,
            "pill_of": self.pill,
            "section": "inbox",
            "tab": self.choice.view.value,
        }
        return render(self.request, f"conversations/{template}.html", 200, **(page | values))


async def open_page(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, choice: ChoiceDep
) -> Page:
    """NotFoundError for a project of others. From here on the session is fenced to the project of the address."""
    place = read_place(ws, caller)
    now = context.clock()
    frame = await load_frame(session, caller, place, now)
    if not frame.workspaces:
        raise NotFoundError("You are in no project yet. Ask the owner of your team.")
    enter_scope(session, scope_at(place, caller))
    return Page(request, session, caller, frame, choice, now, context.adapters, words_of(request))


PageDep = Annotated[Page, Depends(open_page)]

"""The answer to a deed: the conversation's changed parts, a toast, and an event for the page's script."""

import json
from dataclasses import dataclass

from fastapi import Response

from inbox.conversations.access import access_conversation
from inbox.conversations.models import Conversation
from inbox.conversations.panel.opened import load_opened
from inbox.conversations.panel.page import Page
from inbox.core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Undo:
    """Where the toast's button posts what it was before."""

    address: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Going:
    """How a deed goes that takes a while; `address`: where to ask again, None when nothing will change."""

    said: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Toast:
    """Said for ten seconds, from when what is `going` is over. `kind`: done or error."""

    text: str
    kind: str = "done"
    undo: Undo | None = None
    going: Going | None = None


async def answer(page: Page, conversation: Conversation, toast: Toast | None, event: str | None = None) -> Response:
    """A deed may take the conversation out of the person's sight: then only the toast comes."""
    await page.session.flush()
    try:
        seen = await access_conversation(page.session, page.caller, conversation.id)
    except NotFoundError:
        response: Response = page.show("left", toast=toast)
        event = event or "settled"
    else:
        opened = await load_opened(page.session, page.caller, seen, page.adapters, page.now)
        response = page.show("parts", opened=opened, toast=toast)
    events: dict[str, object] = {"changed": {"id": conversation.id}}
    if event is not None:
        events[event] = {"id": conversation.id}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response

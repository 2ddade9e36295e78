"""The inbox as a page, and its parts as htmx asks for them: list, rows, numbers, one conversation, files."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import load_only
from starlette.responses import StreamingResponse

from inbox.agents.permissions import Permission
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel
from inbox.conversations.answers import answer_file
from inbox.conversations.files import open_file
from inbox.conversations.filters import Filters, Order
from inbox.conversations.found import Found, load_found
from inbox.conversations.listing import Fold, Listing, count_views, list_conversations, list_folds
from inbox.conversations.mentions import load_mentions, note_seen
from inbox.conversations.panel.opened import access_in, load_opened, urls_of
from inbox.conversations.panel.page import Page, PageDep
from inbox.conversations.panel.views import TITLES, View
from inbox.conversations.suspicious import load_suspicious
from inbox.conversations.thread import load_thread
from inbox.core.web.dependencies import ContextDep, PanelCallerAlone
from inbox.core.web.fields import RowId

router = APIRouter(prefix="/w/{ws}")
files = APIRouter()
PAGE = 30
MAX_IDS = 200
COMMANDS = 7

SHOWN = (
    Channel.workspace_id, Channel.platform, Channel.name, Channel.status, Channel.status_reason,
    Channel.user_key_reason,
)  # fmt: skip
"""Of a channel, in the left column and in an empty list."""

Ids = Annotated[str, Query(pattern=r"^\d{1,18}(,\d{1,18})*$", max_length=19 * MAX_IDS)]
MessageId = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
ViewGroup = tuple[tuple[View, str], ...]
QUEUE: ViewGroup = (
    (View.MINE, "user"),
    (View.MENTIONED, "at-sign"),
    (View.UNASSIGNED, "inbox"),
    (View.OPEN, "messages-square"),
    (View.DUE_SOON, "timer"),
    (View.BREACHED, "alarm-clock"),
    (View.UNDELIVERED, "circle-x"),
    (View.ASIDE, "pause"),
)
TOPICS: ViewGroup = (
    (View.LEADS, "target"),
    (View.NEGATIVE, "thumbs-down"),
    (View.UNSURE, "circle-help"),
    (View.HELD, "shield-alert"),
)
FOLDED_IN = frozenset({View.OPEN, View.AUTOMATIC, View.CLOSED})
FRESH = timedelta(days=7)
"""A draw whose newest folded comment is older is over: its row leaves the open ones."""
REST: ViewGroup = ((View.AUTOMATIC, "message-square-off"), (View.CLOSED, "check-check"))


@router.get("/inbox")
async def show_inbox(page: PageDep) -> Response:
    """The whole inbox, nothing opened yet."""
    return page.show("inbox", **await around(page), opened=None)


@router.get("/inbox/{conversation_id}")
async def show_conversation(page: PageDep, conversation_id: RowId, message: MessageId = None) -> Response:
    """One conversation, at a found `message`: in its place when htmx asks for it, else within the whole inbox, which
    tells by itself once somebody looks at it."""
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id)
    is_part = page.request.headers.get("hx-target") == "conversation"
    was_called = is_part and await note_seen(page.session, conversation_id, page.caller.agent_id, page.now)
    opened = await load_opened(page.session, page.caller, conversation, page.adapters, page.now, message)
    if is_part:
        shown = page.show("conversation_alone", opened=opened, message=message)
        return _say_changed(shown, conversation_id) if was_called else shown
    return page.show("inbox", **await around(page), opened=opened, message=message)


@router.get("/inbox/{conversation_id}/parts")
async def show_parts(
    page: PageDep, conversation_id: RowId, message: MessageId = None, looking: bool = False
) -> Response:
    """What may have changed of an open conversation, morphed into place; never the composer. `looking`: the page is in
    front."""
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id)
    was_called = looking and await note_seen(page.session, conversation_id, page.caller.agent_id, page.now)
    opened = await load_opened(page.session, page.caller, conversation, page.adapters, page.now, message)
    shown = page.show("parts", opened=opened, toast=None)
    return _say_changed(shown, conversation_id) if was_called else shown


@router.get("/inbox/{conversation_id}/earlier")
async def show_earlier(
    page: PageDep, conversation_id: RowId, before: Annotated[int, Query(ge=1, le=2**63 - 1)]
) -> Response:
    """The page of the thread before the message `before`."""
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id)
    thread = await load_thread(page.session, page.caller, conversation, before)
    urls = urls_of(page.adapters, conversation, thread)
    may_moderate = page.caller.may(conversation.workspace_id, Permission.MODERATE)
    return page.show("earlier", thread=thread, conversation=conversation, urls=urls, may_moderate=may_moderate)


@router.get("/rows")
async def show_rows(page: PageDep, cursor: str | None = None, ids: Ids | None = None) -> Response:
    """The next page of the list; or, of the rows `ids`, those that belong into it now."""
    wanted = tuple(int(one) for one in ids.split(","))[:MAX_IDS] if ids else None
    filters = page.choice.filters(page.frame.ws, wanted)
    limit = len(wanted) if wanted else PAGE
    listing = await list_conversations(page.session, page.caller, filters, cursor, limit, page.now)
    found = await _find(page, listing)
    if listing.rows or wanted or cursor:
        return page.show("rows", listing=listing, found=found, opened=None)
    return page.show("rows", listing=listing, found=found, opened=None, channels=await _load_channels(page))


@router.get("/counts")
async def show_counts(page: PageDep) -> Response:
    """The left column with its numbers."""
    return page.show("counts", **await _numbers(page))


@router.get("/commands")
async def find_commands(page: PageDep, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Conversations for the command bar: by the contact's name and by words."""
    ws = page.frame.ws
    filters = Filters(workspace_id=ws if isinstance(ws, int) else None, q=q.strip() or None, order=Order.NEWEST)
    listing = await list_conversations(page.session, page.caller, filters, None, COMMANDS, page.now)
    found = await load_found(page.session, [row.conversation.id for row in listing.rows], q.strip())
    return page.show("commands", listing=listing, found=found)


@files.get("/attachments/{attachment_id}")
async def show_attachment(context: ContextDep, caller: PanelCallerAlone, attachment_id: RowId) -> StreamingResponse:
    """A file's bytes, through us."""
    return answer_file(await open_file(context, caller, attachment_id))


async def around(page: Page) -> Mapping[str, object]:
    """The list and the left column."""
    filters = page.choice.filters(page.frame.ws)
    listing = await list_conversations(page.session, page.caller, filters, None, PAGE, page.now)
    return {**await _numbers(page), "listing": listing, "found": await _find(page, listing)}


def _say_changed(shown: Response, conversation_id: int) -> Response:
    """The list asks for this row again, and for its numbers."""
    shown.headers["HX-Trigger"] = json.dumps({"changed": {"id": conversation_id}})
    return shown


async def _find(page: Page, listing: Listing) -> Mapping[int, Found]:
    """What rows show instead of the newest words: of a search what it found, of the suspicious queue what is so, of
    calls the note."""
    ids = [row.conversation.id for row in listing.rows]
    if page.choice.is_of_calls:
        return await load_mentions(page.session, ids, page.caller.agent_id)
    if page.choice.is_suspicious:
        return await load_suspicious(page.session, ids)
    return await load_found(page.session, ids, page.choice.q)


async def _load_folds(page: Page) -> list[Fold]:
    """The folded rows of draws above the list: of fresh ones among what is open, of all among what closed by itself."""
    choice = page.choice
    since = page.now - FRESH if choice.view is View.OPEN else None
    if (
        choice.view not in FOLDED_IN
        or choice.q
        or choice.waiting
        or choice.kind not in {None, ConversationKind.COMMENT}
    ):
        return []
    return await list_folds(page.session, page.caller, choice.filters(page.frame.ws), since)


async def _numbers(page: Page) -> Mapping[str, object]:
    ws = page.frame.ws
    counts = await count_views(page.session, page.caller, ws if isinstance(ws, int) else None, page.now)
    return {
        "counts": counts,
        "folds": await _load_folds(page) if counts.has_draws else [],
        "channels": await _load_channels(page),
        "groups": {"queue": QUEUE, "topics": TOPICS, "rest": REST},
        "titles": TITLES,
    }


async def _load_channels(page: Page) -> list[Channel]:
    ws = page.frame.ws
    channels = await page.session.scalars(
        select(Channel)
        .options(load_only(*SHOWN, raiseload=True))
        .where(Channel.removed_at.is_(None), *([Channel.workspace_id == ws] if isinstance(ws, int) else []))
        .order_by(Channel.name, Channel.id)
    )
    return list(channels)

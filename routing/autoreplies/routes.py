"""Auto-replies over the API."""

from typing import Annotated

from fastapi import APIRouter, Query

from inbox.agents.permissions import Permission
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after
from routing.autoreplies import editing
from routing.autoreplies.schemas import AutoReplyIn, AutoReplyOut, AutoReplyPatch, PreviewIn, PreviewOut

api = APIRouter(tags=["auto-replies"])


@api.get("/auto-replies")
async def read_auto_replies(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: Annotated[Id | None, Query(description="One workspace; none: all of yours.")] = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[AutoReplyOut]:
    """Auto-replies of your workspaces."""
    rows = await editing.list_auto_replies(session, caller, workspace_id, id_after(cursor), limit + 1)
    page = rows[:limit]
    more = encode_cursor([page[-1].id]) if len(rows) > limit else None
    return Page(items=[AutoReplyOut.of(row) for row in page], next_cursor=more)


@api.post("/auto-replies", status_code=201)
async def create_auto_reply(
    session: SessionDep, context: ContextDep, caller: ApiCaller, body: AutoReplyIn
) -> AutoReplyOut:
    """A new text with its occasion."""
    return AutoReplyOut.of(await editing.create_auto_reply(session, caller, body, context.clock()))


@api.post("/auto-replies/preview")
async def preview_auto_reply(
    session: SessionDep, context: ContextDep, caller: ApiCaller, body: PreviewIn
) -> PreviewOut:
    """What would be read at a moment that you choose; nothing is sent."""
    shown = await editing.preview(session, caller, body, context.clock())
    return PreviewOut(text=shown.text, open=shown.is_open, opens_at=shown.opens_at)


@api.get("/auto-replies/{auto_reply_id}")
async def read_auto_reply(session: SessionDep, caller: ApiCaller, auto_reply_id: RowId) -> AutoReplyOut:
    """One auto-reply."""
    row = await editing.access_auto_reply(session, caller, auto_reply_id, Permission.READ_CONVERSATIONS)
    return AutoReplyOut.of(row)


@api.patch("/auto-replies/{auto_reply_id}")
async def change_auto_reply(
    session: SessionDep, context: ContextDep, caller: ApiCaller, auto_reply_id: RowId, body: AutoReplyPatch
) -> AutoReplyOut:
    """Change what is given."""
    changes = body.model_dump(exclude_unset=True)
    return AutoReplyOut.of(await editing.change_auto_reply(session, caller, auto_reply_id, changes, context.clock()))


@api.delete("/auto-replies/{auto_reply_id}", status_code=204)
async def delete_auto_reply(session: SessionDep, context: ContextDep, caller: ApiCaller, auto_reply_id: RowId) -> None:
    """It is sent no more; what it sent stays."""
    await editing.delete_auto_reply(session, caller, auto_reply_id, context.clock())

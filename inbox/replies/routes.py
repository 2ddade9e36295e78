"""Messages over the API: reading a thread, answering, and what is done with single messages."""

from typing import Annotated

from fastapi import APIRouter, Header
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.access import access_conversation, access_message
from inbox.conversations.corrections import correct_tags, release
from inbox.conversations.models import Message
from inbox.conversations.review import review
from inbox.conversations.thread import Said, load_said, load_thread
from inbox.core.idempotency import KEY_LENGTH, repeatable
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after
from inbox.replies import writing
from inbox.replies.schemas import MessageIn, MessageOut, MessagePatch, ReviewIn, TagsPut

api = APIRouter(tags=["messages"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=KEY_LENGTH,
        description="Your own word for this request: repeated with it, it sends nothing twice.",
    ),
]


@api.get("/conversations/{conversation_id}/messages")
async def read_messages(
    session: SessionDep,
    caller: ApiCaller,
    conversation_id: RowId,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[MessageOut]:
    """The newest messages in time order; `next_cursor` leads to the earlier ones."""
    conversation = await access_conversation(session, caller, conversation_id)
    before = None if cursor is None else id_after(cursor)
    thread = await load_thread(session, caller, conversation, before, limit)
    said = [item for item in thread.items if isinstance(item, Said)]
    next_cursor = None if thread.before is None else encode_cursor([thread.before])
    return Page(items=[MessageOut.of(one) for one in said], next_cursor=next_cursor)


@api.post("/conversations/{conversation_id}/messages", status_code=201)
async def create_message(
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    conversation_id: RowId,
    wanted: MessageIn,
    idempotency_key: IdempotencyKey = None,
) -> MessageOut:
    """Write a reply or a note. Who answers what nobody has takes it. 409 `answered_since`: see `seen_message_id`."""
    request = repeatable(idempotency_key, f"write:{conversation_id}", wanted.model_dump_json())
    message, _ = await writing.write(
        session, context.adapters, caller, conversation_id, wanted.to_draft(), context.clock(), request
    )
    return await _show(session, caller, message)


@api.get("/messages/{message_id}")
async def read_message(session: SessionDep, caller: ApiCaller, message_id: RowId) -> MessageOut:
    """One message."""
    message, _ = await access_message(session, caller, message_id)
    return await _show(session, caller, message)


@api.patch("/messages/{message_id}")
async def patch_message(
    session: SessionDep, context: ContextDep, caller: ApiCaller, message_id: RowId, patch: MessagePatch
) -> MessageOut:
    """Change the text of a reply of ours, here and on the platform."""
    message, _ = await writing.edit(session, context.adapters, caller, message_id, patch.text, context.clock())
    return await _show(session, caller, message)


@api.delete("/messages/{message_id}")
async def delete_message(session: SessionDep, context: ContextDep, caller: ApiCaller, message_id: RowId) -> MessageOut:
    """Cancel a reply of ours, or take it back on the platform; its text stays here."""
    message, _ = await writing.delete(session, context.adapters, caller, message_id, context.clock())
    return await _show(session, caller, message)


@api.post("/messages/{message_id}/resend")
async def resend_message(
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    message_id: RowId,
    idempotency_key: IdempotencyKey = None,
) -> MessageOut:
    """Send again what failed, or an uncertain reply that you looked for and did not find."""
    request = repeatable(idempotency_key, f"resend:{message_id}")
    message, _ = await writing.resend(session, context.adapters, caller, message_id, context.clock(), request)
    return await _show(session, caller, message)


@api.post("/messages/{message_id}/confirm")
async def confirm_message(session: SessionDep, context: ContextDep, caller: ApiCaller, message_id: RowId) -> MessageOut:
    """You looked: an uncertain reply did arrive."""
    message, _ = await writing.confirm(session, caller, message_id, context.clock())
    return await _show(session, caller, message)


@api.post("/messages/{message_id}/cancel-change")
async def cancel_change(session: SessionDep, context: ContextDep, caller: ApiCaller, message_id: RowId) -> MessageOut:
    """An edit or a deletion of ours that has not arrived on the platform, see `failure`, is not wanted any more."""
    message, _ = await writing.cancel_change(session, caller, message_id, context.clock())
    return await _show(session, caller, message)


@api.put("/messages/{message_id}/tags")
async def put_tags(
    session: SessionDep, context: ContextDep, caller: ApiCaller, message_id: RowId, wanted: TagsPut
) -> MessageOut:
    """Correct the tags of what a subscriber wrote; the same again confirms them."""
    message, conversation = await access_message(session, caller, message_id, Permission.CORRECT_TAGS, lock=True)
    await correct_tags(session, caller, message, conversation, wanted.to_correction(), context.clock())
    message, _ = await access_message(session, caller, message_id)
    return await _show(session, caller, message)


@api.post("/messages/{message_id}/release")
async def release_message(session: SessionDep, context: ContextDep, caller: ApiCaller, message_id: RowId) -> MessageOut:
    """What was flagged as suspicious is fine; the tags learn from it. 409: it is not flagged."""
    message, conversation = await access_message(session, caller, message_id, Permission.CORRECT_TAGS, lock=True)
    await release(session, caller, message, conversation, context.clock())
    message, _ = await access_message(session, caller, message_id)
    return await _show(session, caller, message)


@api.post("/messages/{message_id}/moderate")
async def moderate_message(
    session: SessionDep, context: ContextDep, caller: ApiCaller, message_id: RowId, wanted: ReviewIn
) -> MessageOut:
    """Delete or restore a subscriber's message; warn, mute or ban its author. 409: platform or key cannot."""
    message, conversation = await access_message(session, caller, message_id, Permission.MODERATE, lock=True)
    await review(session, context.adapters, caller, message, conversation, wanted.to_review(), context.clock())
    message, _ = await access_message(session, caller, message_id)
    return await _show(session, caller, message)


async def _show(session: AsyncSession, caller: Caller, message: Message) -> MessageOut:
    (said,) = await load_said(session, caller, [message])
    return MessageOut.of(said)

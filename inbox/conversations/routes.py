"""Conversations, posts, labels and attachments over the API."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import StreamingResponse

from inbox.agents.permissions import Permission
from inbox.conversations import post_settings
from inbox.conversations.access import access_conversation, access_post
from inbox.conversations.answers import answer_file
from inbox.conversations.bulk import change_many, undo_many
from inbox.conversations.bulk_schemas import BulkIn, BulkOut
from inbox.conversations.files import open_file
from inbox.conversations.label_schemas import LabelIn, LabelOut
from inbox.conversations.labelling import create_label, list_labels
from inbox.conversations.listing import list_conversations, load_row
from inbox.conversations.models import Conversation
from inbox.conversations.post_schemas import PostOut, PostPatch
from inbox.conversations.queries import ConversationQuery, LabelQuery, PostQuery
from inbox.conversations.schemas import ConversationOut, ConversationPatch
from inbox.conversations.service import change, claim
from inbox.core.web.dependencies import ApiCaller, ApiCallerAlone, ContextDep, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.paging import Page

api = APIRouter()


@api.get("/conversations", tags=["conversations"])
async def read_conversations(
    session: SessionDep, context: ContextDep, caller: ApiCaller, query: Annotated[ConversationQuery, Query()]
) -> Page[ConversationOut]:
    """Conversations of all your workspaces that you may see."""
    listing = await list_conversations(session, caller, query.to_filters(), query.cursor, query.limit, context.clock())
    return Page(items=[ConversationOut.of(row) for row in listing.rows], next_cursor=listing.next_cursor)


@api.get("/conversations/{conversation_id}", tags=["conversations"])
async def read_conversation(session: SessionDep, caller: ApiCaller, conversation_id: RowId) -> ConversationOut:
    """One conversation; its messages are a list of their own."""
    return await _show(session, await access_conversation(session, caller, conversation_id))


@api.patch("/conversations/{conversation_id}", tags=["conversations"])
async def patch_conversation(
    session: SessionDep, context: ContextDep, caller: ApiCaller, conversation_id: RowId, patch: ConversationPatch
) -> ConversationOut:
    """Assign, close, snooze, label: only what is given changes."""
    conversation = await access_conversation(session, caller, conversation_id, Permission.ANSWER, lock=True)
    await change(session, caller, conversation, patch.to_change(caller.agent_id), context.clock())
    return await _show(session, conversation)


@api.post("/conversations/{conversation_id}/claim", tags=["conversations"])
async def claim_conversation(
    session: SessionDep, context: ContextDep, caller: ApiCaller, conversation_id: RowId
) -> ConversationOut:
    """Take what nobody has. 409 names who was first, in `assignee` and `assignee_id`."""
    return await _show(session, await claim(session, caller, conversation_id, context.clock()))


@api.post("/conversations/bulk", tags=["conversations"])
async def post_bulk(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: BulkIn) -> BulkOut:
    """One change of many conversations. What cannot be changed is told, and hinders no other."""
    deed = wanted.change.to_change(caller.agent_id)
    return BulkOut.of(await change_many(session, caller, wanted.conversation_ids, lambda _one: deed, context.clock()))


@api.post("/conversations/bulk/{bulk_change_id}/undo", tags=["conversations"])
async def undo_bulk(session: SessionDep, context: ContextDep, caller: ApiCaller, bulk_change_id: RowId) -> BulkOut:
    """Put back what your own change made, but for what somebody changed since. 409 when it was undone already."""
    return BulkOut.of(await undo_many(session, caller, bulk_change_id, context.clock()))


@api.get("/posts", tags=["posts"])
async def read_posts(session: SessionDep, caller: ApiCaller, query: Annotated[PostQuery, Query()]) -> Page[PostOut]:
    """Posts, newest first."""
    rows, next_cursor = await post_settings.list_posts(session, caller, query.to_filters(), query.cursor, query.limit)
    return Page(items=[PostOut.of(row) for row in rows], next_cursor=next_cursor)


@api.get("/posts/{post_id}", tags=["posts"])
async def read_post(session: SessionDep, caller: ApiCaller, post_id: RowId) -> PostOut:
    """One post."""
    post = await access_post(session, caller, post_id)
    (row,) = await post_settings.count_under(session, caller, [post])
    return PostOut.of(row)


@api.patch("/posts/{post_id}", tags=["posts"])
async def patch_post(
    session: SessionDep, context: ContextDep, caller: ApiCaller, post_id: RowId, patch: PostPatch
) -> PostOut:
    """Choose how its comments are treated; in draw mode short comments need no answer."""
    post = await access_post(session, caller, post_id, Permission.MODERATE)
    await post_settings.change_post(session, context.adapters, caller, post, patch.to_change(), context.clock())
    (row,) = await post_settings.count_under(session, caller, [post])
    return PostOut.of(row)


@api.get("/labels", tags=["labels"])
async def read_labels(
    session: SessionDep,
    caller: ApiCaller,
    query: Annotated[LabelQuery, Query()],
) -> Page[LabelOut]:
    """Labels of your workspaces."""
    labels, next_cursor = await list_labels(session, caller, query.workspace_id, query.cursor, query.limit)
    return Page(items=[LabelOut.of(label) for label in labels], next_cursor=next_cursor)


@api.post("/labels", status_code=201, tags=["labels"])
async def post_label(session: SessionDep, caller: ApiCaller, wanted: LabelIn) -> LabelOut:
    """A new label; one that is there already is answered as it is."""
    return LabelOut.of(await create_label(session, caller, wanted.workspace_id, wanted.name))


@api.get("/attachments/{attachment_id}/content", tags=["messages"], response_class=StreamingResponse)
async def read_attachment(context: ContextDep, caller: ApiCallerAlone, attachment_id: RowId) -> StreamingResponse:
    """The file's bytes, through us. 410 when the platform does not give it any more."""
    return answer_file(await open_file(context, caller, attachment_id))


async def _show(session: AsyncSession, conversation: Conversation) -> ConversationOut:
    return ConversationOut.of(await load_row(session, conversation))

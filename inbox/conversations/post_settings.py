"""How a post's comments are treated: its mode, and whether it takes comments."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, SQLColumnExpression, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.models import AuditEntry
from inbox.channels.adapter import Act, Adapters
from inbox.channels.capabilities import find_refusal
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel
from inbox.conversations.access import visible
from inbox.conversations.changes import UNSET, Unset
from inbox.conversations.folding import fold_wordless, folded
from inbox.conversations.intake import lock_channels
from inbox.conversations.judging import judge_again
from inbox.conversations.listing import MOST_COUNTED
from inbox.conversations.models import Conversation, Message, Post, PostMode
from inbox.conversations.possible import GONE
from inbox.conversations.refresh import refresh
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError
from inbox.core.events import OpenComments
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.core.web.paging import decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class PostChange:
    """What is to become of a post; UNSET: stays."""

    mode: PostMode | Unset = UNSET
    comments_open: bool | Unset = UNSET


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with how many conversations under it the reader may see, how many of them wait, how many are folded.

    Each is counted up to `listing.MOST_COUNTED`.
    """

    post: Post
    conversations: int
    needs_answer: int
    folded: int


@dataclass(frozen=True, slots=True)
class PostFilters:
    """All None: posts of all of the caller's workspaces."""

    workspace_id: int | None = None
    channel_id: int | None = None
    mode: PostMode | None = None


async def list_posts(
    session: AsyncSession, caller: Caller, filters: PostFilters, cursor: str | None, limit: int
) -> tuple[list[PostRow], str | None]:
    """Newest first; two queries a page."""
    statement = select(Post).where(Post.workspace_id.in_(sorted(caller.workspaces_with(Permission.READ_CONVERSATIONS))))
    if filters.workspace_id is not None:
        caller.require(filters.workspace_id, Permission.READ_CONVERSATIONS)
        statement = statement.where(Post.workspace_id == filters.workspace_id)
    if filters.channel_id is not None:
        statement = statement.where(Post.channel_id == filters.channel_id)
    if filters.mode is not None:
        statement = statement.where(Post.mode == filters.mode)
    if cursor is not None:
        statement = statement.where(tuple_(Post.published_at, Post.id) < tuple_(*_place(cursor)))
    statement = statement.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit + 1)
    found = list(await session.scalars(statement))
    page = found[:limit]
    rows = await count_under(session, caller, page)
    more = len(found) > limit
    return rows, encode_cursor([page[-1].published_at.isoformat(), page[-1].id]) if more else None


async def count_under(session: AsyncSession, caller: Caller, posts: Sequence[Post]) -> list[PostRow]:
    """The posts with the numbers of their conversations; no more rows are visited than are counted."""
    which: list[SQLColumnExpression[bool]] = [true(), Conversation.needs_answer, folded()]
    numbers = [_count_up(caller, condition) for condition in which]
    counted = await session.execute(select(Post.id, *numbers).where(Post.id.in_([post.id for post in posts])))
    found = {post_id: under for post_id, *under in counted}
    return [PostRow(post, *found[post.id]) for post in posts]


def _count_up(caller: Caller, condition: SQLColumnExpression[bool]) -> ScalarSelect[int]:
    """Of one post's conversations; each condition has an index of its own that ends with the post."""
    within = Conversation.workspace_id == Post.workspace_id, Conversation.post_id == Post.id
    some = select(Conversation.id).where(*within, visible(caller), condition).correlate(Post).limit(MOST_COUNTED)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


async def change_post(
    session: AsyncSession, adapters: Adapters, caller: Caller, post: Post, wanted: PostChange, now: datetime
) -> None:
    """Change a post that `access_post` gave with MODERATE; draw mode judges its comments again.

    A batch of intake that reads the old mode at this moment is waited for.
    """
    await lock_channels(session, [post.channel_id])
    await session.refresh(post, with_for_update=True)
    before = _snapshot(post)
    if wanted.comments_open is not UNSET and wanted.comments_open is not post.comments_open:
        await _set_open(session, adapters, post, is_open=wanted.comments_open)
    if wanted.mode is not UNSET:
        post.mode = wanted.mode
    after = _snapshot(post)
    if after == before:
        return
    await session.flush()
    if after["comments_open"] != before["comments_open"]:
        await defer(session, [OpenComments(post_id=post.id)])
    session.add(
        AuditEntry(
            workspace_id=post.workspace_id, agent_id=caller.agent_id, action="post.changed", row_kind="post",
            row_id=post.id, before=before, after=after, occurred_at=now,
        )
    )  # fmt: skip
    if after["mode"] != before["mode"]:
        await _judge_comments(session, post)
    announce(session, post.workspace_id, "post", post_id=post.id, channel_id=post.channel_id)


async def find_comments_obstacle(session: AsyncSession, adapters: Adapters, post: Post) -> str | None:
    """Why the comments of this post can be neither opened nor closed from here; None when they can."""
    channel = await session.get_one(Channel, post.channel_id)
    adapter = adapters.get(channel.platform)
    if channel.removed_at is not None or adapter is None:
        return GONE
    kind = ConversationKind.COMMENT
    capability = adapter.capability_for(Act.OPEN_COMMENTS, kind)
    reason = adapter.impossible(Act.OPEN_COMMENTS, kind, post.thread_external_id)
    return reason or (None if capability is None else find_refusal(channel, capability))


async def _set_open(session: AsyncSession, adapters: Adapters, post: Post, *, is_open: bool) -> None:
    """Written down here; a job brings it to the platform."""
    if (reason := await find_comments_obstacle(session, adapters, post)) is not None:
        raise ConflictError(reason, extra={"capability": "open_comments"})
    if post.external_id is None:
        raise ConflictError("This post itself was never seen here: open or close its comments on the platform.")
    post.comments_open, post.comments_failure = is_open, None


async def _judge_comments(session: AsyncSession, post: Post) -> None:
    """Verdicts, and the state of every conversation in which one changed; what is folded changes for all of them.

    Messages are locked before conversations, as everywhere.
    """
    touched = await judge_again(
        session,
        Message.conversation_id.in_(select(Conversation.id).where(Conversation.post_id == post.id)),
        Message.deleted_at.is_(None),
    )
    await fold_wordless(session, post.id, post.mode, touched)
    for conversation in await refresh(session, touched):
        announce(
            session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
            assignee_id=conversation.assignee_id, team_id=conversation.team_id,
        )  # fmt: skip


def _snapshot(post: Post) -> Json:
    return {"mode": post.mode.value, "comments_open": post.comments_open}


def _place(cursor: str) -> tuple[datetime, int]:
    published_at, post_id = decode_cursor(cursor, 2)
    if isinstance(published_at, str) and isinstance(post_id, int):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(published_at), post_id
    raise InvalidInputError("This cursor is not from an earlier page of this list.", field="cursor")

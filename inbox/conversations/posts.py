"""Posts of communities, and the map from a post to the root of its comments."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import ConversationKind, MessageReceived, PostSeen
from inbox.conversations.arrivals import Arrived
from inbox.conversations.merging import move_to
from inbox.conversations.models import Conversation, Direction, Message, Post, PostMode
from inbox.core.events import OpenComments
from inbox.core.jobs import is_queued
from inbox.core.live import announce


async def store_posts(session: AsyncSession, seen: Sequence[tuple[Arrived, PostSeen]]) -> set[int]:
    """Posts and their roots; returns the conversations that turned out to be comments."""
    touched: set[int] = set()
    for one, event in sorted(seen, key=lambda pair: (pair[0].channel.channel_id, pair[1].external_id)):
        channel = one.channel
        post_id = await _upsert(session, channel.workspace_id, channel.channel_id, event)
        if event.thread_external_id:
            touched |= await _rehome(session, channel.channel_id, event.thread_external_id, post_id)
    return touched


async def ensure_roots(session: AsyncSession, received: Sequence[tuple[Arrived, MessageReceived]]) -> None:
    """Comments that came before their posts: keep a place for these."""
    roots: dict[tuple[int, str], dict[str, int | str | datetime | None]] = {}
    for one, event in sorted(received, key=lambda pair: pair[1].sent_at):
        if event.thread_is_post and event.thread_external_id:
            channel = one.channel
            values: dict[str, int | str | datetime | None] = {
                "workspace_id": channel.workspace_id, "channel_id": channel.channel_id,
                "thread_external_id": event.thread_external_id, "published_at": event.sent_at,
                "url": event.thread_url,
            }  # fmt: skip
            roots.setdefault((channel.channel_id, event.thread_external_id), values)
    if not roots:
        return
    statement = insert(Post)
    earlier = statement.on_conflict_do_update(
        index_elements=[Post.channel_id, Post.thread_external_id],
        set_={"published_at": statement.excluded.published_at},
        where=Post.external_id.is_(None) & (Post.published_at > statement.excluded.published_at),
    )
    await session.execute(earlier, [roots[key] for key in sorted(roots)])


async def _upsert(session: AsyncSession, workspace_id: int, channel_id: int, event: PostSeen) -> int:
    """One row a post, whichever of post, forward, edit or comment came first."""
    rows = list(
        await session.scalars(
            select(Post)
            .where(
                Post.channel_id == channel_id,
                or_(
                    Post.external_id == event.external_id,
                    Post.thread_external_id == (event.thread_external_id or ""),
                ),
            )
            .order_by(Post.id)
            .with_for_update()
        )
    )
    if not rows:
        post = Post(
            workspace_id=workspace_id, channel_id=channel_id, external_id=None,
            thread_external_id=event.thread_external_id, published_at=event.published_at, text="",
        )  # fmt: skip
        session.add(post)
        rows = [post]
    kept = next((row for row in rows if row.thread_external_id), rows[0])
    for spare in rows:
        if spare is not kept:
            external_id, spare.external_id, spare.thread_external_id = spare.external_id, None, None
            await session.flush()
            _merge(kept, spare, external_id)
            await session.flush()
            await session.execute(update(Conversation).where(Conversation.post_id == spare.id).values(post_id=kept.id))
            await session.delete(spare)
            await session.flush()
    _fill(kept, event)
    await session.flush()
    return kept.id


def _merge(kept: Post, spare: Post, external_id: str | None) -> None:
    """Take over what the spare row of the same post knew."""
    if kept.external_id is None or _version(spare) > _version(kept):
        kept.text, kept.edited_at, kept.attachment_kinds = spare.text, spare.edited_at, spare.attachment_kinds
    kept.external_id = kept.external_id or external_id
    kept.url = kept.url or spare.url
    kept.mode = spare.mode if kept.mode is PostMode.NORMAL else kept.mode
    kept.published_at = spare.published_at


def _fill(post: Post, event: PostSeen) -> None:
    """The newest version of the text stays; within one second, the platforms' unit, the text decides."""
    if post.external_id is None or _version(event) >= _version(post):
        post.text, post.edited_at = event.text, event.edited_at
        post.attachment_kinds = [str(one.kind) for one in event.attachments]
    post.external_id = event.external_id
    post.thread_external_id = event.thread_external_id or post.thread_external_id
    post.url = event.url or post.url
    post.chat_title = event.chat_title or post.chat_title
    post.published_at = event.published_at


def _version(post: Post | PostSeen) -> tuple[datetime, bool, str]:
    return post.edited_at or post.published_at, post.edited_at is not None, post.text


async def _rehome(session: AsyncSession, channel_id: int, thread_external_id: str, post_id: int) -> set[int]:
    """Messages under this root were taken for talk in the group; they are comments of the post."""
    await session.execute(
        update(Conversation)
        .where(Conversation.channel_id == channel_id, Conversation.thread_external_id == thread_external_id)
        .values(post_id=post_id, kind=ConversationKind.COMMENT)
    )
    strays = list(
        await session.scalars(
            select(Conversation)
            .join(Message, Message.conversation_id == Conversation.id)
            .where(
                Conversation.channel_id == channel_id,
                Conversation.kind == ConversationKind.GROUP,
                Message.thread_external_id == thread_external_id,
            )
            .distinct()
        )
    )
    touched: set[int] = set()
    for stray in strays:
        touched |= await _move_comments(session, stray, thread_external_id, post_id)
    return touched


async def note_comments_closed(session: AsyncSession, post_id: int) -> None:
    """The platform refused a comment because there are to be none; a wish of people that is under way comes first."""
    post = await session.get_one(Post, post_id, with_for_update=True)
    if post.comments_open and not await is_queued(session, OpenComments(post_id=post_id)):
        post.comments_open, post.comments_failure = False, None
        announce(session, post.workspace_id, "post", post_id=post.id, channel_id=post.channel_id)


async def _move_comments(session: AsyncSession, stray: Conversation, thread: str, post_id: int) -> set[int]:
    """The comments of one contact, with their state if there is nothing else in the talk."""
    author = stray.key.rsplit(":", 1)[-1]
    key = f"thread:{thread}:{author}"
    home_id = await session.scalar(
        select(Conversation.id).where(Conversation.channel_id == stray.channel_id, Conversation.key == key)
    )
    is_whole = not await session.scalar(
        select(Message.id)
        .where(
            Message.conversation_id == stray.id,
            Message.thread_external_id.is_distinct_from(thread),
            # Our notes and answers in a group name no thread: they belong to what they were written under.
            or_(Message.direction == Direction.INBOUND, Message.thread_external_id.is_not(None)),
        )
        .limit(1)
    )
    if home_id is None and is_whole:
        stray.key, stray.kind, stray.post_id, stray.thread_external_id = key, ConversationKind.COMMENT, post_id, thread
        await session.flush()
        return {stray.id}
    if home_id is not None and is_whole:
        await move_to(session, stray.id, home_id)
        return {home_id}
    if home_id is None:
        home_id = await _make_home(session, stray, thread, key, post_id)
    await session.execute(
        update(Message)
        .where(Message.conversation_id == stray.id, Message.thread_external_id == thread)
        .values(conversation_id=home_id)
    )
    return {home_id, stray.id}


async def _make_home(session: AsyncSession, stray: Conversation, thread: str, key: str, post_id: int) -> int:
    home = Conversation(
        workspace_id=stray.workspace_id, channel_id=stray.channel_id, contact_id=stray.contact_id,
        identity_id=stray.identity_id, post_id=post_id, kind=ConversationKind.COMMENT, key=key,
        chat_external_id=stray.chat_external_id, thread_external_id=thread, topic_external_id=None,
        chat_title=stray.chat_title, started_at=stray.started_at, last_message_at=stray.last_message_at,
    )  # fmt: skip
    session.add(home)
    await session.flush()
    return home.id

"""Posts of communities, and the map from a post to the root of its comments."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import ConversationKind, PostSeen
from inbox.conversations.arrivals import Arrived
from inbox.conversations.models import Conversation, Message, Post


async def store_posts(session: AsyncSession, seen: Sequence[tuple[Arrived, PostSeen]]) -> set[int]:
    """Posts and their roots; returns the conversations that turned out to be comments."""
    touched: set[int] = set()
    for one, event in sorted(seen, key=lambda pair: (pair[0].channel.channel_id, pair[1].external_id)):
        channel = one.channel
        post_id = await _upsert(session, channel.workspace_id, channel.channel_id, event)
        if event.thread_external_id:
            touched |= await _rehome(session, channel.channel_id, event.thread_external_id, post_id)
    return touched


async def ensure_root(
    session: AsyncSession, workspace_id: int, channel_id: int, thread_external_id: str, seen_at: datetime
) -> None:
    """A comment came before its post: keep a place for it."""
    values = {
        "workspace_id": workspace_id, "channel_id": channel_id, "thread_external_id": thread_external_id,
        "published_at": seen_at,
    }  # fmt: skip
    await session.execute(insert(Post).values(**values).on_conflict_do_nothing())


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
            workspace_id=workspace_id, channel_id=channel_id, external_id=event.external_id,
            thread_external_id=event.thread_external_id, published_at=event.published_at, text="",
        )  # fmt: skip
        session.add(post)
        rows = [post]
    kept = next((row for row in rows if row.thread_external_id), rows[0])
    for spare in rows:
        if spare is not kept:
            _merge(kept, spare)
            await session.flush()
            await session.execute(update(Conversation).where(Conversation.post_id == spare.id).values(post_id=kept.id))
            await session.delete(spare)
            await session.flush()
    _fill(kept, event)
    await session.flush()
    return kept.id


def _merge(kept: Post, spare: Post) -> None:
    """Take over what the spare row of the same post knew."""
    kept.text = kept.text or spare.text
    kept.url = kept.url or spare.url
    kept.mode = spare.mode
    kept.edited_at = kept.edited_at or spare.edited_at
    kept.published_at = spare.published_at
    spare.thread_external_id = None


def _fill(post: Post, event: PostSeen) -> None:
    """The newest version of the text stays."""
    newest = post.edited_at is None or (event.edited_at is not None and event.edited_at >= post.edited_at)
    if newest or not post.text:
        post.text = event.text
        post.edited_at = event.edited_at or post.edited_at
    post.external_id = event.external_id
    post.thread_external_id = event.thread_external_id or post.thread_external_id
    post.url = event.url or post.url
    post.chat_title = event.chat_title or post.chat_title
    post.published_at = event.published_at
    post.attachment_kinds = [str(one.kind) for one in event.attachments] or post.attachment_kinds


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


async def _move_comments(session: AsyncSession, stray: Conversation, thread: str, post_id: int) -> set[int]:
    author = stray.key.rsplit(":", 1)[-1]
    key = f"thread:{thread}:{author}"
    home_id = await session.scalar(
        select(Conversation.id).where(Conversation.channel_id == stray.channel_id, Conversation.key == key)
    )
    if home_id is None:
        home = Conversation(
            workspace_id=stray.workspace_id, channel_id=stray.channel_id, contact_id=stray.contact_id,
            identity_id=stray.identity_id, post_id=post_id, kind=ConversationKind.COMMENT, key=key,
            chat_external_id=stray.chat_external_id, thread_external_id=thread, topic_external_id=None,
            chat_title=stray.chat_title, started_at=stray.started_at, last_message_at=stray.last_message_at,
        )  # fmt: skip
        session.add(home)
        await session.flush()
        home_id = home.id
    await session.execute(
        update(Message)
        .where(Message.conversation_id == stray.id, Message.thread_external_id == thread)
        .values(conversation_id=home_id)
    )
    emptied = await session.scalar(
        delete(Conversation)
        .where(Conversation.id == stray.id, ~exists().where(Message.conversation_id == stray.id))
        .returning(Conversation.id)
    )
    return {home_id} if emptied else {home_id, stray.id}

"""Opening and closing the comments of a post on the platform; refused, the post says so and is as it was."""

from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Act
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel
from inbox.channels.status import KeyRefusal, note_refused_key
from inbox.conversations.models import Post
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PlatformError, TemporaryRefusalError, UnknownOutcomeError
from inbox.core.events import OpenComments
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.core.pacing import Pacing
from inbox.replies.turns import silence_key, wait_for_turn


async def bring_comments_open(context: Context, pacing: Pacing, job: OpenComments) -> None:
    """The newest wish of people; it may be repeated without harm."""
    found = await _find(context, job.post_id)
    if found is None:
        return
    account, external_id, is_open = found
    adapter = context.adapters[account.platform]
    buckets = adapter.buckets(account, Act.OPEN_COMMENTS, ConversationKind.COMMENT, external_id)
    await wait_for_turn(pacing, buckets)
    try:
        await adapter.set_comments_open(account, external_id, is_open=is_open)
    except UnknownOutcomeError as error:
        raise TemporaryRefusalError(error.reason) from None
    except TemporaryRefusalError as error:
        await silence_key(pacing, buckets, error)
        raise
    except PlatformError as error:
        await _note_refusal(context, job, account, error, was_open=is_open)


async def _find(context: Context, post_id: int) -> tuple[Account, str, bool] | None:
    async with context.database.session(EVERY_WORKSPACE) as session:
        post = await session.get(Post, post_id)
        if post is None or post.external_id is None:
            return None
        channel = await session.get_one(Channel, post.channel_id)
        if channel.removed_at is not None:
            return None
        return account_of(channel, context.cipher), post.external_id, post.comments_open


async def _note_refusal(
    context: Context, job: OpenComments, account: Account, error: PlatformError, *, was_open: bool
) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        post = await session.get_one(Post, job.post_id, with_for_update=True)
        if post.comments_open is not was_open:
            return  # somebody wished otherwise meanwhile: that has a job of its own
        channel = await session.get_one(Channel, post.channel_id)
        if isinstance(error, KeyRefusedError) and not await note_refused_key(
            session, channel, context.cipher, account, KeyRefusal.of(error), context.clock()
        ):
            await defer(session, [job])  # keys that came meanwhile are tried at once
            return
        post.comments_open, post.comments_failure = not was_open, error.reason
        announce(session, post.workspace_id, "post", post_id=post.id, channel_id=post.channel_id)

"""What a review asks of the platform, done outside any transaction; all of it may be repeated without harm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.audit.models import AuditEntry
from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Act, Adapter
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel, ChannelStatus
from inbox.channels.status import set_status
from inbox.contacts.models import Identity
from inbox.conversations.models import Activity, Conversation, Message
from inbox.conversations.refresh import refresh
from inbox.conversations.review import ReviewAction
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PlatformError, TemporaryRefusalError, UnknownOutcomeError
from inbox.core.events import ReviewMessage
from inbox.core.live import announce
from inbox.core.pacing import Pacing
from inbox.replies.turns import silence_key, wait_for_turn

_ACTS = {
    ReviewAction.DELETE: Act.DELETE,
    ReviewAction.RESTORE: Act.RESTORE,
    ReviewAction.WARN: Act.SEND,
    ReviewAction.MUTE: Act.RESTRICT,
    ReviewAction.UNMUTE: Act.RESTRICT,
    ReviewAction.BAN: Act.BAN,
    ReviewAction.UNBAN: Act.BAN,
}


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom and what a review is about, as the platform knows it."""

    account: Account
    kind: ConversationKind
    chat: str
    message: str
    author: str


async def carry_out(context: Context, pacing: Pacing, job: ReviewMessage) -> None:
    """Call the platform; what it refuses for good is written to the thread, and a deletion is taken back."""
    target = await _find_target(context, job.message_id)
    if target is None:
        return
    adapter = context.adapters[target.account.platform]
    buckets = adapter.buckets(target.account, _ACTS[ReviewAction(job.action)], target.kind, target.chat)
    await wait_for_turn(pacing, buckets)
    try:
        await _call(adapter, target, job, context.clock())
    except UnknownOutcomeError as error:
        raise TemporaryRefusalError(error.reason) from None
    except TemporaryRefusalError as error:
        await silence_key(pacing, buckets, error)
        raise
    except PlatformError as error:
        await _note_refusal(context, job, error)


async def _find_target(context: Context, message_id: int) -> _Target | None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = (
            await session.execute(
                select(Message.external_id, Conversation.kind, Conversation.chat_external_id, Identity, Channel)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .join(Channel, Channel.id == Message.channel_id)
                .join(Identity, Identity.id == Message.author_identity_id)
                .where(Message.id == message_id, Channel.removed_at.is_(None))
            )
        ).one_or_none()
        if row is None:
            return None
        external_id, kind, chat, identity, channel = row
        if external_id is None:
            return None
        return _Target(account_of(channel, context.cipher), kind, chat, external_id, identity.external_id)


async def _call(adapter: Adapter, target: _Target, job: ReviewMessage, now: datetime) -> None:
    length = None if job.seconds is None else timedelta(seconds=job.seconds)
    match ReviewAction(job.action):
        case ReviewAction.DELETE:
            await adapter.delete(target.account, target.message)
        case ReviewAction.BAN:
            await adapter.ban(target.account, target.chat, target.author, None if length is None else now + length)
        case ReviewAction.UNBAN:
            await adapter.unban(target.account, target.chat, target.author)
        case ReviewAction.MUTE:
            await adapter.restrict(target.account, target.chat, target.author, length or timedelta(days=367))
        case ReviewAction.UNMUTE:
            await adapter.restrict(target.account, target.chat, target.author, None)
        case ReviewAction.RESTORE | ReviewAction.WARN:
            return


async def _note_refusal(context: Context, job: ReviewMessage, error: PlatformError) -> None:
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        message = await session.scalar(select(Message).where(Message.id == job.message_id).with_for_update())
        if message is None:
            return
        if job.action == ReviewAction.DELETE:
            message.deleted_at = None
        await session.flush()
        (conversation,) = await refresh(session, [message.conversation_id])
        _write_refusal(session, message, job.action, error.reason, now)
        announce(
            session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
            assignee_id=conversation.assignee_id, team_id=conversation.team_id,
        )  # fmt: skip
        if isinstance(error, KeyRefusedError):
            channel = await session.get_one(Channel, message.channel_id)
            await set_status(session, channel, ChannelStatus.ATTENTION, error.reason, now)


def _write_refusal(session: AsyncSession, message: Message, action: str, reason: str, now: datetime) -> None:
    details: dict[str, object] = {"action": action, "reason": reason}
    session.add_all(
        [
            Activity(
                workspace_id=message.workspace_id, conversation_id=message.conversation_id, kind="review_refused",
                details=details, occurred_at=now,
            ),
            AuditEntry(
                workspace_id=message.workspace_id, action=f"review.{action}.refused", row_kind="message",
                row_id=message.id, before=None, after=details, occurred_at=now,
            ),
        ]
    )  # fmt: skip

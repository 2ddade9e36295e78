"""What a review asks of the platform, done outside any transaction; all of it may be repeated without harm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.audit.models import AuditEntry
from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Adapter, BanNote
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel
from inbox.channels.status import KeyRefusal, note_refused_key, still_waits
from inbox.contacts.models import Identity
from inbox.conversations.archive import keep_files
from inbox.conversations.messages import find_gone_since
from inbox.conversations.models import Activity, Conversation, Deletion, Message, ModerationAction
from inbox.conversations.models import ReviewAction as Action
from inbox.conversations.models import ReviewState as State
from inbox.conversations.refresh import refresh
from inbox.conversations.review import ACTS
from inbox.conversations.waiting import uphold_ban
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import (
    KeyRefusedError,
    PlatformError,
    SecondKeyWaitsError,
    TemporaryRefusalError,
    UnknownOutcomeError,
)
from inbox.core.events import ReviewMessage
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.core.pacing import Pacing
from inbox.replies.turns import silence_key, wait_for_turn

FOR_EVER = timedelta(days=367)
_SETTLED = frozenset({State.DONE, State.REFUSED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom and what a review is about, as the platform knows it."""

    account: Account
    kind: ConversationKind
    chat: str
    message: str
    message_id: int
    author: str
    action: Action
    length: timedelta | None
    note: BanNote


async def carry_out(context: Context, pacing: Pacing, job: ReviewMessage) -> None:
    """Call the platform; what it refuses for good is written to the thread, and a deletion is taken back.

    With a dead key it waits, and with one whose owner is asked for something: the recovered key gives it a job again.
    """
    target = await _begin(context, job)
    if target is None:
        return
    adapter = context.adapters[target.account.platform]
    buckets = adapter.buckets(target.account, ACTS[target.action], target.kind, target.chat)
    if target.action is Action.DELETE:
        await keep_files(context, target.account, target.message_id)
    await wait_for_turn(pacing, buckets)
    try:
        await _call(adapter, target, context.clock())
    except UnknownOutcomeError as error:
        raise TemporaryRefusalError(error.reason) from None
    except TemporaryRefusalError as error:
        await silence_key(pacing, buckets, error)
        raise
    except (KeyRefusedError, SecondKeyWaitsError) as error:
        await _park(context, job, target.account, error)
    except PlatformError as error:
        await _note_refusal(context, job, error)
    else:
        await _note_done(context, job)


async def _begin(context: Context, job: ReviewMessage) -> _Target | None:
    """What is still to be done; None when it is done, or waits for the key."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        found = (
            await session.execute(
                select(ModerationAction, Message.external_id, Conversation, Identity.external_id, Channel)
                .join(Message, Message.id == ModerationAction.message_id)
                .join(Conversation, Conversation.id == ModerationAction.conversation_id)
                .join(Channel, Channel.id == ModerationAction.channel_id)
                .join(Identity, Identity.id == ModerationAction.identity_id)
                .where(ModerationAction.id == job.review_id, Channel.removed_at.is_(None))
                .with_for_update(of=ModerationAction)
            )
        ).one_or_none()
        if found is None:
            return None
        row, external_id, conversation, author, channel = found
        if external_id is None or row.state in _SETTLED:
            return None
        key = context.adapters[channel.platform].key_for(ACTS[row.action], conversation.kind)
        if (reason := await still_waits(session, channel, key)) is not None:
            row.state, row.failure = State.WAITING, reason
            announce(
                session, row.workspace_id, "message", conversation_id=conversation.id, message_id=row.message_id,
                assignee_id=conversation.assignee_id, team_id=conversation.team_id,
            )  # fmt: skip
            return None
        return _Target(
            account_of(channel, context.cipher), conversation.kind, conversation.chat_external_id, external_id,
            row.message_id, author, row.action, None if row.seconds is None else timedelta(seconds=row.seconds),
            BanNote(row.offence, row.reason),
        )  # fmt: skip


async def _call(adapter: Adapter, target: _Target, now: datetime) -> None:
    length = target.length
    match target.action:
        case Action.DELETE:
            await adapter.delete(target.account, target.message)
        case Action.RESTORE:
            await adapter.restore(target.account, target.message)
        case Action.BAN:
            until = None if length is None else now + length
            await adapter.ban(target.account, target.chat, target.author, until, target.note)
        case Action.UNBAN:
            await adapter.unban(target.account, target.chat, target.author)
        case Action.MUTE:
            await adapter.restrict(target.account, target.chat, target.author, length or FOR_EVER)
        case Action.UNMUTE:
            await adapter.restrict(target.account, target.chat, target.author, None)
        case Action.WARN:
            return  # a reply, delivered as one


async def _note_done(context: Context, job: ReviewMessage) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        row, message = await _lock(session, job)
        row.state, row.failure, row.done_at = State.DONE, None, context.clock()
        if row.action in {Action.BAN, Action.UNBAN}:
            await _tell_of_author(session, row)
        if row.action is not Action.RESTORE:
            return
        message.deleted_at = None
        for deletion in await session.scalars(
            select(Deletion).where(
                Deletion.channel_id == message.channel_id, Deletion.external_id == (message.external_id or "")
            )
        ):
            await session.delete(deletion)
        await _tell(session, message)


async def _park(
    context: Context, job: ReviewMessage, account: Account, error: KeyRefusedError | SecondKeyWaitsError
) -> None:
    """The key is dead: the channel needs attention, and this waits for another key; or for the second key's owner.

    Keys that came meanwhile are tried at once.
    """
    async with context.transaction(EVERY_WORKSPACE) as session:
        row, message = await _lock(session, job)
        channel = await session.get_one(Channel, message.channel_id)
        row.state, row.failure = State.WAITING, error.reason
        refusal = KeyRefusal.of(error)
        if not await note_refused_key(session, channel, context.cipher, account, refusal, context.clock()):
            row.state, row.failure = State.ASKED, None
            await defer(session, [job])
        await _tell(session, message)


async def _note_refusal(context: Context, job: ReviewMessage, error: PlatformError) -> None:
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        row, message = await _lock(session, job)
        row.state, row.failure = State.REFUSED, error.reason
        if row.action is Action.DELETE:
            message.deleted_at = await find_gone_since(session, message)
        details: dict[str, object] = {"action": row.action.value, "reason": error.reason}
        session.add_all(
            [
                Activity(
                    workspace_id=message.workspace_id, conversation_id=message.conversation_id, kind="review_refused",
                    details=details, occurred_at=now,
                ),
                AuditEntry(
                    workspace_id=message.workspace_id, action=f"review.{row.action.value}.refused",
                    row_kind="message", row_id=message.id, before=None, after=details, occurred_at=now,
                ),
            ]
        )  # fmt: skip
        if row.action is Action.UNBAN:
            await uphold_ban(session, row)
        if row.action in {Action.BAN, Action.UNBAN}:
            await _tell_of_author(session, row)
        else:
            await _tell(session, message)


async def _lock(session: AsyncSession, job: ReviewMessage) -> tuple[ModerationAction, Message]:
    """The message before anything that hangs on it, as everywhere."""
    row = await session.get_one(ModerationAction, job.review_id)
    message = await session.get_one(Message, row.message_id, with_for_update=True)
    await session.refresh(row, with_for_update=True)
    return row, message


async def _tell(session: AsyncSession, message: Message) -> None:
    """The conversation's state follows; panels hear of it."""
    await session.flush()
    (conversation,) = await refresh(session, [message.conversation_id])
    announce(
        session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip


async def _tell_of_author(session: AsyncSession, row: ModerationAction) -> None:
    """A ban, its refusal or its end says something of all that is suspicious of its author, wherever they wrote it."""
    suspicious = (
        select(Message.id)
        .where(Message.conversation_id == Conversation.id, Message.held, Message.deleted_at.is_(None))
        .exists()
    )
    found = await session.scalars(
        select(Conversation.id).where(
            Conversation.identity_id == row.identity_id, or_(Conversation.id == row.conversation_id, suspicious)
        )
    )
    await session.flush()
    for conversation in await refresh(session, set(found)):
        announce(
            session, conversation.workspace_id, "message", conversation_id=conversation.id, message_id=row.message_id,
            assignee_id=conversation.assignee_id, team_id=conversation.team_id,
        )  # fmt: skip

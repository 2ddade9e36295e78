"""Delivery: claim, send outside any transaction, settle. Runs as a job, and may run twice at the same moment.

A row that is `sending` belongs to another run; when that run is silent for SILENT_AFTER it died after its request may
have left, so the outcome is unknown: the row becomes `uncertain` and a person decides. Nothing is sent twice by itself.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Outgoing, Sent, Upload
from inbox.channels.events import ConversationKind, Platform
from inbox.channels.models import Channel, ChannelStatus
from inbox.channels.status import set_status
from inbox.contacts.models import Identity
from inbox.conversations.models import Attachment, Conversation, Delivery, Message
from inbox.conversations.refresh import refresh
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import (
    KeyRefusedError,
    PermanentRefusalError,
    PlatformError,
    TemporaryRefusalError,
    UnknownOutcomeError,
    UnreachableContactError,
)
from inbox.core.events import DeleteDelivered, DeliverMessage, EditDelivered
from inbox.core.pacing import Bucket, Pacing
from inbox.replies.service import announce_message

SILENT_AFTER = timedelta(seconds=60)
SETTLE_PAUSE = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=5)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this run has the right to send."""

    message_id: int
    account: Account
    outgoing: Outgoing


def buckets_of(account: Account, kind: ConversationKind, chat_external_id: str) -> list[Bucket]:
    """What a call takes from: the key's bucket first, then the chat's (limits as the platforms state them)."""
    key = f"{account.platform}:{account.channel_id}"
    if account.platform is Platform.VK:
        return [Bucket(key, rate=20.0, burst=20.0)]
    per_chat = (1.0, 3.0) if kind is ConversationKind.DIRECT else (20.0 / 60.0, 20.0)
    return [Bucket(key, rate=30.0, burst=30.0), Bucket(f"{key}:{chat_external_id}", *per_chat)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, as it is written to the row."""

    delivery: Delivery
    sent: Sent | None = None
    failure: str | None = None
    dead_key: str | None = None
    unreachable: bool = False


async def deliver(context: Context, pacing: Pacing, job: DeliverMessage) -> None:
    """Send one message, at most once by itself."""
    claimed = await _claim(context, job.message_id)
    if claimed is None:
        return
    try:
        sent = await _send(context, pacing, claimed)
    except TemporaryRefusalError as error:
        await _settle(context, claimed, Outcome(Delivery.QUEUED, failure=error.reason))
        raise
    except PlatformError as error:
        await _settle(context, claimed, _outcome_of(error))
    else:
        await _settle(context, claimed, Outcome(Delivery.SENT, sent=sent))


async def _send(context: Context, pacing: Pacing, claimed: Claimed) -> Sent:
    """Wait for the key's turn and send; a 429 silences the key for everybody."""
    buckets = buckets_of(claimed.account, claimed.outgoing.kind, claimed.outgoing.chat_external_id)
    await _wait_for_turn(pacing, buckets)
    try:
        return await context.adapters[claimed.account.platform].send(claimed.account, claimed.outgoing)
    except TemporaryRefusalError as error:
        if error.whole_key and error.retry_after:
            await pacing.block(buckets[0], error.retry_after)
        raise


def _outcome_of(error: PlatformError) -> Outcome:
    match error:
        case UnknownOutcomeError():
            return Outcome(Delivery.UNCERTAIN, failure=error.reason)
        case KeyRefusedError():
            return Outcome(Delivery.QUEUED, failure=error.reason, dead_key=error.reason)
        case UnreachableContactError():
            return Outcome(Delivery.FAILED, failure=error.reason, unreachable=True)
        case _:
            return Outcome(Delivery.FAILED, failure=error.reason)


async def _wait_for_turn(pacing: Pacing, buckets: list[Bucket]) -> None:
    """A token, after a short wait here or a longer one as a job that comes again."""
    waited = timedelta()
    while wait := await pacing.take(buckets):
        if waited + wait > LONGEST_WAIT:
            raise TemporaryRefusalError("the key's limit is used up", retry_after=wait)
        waited += wait
        await asyncio.sleep(wait.total_seconds())


async def _claim(context: Context, message_id: int) -> Claimed | None:
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await _load(session, message_id, lock=True)
        if row is None:
            return None
        message, conversation, channel = row
        if message.delivery is Delivery.SENDING:
            _give_up_on_silent(session, message, conversation, now)
            return None
        if message.delivery is not Delivery.QUEUED or message.send_at is not None:
            return None
        if channel.status is ChannelStatus.ATTENTION or channel.removed_at is not None:
            return None  # parked: the row waits, requeue_parked gives it a job again
        message.delivery = Delivery.SENDING
        message.attempt += 1
        message.sending_at = now
        announce_message(session, message, conversation)
        outgoing = await _outgoing(session, message, conversation)
        return Claimed(message.id, account_of(channel, context.cipher), outgoing)


def _give_up_on_silent(session: AsyncSession, message: Message, conversation: Conversation, now: datetime) -> None:
    since = message.sending_at or message.created_at
    if now - since < SILENT_AFTER:
        raise TemporaryRefusalError("another worker is sending this", retry_after=SILENT_AFTER - (now - since))
    message.delivery = Delivery.UNCERTAIN
    message.failure = "interrupted"
    announce_message(session, message, conversation)


async def _load(
    session: AsyncSession, message_id: int, *, lock: bool = False
) -> tuple[Message, Conversation, Channel] | None:
    statement = (
        select(Message, Conversation, Channel)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(Message.id == message_id)
    )
    if lock:
        statement = statement.with_for_update(of=Message)
    return (await session.execute(statement)).one_or_none()


async def _outgoing(session: AsyncSession, message: Message, conversation: Conversation) -> Outgoing:
    files = await session.execute(
        select(Attachment.kind, Attachment.file_name, Attachment.mime_type, Attachment.content)
        .where(Attachment.message_id == message.id)
        .order_by(Attachment.position)
    )
    uploads = tuple(
        Upload(kind, file_name or "file", mime_type or "application/octet-stream", content or b"")
        for kind, file_name, mime_type, content in files
    )
    return Outgoing(
        kind=conversation.kind,
        chat_external_id=conversation.chat_external_id,
        text=message.text,
        random_id=random_id_of(message.id),
        thread_external_id=conversation.thread_external_id,
        topic_external_id=conversation.topic_external_id,
        parent_external_id=message.parent_external_id,
        uploads=uploads,
    )


def random_id_of(message_id: int) -> int:
    """A non-zero int32 that is the same at each attempt."""
    return message_id % 2_147_483_647 + 1


async def _settle(context: Context, claimed: Claimed, outcome: Outcome) -> None:
    """Write the outcome; a database that is away is waited for, since the outcome lives only here."""
    while True:
        try:
            async with context.transaction(EVERY_WORKSPACE) as session:
                row = await _load(session, claimed.message_id, lock=True)
                if row is not None:
                    await _write(session, row, outcome, context.clock())
            return
        except DBAPIError as error:
            if not error.connection_invalidated and not _is_away(error):
                raise
            log.warning("settling_waits_for_database", message_id=claimed.message_id)
            await asyncio.sleep(SETTLE_PAUSE.total_seconds())


async def _write(
    session: AsyncSession, row: tuple[Message, Conversation, Channel], outcome: Outcome, now: datetime
) -> None:
    message, conversation, channel = row
    message.delivery = outcome.delivery
    message.failure = outcome.failure
    if outcome.sent is not None:
        message.external_id = outcome.sent.external_id
        message.further_external_ids = list(outcome.sent.further_external_ids)
        message.sent_at = outcome.sent.sent_at
    if outcome.dead_key is not None:
        await set_status(session, channel, ChannelStatus.ATTENTION, outcome.dead_key, now)
    if outcome.unreachable and conversation.kind is ConversationKind.DIRECT:
        identity = await session.get_one(Identity, conversation.identity_id)
        identity.unreachable_at = identity.reachability_at = now
    await session.flush()
    await refresh(session, [conversation.id])
    announce_message(session, message, conversation)


def _is_away(error: DBAPIError) -> bool:
    return type(error.orig).__name__ in {"OperationalError", "AdminShutdown", "CannotConnectNow", "CrashShutdown"}


async def bring_edit(context: Context, pacing: Pacing, job: EditDelivered) -> None:
    """The newest text of our own message goes to the platform."""
    await _change(context, pacing, job.message_id, deleting=False)


async def bring_deletion(context: Context, pacing: Pacing, job: DeleteDelivered) -> None:
    """Our own message is taken back on the platform."""
    await _change(context, pacing, job.message_id, deleting=True)


async def _change(context: Context, pacing: Pacing, message_id: int, *, deleting: bool) -> None:
    """Both are harmless when repeated, so that an unknown outcome is simply tried again."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await _load(session, message_id)
        if row is None or row[0].external_id is None:
            return
        message, conversation, channel = row
        account = account_of(channel, context.cipher)
    external_ids = [external_id for external_id in (message.external_id, *message.further_external_ids) if external_id]
    adapter = context.adapters[account.platform]
    await _wait_for_turn(pacing, buckets_of(account, conversation.kind, conversation.chat_external_id))
    try:
        if deleting:
            for external_id in external_ids:
                await adapter.delete(account, external_id)
        else:
            await adapter.edit(account, conversation.chat_external_id, external_ids[0], message.text)
    except UnknownOutcomeError as error:
        raise TemporaryRefusalError(error.reason) from None
    except (PermanentRefusalError, KeyRefusedError) as error:
        await _note_refusal(context, message_id, error.reason, deleting=deleting)


async def _note_refusal(context: Context, message_id: int, reason: str, *, deleting: bool) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await _load(session, message_id, lock=True)
        if row is None:
            return
        message, conversation, _ = row
        message.failure = reason
        if deleting:
            message.deleted_at = None
        announce_message(session, message, conversation)

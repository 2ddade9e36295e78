"""Claiming a row for sending: from then on its outcome is unknown until it is settled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Act, KeyKind, Outgoing, Upload
from inbox.channels.models import Channel
from inbox.channels.status import still_waits
from inbox.conversations.models import Attachment, Conversation, Delivery, Message, MessageKind
from inbox.conversations.refresh import refresh
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import TemporaryRefusalError
from inbox.core.events import DeliverMessage
from inbox.core.i18n import N_
from inbox.core.jobs import defer, is_queued
from inbox.core.pacing import Bucket
from inbox.replies.outcomes import INTERRUPTED
from inbox.replies.random_ids import random_id_of
from inbox.replies.service import announce_message

SETTLING = timedelta(seconds=5)
"""What a run may need beyond its longest send; silent for longer it died, or will correct what we write."""
MACHINES_WORD_LIVES = timedelta(minutes=15)
"""An auto-reply that could not leave within this says nothing true any more, and is not sent."""
TOO_LATE = N_("The auto-reply could not leave in time, and was not sent.")
DISCONNECTED = N_("The account was disconnected before the reply left.")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this run has the right to send, once; `attempt` tells this run from others."""

    message_id: int
    conversation_id: int
    attempt: int
    account: Account
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Row:
    """A message with where it belongs."""

    message: Message
    conversation: Conversation
    channel: Channel


async def load_row(session: AsyncSession, message_id: int, *, lock: bool = False) -> Row | None:
    """The row; `lock` is the message's (a conversation is locked after it, as everywhere)."""
    statement = (
        select(Message, Conversation, Channel)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(Message.id == message_id)
    )
    if lock:
        statement = statement.with_for_update(of=Message).execution_options(populate_existing=True)
    found = (await session.execute(statement)).one_or_none()
    return None if found is None else Row(*found)


async def find_buckets(context: Context, message_id: int) -> list[Bucket] | None:
    """What the message's call will take from; None when there is nothing to send (any more, or yet)."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        row = await load_row(session, message_id)
        if row is None or not _may_begin(context, row):
            return None
        conversation, account = row.conversation, account_of(row.channel, context.cipher)
        adapter = context.adapters[account.platform]
        return adapter.buckets(account, Act.SEND, conversation.kind, conversation.chat_external_id)


def _may_begin(context: Context, row: Row) -> bool:
    """Queued and due; or another run's whose send, repeated, is heard once: that run has died, or does no harm."""
    message = row.message
    if message.send_at is not None:
        return False
    is_repeatable = message.delivery is Delivery.SENDING and context.adapters[row.channel.platform].repeats_safely
    return message.delivery is Delivery.QUEUED or is_repeatable


async def claim(context: Context, message_id: int) -> Claimed | None:
    """Mark the row as being sent; None when it is not to be sent now: parked, cancelled, sent, another's, or
    behind an earlier one of its talk."""
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await load_row(session, message_id, lock=True)
        if row is None or not _may_begin(context, row):
            return None
        if not await _may_leave(session, row, now):
            return None
        message = row.message
        if earlier := await _find_earlier(session, row):
            await _go_behind(session, row, earlier)
            return None
        if message.kind is MessageKind.AUTO_REPLY and now - message.sent_at > MACHINES_WORD_LIVES:
            message.delivery, message.failure = Delivery.CANCELLED, TOO_LATE
            announce_message(session, message, row.conversation)
            return None
        account = account_of(row.channel, context.cipher)
        message.delivery = Delivery.SENDING
        message.attempt += 1
        message.sending_at = now
        message.failure = message.platform_version_at = None
        announce_message(session, message, row.conversation)
        outgoing = await _outgoing(session, row)
        return Claimed(message.id, row.conversation.id, message.attempt, account, outgoing)


async def give_up_on_silent(context: Context, message_id: int) -> None:
    """A row that stays `sending`: its run died after its request may have left, so nobody knows; a person decides."""
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await load_row(session, message_id, lock=True)
        if row is None or row.message.delivery is not Delivery.SENDING:
            return
        silent_for = now - (row.message.sending_at or row.message.created_at)
        silent_after = await _silent_after(session, context, row)
        if silent_for < silent_after:
            raise TemporaryRefusalError("another run is sending this", retry_after=silent_after - silent_for)
        row.message.delivery = Delivery.UNCERTAIN
        row.message.failure, row.message.failed_at = INTERRUPTED, now
        await session.flush()
        await refresh(session, [row.conversation.id])
        announce_message(session, row.message, row.conversation)


async def _find_earlier(session: AsyncSession, row: Row) -> list[int]:
    """What was written before in the same talk and has not left. Jobs of a talk run in the order in which they were
    made, so that this happens only where that is not the order of the messages."""
    earlier = (
        select(Message.id)
        .where(
            Message.channel_id == row.channel.id,
            Message.conversation_id == row.conversation.id,
            Message.delivery == Delivery.QUEUED,
            Message.send_at.is_(None),
            Message.id < row.message.id,
        )
        .order_by(Message.id)
    )
    return list(await session.scalars(earlier))


async def _go_behind(session: AsyncSession, row: Row, earlier: list[int]) -> None:
    """Parked while the key was dead, the earlier ones have their jobs behind ours: all go to the queue's end in their
    order. One that has none waits for the second key, and ours is parked behind it until that key is free."""
    jobs = [DeliverMessage(conversation_id=row.conversation.id, message_id=one) for one in (*earlier, row.message.id)]
    reason = await still_waits(session, row.channel, KeyKind.USER)
    if reason is not None and not all([await is_queued(session, job) for job in jobs[:-1]]):
        row.message.failure = reason
        announce_message(session, row.message, row.conversation)
        return
    await defer(session, jobs)


async def _silent_after(session: AsyncSession, context: Context, row: Row) -> timedelta:
    files = select(Attachment.id).where(Attachment.message_id == row.message.id).limit(1)
    with_files = await session.scalar(files) is not None
    return context.adapters[row.channel.platform].longest_send(with_files=with_files) + SETTLING


async def _may_leave(session: AsyncSession, row: Row, now: datetime) -> bool:
    """False for a parked row (its channel's recovery gives it a job again) and for one that can never leave."""
    if row.channel.removed_at is not None:
        row.message.delivery = Delivery.FAILED
        row.message.failure, row.message.failed_at = DISCONNECTED, now
        await session.flush()
        await refresh(session, [row.conversation.id])
        announce_message(session, row.message, row.conversation)
        return False
    return await still_waits(session, row.channel, KeyKind.OWN) is None


async def _outgoing(session: AsyncSession, row: Row) -> Outgoing:
    message, conversation = row.message, row.conversation
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
        random_id=random_id_of(message.id, row.channel.id, row.channel.created_at),
        thread_external_id=conversation.thread_external_id,
        topic_external_id=conversation.topic_external_id,
        parent_external_id=message.parent_external_id,
        uploads=uploads,
    )

"""Settling: an attempt's outcome is written to the row, whatever became of the row and the database meanwhile."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.adapter import Sent
from inbox.channels.events import ChatMigrated, ConversationKind
from inbox.channels.standing import migrate_chat
from inbox.channels.status import KeyRefusal, note_refused_key
from inbox.contacts.bans import set_reachable
from inbox.contacts.models import Identity
from inbox.conversations.intake import lock_channels
from inbox.conversations.messages import forget_emptied
from inbox.conversations.models import Delivery, Message
from inbox.conversations.posts import note_comments_closed
from inbox.conversations.refresh import refresh
from inbox.conversations.standing import find_private
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import DeliverMessage
from inbox.core.jobs import defer
from inbox.core.transient import is_transient
from inbox.replies.claims import Claimed, Row, load_row
from inbox.replies.outcomes import Outcome
from inbox.replies.service import announce_message

PAUSE = timedelta(seconds=1)

log = structlog.get_logger()


async def settle(context: Context, claimed: Claimed, outcome: Outcome) -> None:
    """Write the outcome; a database that is away is waited for, since the outcome lives only here."""
    while True:
        try:
            async with context.transaction(EVERY_WORKSPACE) as session:
                await _settle(session, claimed, outcome, context)
        except Exception as error:
            # An IntegrityError is our message come back as an event while we wrote: the next round finds and merges it.
            if not is_transient(error) and not isinstance(error, IntegrityError):
                raise
            log.warning("settling_waits", message_id=claimed.message_id, error=str(error).splitlines()[0])
            await asyncio.sleep(PAUSE.total_seconds())
        else:
            return


async def _settle(session: AsyncSession, claimed: Claimed, outcome: Outcome, context: Context) -> None:
    channel_id = claimed.account.channel_id
    if outcome.new_chat_external_id is not None:
        await lock_channels(session, [channel_id])
    row = await load_row(session, claimed.message_id, lock=True)
    if row is None:
        return
    delivery = _new_state(row.message, claimed, outcome)
    if delivery is None:
        if row.message.delivery is Delivery.SENT:
            return  # our message came back as an event before its own answer
        log.warning("outcome_came_late", message_id=claimed.message_id, outcome=outcome.delivery.value)
        return
    touched = {row.conversation.id}
    row.message.delivery, row.message.failure = delivery, outcome.failure
    row.message.failed_at = context.clock() if delivery in {Delivery.FAILED, Delivery.UNCERTAIN} else None
    if outcome.sent is not None:
        touched |= await _write_sent(session, row.message, outcome.sent)
    await session.flush()
    await forget_emptied(session, touched - {row.conversation.id})
    await refresh(session, touched)
    announce_message(session, row.message, row.conversation)
    await _write_consequences(session, row, claimed, outcome, context)


def _new_state(message: Message, claimed: Claimed, outcome: Outcome) -> Delivery | None:
    """What the row becomes; None when this attempt has nothing to say about it any more."""
    if message.attempt != claimed.attempt:
        return None
    if message.delivery is Delivery.SENDING:
        return outcome.delivery
    if message.delivery is Delivery.UNCERTAIN:
        # Given up as silent, and its job with it: what was not done is for a person to send again.
        return Delivery.FAILED if outcome.delivery is Delivery.QUEUED else outcome.delivery
    if message.delivery is Delivery.QUEUED and outcome.delivery is Delivery.SENT:
        return Delivery.SENT  # a person asked to send it again, and it had arrived
    return None


async def _write_sent(session: AsyncSession, message: Message, sent: Sent) -> set[int]:
    """Where and when it stands; an event of ours that came first becomes one with it. Returns what else was touched."""
    external_ids = [sent.external_id, *sent.further_external_ids]
    twins = list(
        await session.scalars(
            select(Message)
            .where(
                Message.channel_id == message.channel_id,
                Message.external_id.in_(external_ids),
                Message.id != message.id,
            )
            .with_for_update()
        )
    )
    for twin in twins:
        # The platform's newest word on it stays; the credit "outside the panel" goes with the row.
        if twin.edited_at is not None and message.edited_at is None:
            message.text, message.edited_at = twin.text, twin.edited_at
        message.deleted_at = message.deleted_at or twin.deleted_at
    if twins:
        await session.execute(delete(Message).where(Message.id.in_([twin.id for twin in twins])))
    message.external_id = sent.external_id
    message.further_external_ids = list(sent.further_external_ids)
    told = {twin.external_id: twin.sent_at for twin in twins}
    message.sent_at = told.get(sent.external_id, sent.sent_at)
    return {twin.conversation_id for twin in twins}


async def _write_consequences(
    session: AsyncSession, row: Row, claimed: Claimed, outcome: Outcome, context: Context
) -> None:
    now = context.clock()
    if outcome.dead_key or outcome.second_key_waits:
        await _note_key(session, row, claimed, outcome, context)
    if outcome.unreachable and row.conversation.kind is ConversationKind.DIRECT:
        identity = await session.get_one(Identity, row.conversation.identity_id)
        await set_reachable(session, identity.channel_id, identity.external_id, now, yes=False)
        await refresh(session, await find_private(session, {identity.id}))
    if outcome.comments_closed and row.conversation.post_id is not None:
        await note_comments_closed(session, row.conversation.post_id)
    if outcome.new_chat_external_id is not None:
        move = ChatMigrated(row.conversation.chat_external_id, outcome.new_chat_external_id, now)
        await refresh(session, await migrate_chat(session, row.channel.id, move))


async def _note_key(session: AsyncSession, row: Row, claimed: Claimed, outcome: Outcome, context: Context) -> None:
    """The key is dead, or its owner is asked for something; keys that came meanwhile are tried at once."""
    refusal = KeyRefusal(outcome.failure, is_second=not outcome.dead_key)
    is_theirs = await note_refused_key(
        session, row.channel, context.cipher, claimed.account, refusal, context.clock()
    )  # fmt: skip
    if not is_theirs and row.message.delivery is Delivery.QUEUED:
        row.message.failure = None
        await defer(session, [DeliverMessage(conversation_id=row.conversation.id, message_id=row.message.id)])

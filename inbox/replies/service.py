"""Composing replies and notes, and what may still be done with them: retry, edit, delete, cancel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox.channels.adapter import Upload
from inbox.channels.events import ConversationKind, Platform
from inbox.channels.models import Channel
from inbox.contacts.models import Identity
from inbox.conversations.models import (
    Attachment,
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageEdit,
    MessageKind,
)
from inbox.conversations.refresh import refresh
from inbox.core.errors import ConflictError, InvalidInputError
from inbox.core.events import DeleteDelivered, DeliverMessage, EditDelivered
from inbox.core.i18n import N_
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.organisations.archived import at_work

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
MAX_UPLOADS = 10
HELD_BACK = N_("Held back: somebody has written here since. Look again, then send or discard it.")
WHY_UNREACHABLE: Mapping[Platform, str] = {
    Platform.TELEGRAM: N_("This contact has blocked the bot: it cannot write to them."),
    Platform.VK: N_("This contact does not take messages from the community until they write first."),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to say. `send_at` None: now. `seen_message_id`: the newest they had seen; None: not told."""

    text: str
    note: bool = False
    send_at: datetime | None = None
    canned_response_id: int | None = None
    uploads: Sequence[Upload] = ()
    seen_message_id: int | None = None


async def compose(
    session: AsyncSession, conversation: Conversation, agent_id: int, draft: Draft, now: datetime
) -> Message:
    """Write the reply down and, unless it is a note or for later, the job that delivers it."""
    _check(draft, now)
    if not draft.note:
        await _check_reachable(session, conversation)
    parent = None if draft.note else await _last_inbound(session, conversation)
    message = Message(
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        direction=Direction.OUTBOUND,
        kind=MessageKind.NOTE if draft.note else MessageKind.MESSAGE,
        author_agent_id=agent_id,
        text=draft.text,
        thread_external_id=conversation.thread_external_id,
        parent_external_id=parent if conversation.kind is not ConversationKind.DIRECT else None,
        sent_at=now,
        delivery=None if draft.note else Delivery.QUEUED,
        send_at=draft.send_at,
    )
    session.add(message)
    await session.flush()
    _attach(session, message, draft.uploads)
    if not draft.note and draft.send_at is None:
        await defer(session, [DeliverMessage(conversation_id=conversation.id, message_id=message.id)])
    announce_message(session, message, conversation)
    return message


def announce_message(session: AsyncSession, message: Message, conversation: Conversation) -> None:
    """Panels hear of a message of a conversation."""
    announce(
        session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip


def _check(draft: Draft, now: datetime) -> None:
    if not draft.text.strip() and not draft.uploads:
        raise InvalidInputError("Write something, or attach a file.", field="text")
    if "\x00" in draft.text:
        raise InvalidInputError("The text holds a character that cannot be stored.", field="text")
    limit = CAPTION_LIMIT if draft.uploads else TEXT_LIMIT
    if len(draft.text) > limit:
        raise InvalidInputError("The text is longer than %(n)s characters.", field="text", values={"n": limit})
    if len(draft.uploads) > MAX_UPLOADS:
        raise InvalidInputError("At most %(n)s files in one message.", field="attachments", values={"n": MAX_UPLOADS})
    if draft.note and draft.send_at:
        raise InvalidInputError("A note is not sent.", field="send_at")
    if draft.send_at and draft.send_at <= now:
        raise InvalidInputError("The time to send is already past.", field="send_at")


def is_unreachable(identity: Identity, conversation: Conversation) -> bool:
    """Blocked us, or lets nobody write first; who has written since can be answered."""
    at, heard_at = identity.unreachable_at, conversation.last_inbound_at
    return conversation.kind is ConversationKind.DIRECT and at is not None and (heard_at is None or heard_at <= at)


async def _check_reachable(session: AsyncSession, conversation: Conversation) -> None:
    identity = await session.get_one(Identity, conversation.identity_id)
    if is_unreachable(identity, conversation):
        channel = await session.get_one(Channel, conversation.channel_id)
        raise ConflictError(WHY_UNREACHABLE[channel.platform])


async def _last_inbound(session: AsyncSession, conversation: Conversation) -> str | None:
    found: str | None = await session.scalar(
        select(Message.external_id)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == Direction.INBOUND,
            Message.deleted_at.is_(None),
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
    return found


def _attach(session: AsyncSession, message: Message, uploads: Sequence[Upload]) -> None:
    for position, upload in enumerate(uploads):
        session.add(
            Attachment(
                workspace_id=message.workspace_id, message_id=message.id, position=position, kind=upload.kind,
                file_name=upload.file_name, mime_type=upload.mime_type, size=len(upload.content),
                content=upload.content,
            )
        )  # fmt: skip


async def resend(session: AsyncSession, message: Message) -> None:
    """Send again what failed or what a person checked to be missing."""
    if message.delivery not in {Delivery.FAILED, Delivery.UNCERTAIN}:
        raise ConflictError("Only a failed or an uncertain reply can be sent again.")
    _check_ours(message)
    message.delivery = Delivery.QUEUED
    message.failure = None
    message.sending_at = None
    await session.flush()
    await defer(session, [DeliverMessage(conversation_id=message.conversation_id, message_id=message.id)])


async def confirm_arrived(message: Message, now: datetime) -> None:
    """A person looked: the uncertain reply did arrive."""
    if message.delivery is not Delivery.UNCERTAIN:
        raise ConflictError("Only an uncertain reply can be confirmed.")
    message.delivery = Delivery.SENT
    message.sent_at = message.sending_at or now


async def edit(session: AsyncSession, message: Message, text: str, now: datetime) -> None:
    """Change our own message, here at once and on the platform by a job; the earlier text is kept."""
    _check(Draft(text), now)
    _check_ours(message)
    _check_findable(message)
    if text == message.text:
        return
    version_at = message.edited_at or message.sent_at
    session.add(
        MessageEdit(workspace_id=message.workspace_id, message_id=message.id, edited_at=version_at, text=message.text)
    )
    if message.delivery in {Delivery.SENDING, Delivery.SENT} and not _is_lost(message):
        message.platform_version_at = message.platform_version_at or version_at
    message.text = text
    message.edited_at = now
    await session.flush()
    if message.delivery in {Delivery.SENDING, Delivery.SENT} or message.attempt:
        # While it is being sent, or may have been, the job waits behind the delivery, in the conversation's order.
        await defer(session, [EditDelivered(conversation_id=message.conversation_id, message_id=message.id)])


async def delete(session: AsyncSession, message: Message, now: datetime) -> None:
    """Delete our own message: cancelled if it has not left, taken back on the platform if it has."""
    _check_ours(message)
    if message.delivery is Delivery.SENDING:
        raise ConflictError("The reply is being sent at this moment. Try again in a few seconds.")
    _check_findable(message)
    if message.delivery in {Delivery.QUEUED, Delivery.FAILED}:
        is_in_the_way = message.delivery is Delivery.QUEUED and message.send_at is None
        message.delivery = Delivery.CANCELLED
        message.deleted_at = now
        if is_in_the_way:
            await _let_pass(session, message)
        return
    message.deleted_at = now
    if message.external_id:
        await session.flush()
        await defer(session, [DeleteDelivered(conversation_id=message.conversation_id, message_id=message.id)])


async def _let_pass(session: AsyncSession, message: Message) -> None:
    """What was parked behind it gets its jobs; for what has one already, another does no harm."""
    await session.flush()
    behind = await session.scalars(
        select(Message.id)
        .where(
            Message.channel_id == message.channel_id,
            Message.conversation_id == message.conversation_id,
            Message.delivery == Delivery.QUEUED,
            Message.send_at.is_(None),
            Message.id > message.id,
        )
        .order_by(Message.id)
    )
    await defer(session, [DeliverMessage(conversation_id=message.conversation_id, message_id=one) for one in behind])


def _is_lost(message: Message) -> bool:
    """An edit failed before it was kept which text the platform has."""
    return message.platform_version_at is None and message.failure is not None and message.edited_at is not None


def _check_ours(message: Message) -> None:
    if message.direction is not Direction.OUTBOUND or message.author_agent_id is None:
        raise ConflictError("Only replies written in the panel can be changed.")
    if message.deleted_at is not None:
        raise ConflictError("This reply is already deleted.")


def _check_findable(message: Message) -> None:
    """A reply that may have left and whose answer was lost: which message it became on the platform, nobody knows."""
    if message.delivery in {Delivery.SENT, Delivery.UNCERTAIN} and message.external_id is None:
        raise ConflictError("Which message it became on the platform is not known. Change it there.")


async def send_now(session: AsyncSession, message: Message) -> None:
    """A reply for later gets its job."""
    _check_ours(message)
    if message.delivery is not Delivery.QUEUED or message.send_at is None:
        raise ConflictError("This reply does not wait for its time.")
    message.send_at = None
    await session.flush()
    await defer(session, [DeliverMessage(conversation_id=message.conversation_id, message_id=message.id)])


async def hold_back(session: AsyncSession, now: datetime) -> int:
    """Replies for later that are out of date, for somebody wrote meanwhile: a person looks again (by the sweep).

    The contact asked something new, or a colleague has answered. Returns how many.
    """
    meanwhile = aliased(Message)
    wrote = (
        select(meanwhile.id)
        .where(
            meanwhile.conversation_id == Message.conversation_id,
            meanwhile.id != Message.id,
            meanwhile.created_at > Message.created_at,
            meanwhile.kind != MessageKind.NOTE,
            (meanwhile.direction == Direction.INBOUND)
            | (meanwhile.kind == MessageKind.MESSAGE) & (meanwhile.delivery == Delivery.SENT),
        )
        .exists()
    )
    rows = list(
        await session.scalars(
            select(Message)
            .where(Message.delivery == Delivery.QUEUED, Message.send_at.is_not(None), wrote)
            .order_by(Message.id)
            .limit(200)
            .with_for_update(skip_locked=True)
        )
    )
    return await _hold(session, rows, now)


async def _hold(session: AsyncSession, rows: Sequence[Message], now: datetime) -> int:
    for message in rows:
        message.delivery, message.failure, message.send_at = Delivery.FAILED, HELD_BACK, None
        message.failed_at = now
    await session.flush()
    for conversation in await refresh(session, {message.conversation_id for message in rows}):
        for message in rows:
            if message.conversation_id == conversation.id:
                announce_message(session, message, conversation)
    return len(rows)


async def queue_due(session: AsyncSession, now: datetime, limit: int = 200) -> int:
    """Replies whose time to send has come get their job (the sweep calls this), in projects at work."""
    rows = (
        select(Message.id)
        .where(
            Message.delivery == Delivery.QUEUED, Message.send_at.is_not(None), Message.send_at <= now,
            at_work(Message.workspace_id),
        )
        .order_by(Message.send_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    due = await session.execute(
        update(Message)
        .where(Message.id.in_(rows.scalar_subquery()))
        .values(send_at=None)
        .returning(Message.id, Message.conversation_id)
        .execution_options(synchronize_session=False)
    )
    in_order = sorted((found, conversation_id) for found, conversation_id in due)
    jobs = [DeliverMessage(conversation_id=conversation_id, message_id=found) for found, conversation_id in in_order]
    await defer(session, jobs)
    return len(jobs)


async def requeue_parked(session: AsyncSession, channel_id: int) -> int:
    """The key works again: everything that waited for it gets its job, oldest first."""
    rows = await session.execute(
        select(Message.id, Message.conversation_id)
        .where(
            Message.channel_id == channel_id,
            Message.delivery == Delivery.QUEUED,
            Message.send_at.is_(None),
        )
        .order_by(Message.id)
    )
    jobs = [DeliverMessage(conversation_id=conversation_id, message_id=found) for found, conversation_id in rows]
    changes = await _find_parked_changes(session, channel_id)
    await defer(session, [*jobs, *changes])
    return len(jobs) + len(changes)


async def _find_parked_changes(session: AsyncSession, channel_id: int) -> list[EditDelivered | DeleteDelivered]:
    """Edits and deletions that did not arrive; what the platform itself refused is refused again, without harm."""
    rows = await session.execute(
        select(Message.id, Message.conversation_id, Message.deleted_at.is_not(None))
        .where(
            Message.channel_id == channel_id,
            Message.delivery == Delivery.SENT,
            Message.author_agent_id.is_not(None),
            Message.external_id.is_not(None),
            Message.failure.is_not(None),
            Message.edited_at.is_not(None) | Message.deleted_at.is_not(None),
        )
        .order_by(Message.id)
    )
    return [
        (DeleteDelivered if is_deletion else EditDelivered)(conversation_id=conversation_id, message_id=found)
        for found, conversation_id, is_deletion in rows
    ]

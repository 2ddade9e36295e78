"""Edits and deletions of our own messages, brought to the platform. Both may be repeated without harm."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Act
from inbox.channels.status import KeyRefusal, find_wait, note_refused_key, still_waits
from inbox.conversations.messages import find_gone_since
from inbox.conversations.models import Message, MessageEdit
from inbox.conversations.refresh import refresh
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import (
    KeyRefusedError,
    PlatformError,
    SecondKeyWaitsError,
    TemporaryRefusalError,
    UnknownOutcomeError,
)
from inbox.core.events import DeleteDelivered, EditDelivered
from inbox.core.jobs import defer
from inbox.core.pacing import Pacing
from inbox.replies.claims import Row, load_row
from inbox.replies.service import announce_message
from inbox.replies.turns import silence_key, wait_for_turn

Call = Callable[[], Awaitable[None]]


async def bring_edit(context: Context, pacing: Pacing, message_id: int) -> None:
    """The newest text goes to the platform; a refusal is written to the row. With a dead key it waits for another."""
    row = await _find(context, message_id)
    if row is None or row.message.deleted_at is not None:
        return
    if _why_waiting(context, row, Act.EDIT) is not None:
        await _park(context, row.message, Act.EDIT)
        return
    account, message = account_of(row.channel, context.cipher), row.message
    edit = context.adapters[account.platform].edit
    call = partial(edit, account, row.conversation.chat_external_id, _parts(message)[0], message.text)
    await _bring(context, pacing, row, [call], deleting=False)


async def bring_deletion(context: Context, pacing: Pacing, message_id: int) -> None:
    """Every part of the message is deleted; refused, the message is shown again."""
    row = await _find(context, message_id)
    if row is None or row.message.deleted_at is None:
        return
    if _why_waiting(context, row, Act.DELETE) is not None:
        await _park(context, row.message, Act.DELETE)
        return
    account = account_of(row.channel, context.cipher)
    delete = context.adapters[account.platform].delete
    calls = [partial(delete, account, part) for part in _parts(row.message)]
    await _bring(context, pacing, row, calls, deleting=True)


async def _find(context: Context, message_id: int) -> Row | None:
    """The row, if it ever reached the platform."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        row = await load_row(session, message_id)
    return row if row is not None and row.message.external_id is not None else None


def _parts(message: Message) -> list[str]:
    return [part for part in (message.external_id, *message.further_external_ids) if part]


async def _bring(context: Context, pacing: Pacing, row: Row, calls: Sequence[Call], *, deleting: bool) -> None:
    """Each call in its turn; an unknown outcome is simply tried again."""
    conversation, account = row.conversation, account_of(row.channel, context.cipher)
    act = Act.DELETE if deleting else Act.EDIT
    buckets = context.adapters[account.platform].buckets(account, act, conversation.kind, conversation.chat_external_id)
    for number, call in enumerate(calls):
        await wait_for_turn(pacing, buckets)
        if number == 0 and not await _begin(context, row.message, deleting=deleting):
            return
        try:
            await call()
        except UnknownOutcomeError as error:
            raise TemporaryRefusalError(error.reason) from None
        except TemporaryRefusalError as error:
            await silence_key(pacing, buckets, error)
            raise
        except PlatformError as error:
            await _note_refusal(context, row.message, account, error, deleting=deleting)
            return
    if row.message.failure is not None or row.message.platform_version_at is not None:
        await _note_arrival(context, row.message, deleting=deleting)


async def _begin(context: Context, asked: Message, *, deleting: bool) -> bool:
    """False when it is not wanted any more. From here on it cannot be cancelled, unless it fails."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await load_row(session, asked.id, lock=True)
        if row is None or not _is_wanted(row.message, asked, deleting=deleting):
            return False
        if row.message.failure is not None:
            row.message.failure = None
            announce_message(session, row.message, row.conversation)
        return True


def _why_waiting(context: Context, row: Row, act: Act) -> str | None:
    return find_wait(row.channel, context.adapters[row.channel.platform].key_for(act, row.conversation.kind))


def _is_wanted(message: Message, asked: Message, *, deleting: bool) -> bool:
    """False once somebody cancelled it, or wrote another text, which has a job of its own."""
    if deleting:
        return message.deleted_at is not None
    return message.deleted_at is None and message.edited_at == asked.edited_at


async def _park(context: Context, asked: Message, act: Act) -> None:
    """The row says why its edit or deletion has not arrived: by that it is found again when the channel recovers."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await load_row(session, asked.id, lock=True)
        if row is None or not _is_wanted(row.message, asked, deleting=act is Act.DELETE):
            return
        key = context.adapters[row.channel.platform].key_for(act, row.conversation.kind)
        reason = await still_waits(session, row.channel, key)
        if reason is None:
            # It recovered at this moment, and has looked for parked edits already.
            kind = EditDelivered if row.message.deleted_at is None else DeleteDelivered
            await defer(session, [kind(conversation_id=row.conversation.id, message_id=asked.id)])
            return
        row.message.failure = reason
        announce_message(session, row.message, row.conversation)


async def _note_arrival(context: Context, asked: Message, *, deleting: bool) -> None:
    """What was asked is so on the platform; who cancelled it or wrote another text meanwhile was too late for this one.

    A deletion holds nevertheless; a cancelled edit is taken back by another that brings the text that is shown here.
    """
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await load_row(session, asked.id, lock=True)
        if row is None:
            return
        message = row.message
        if not deleting and message.edited_at == asked.edited_at:
            message.platform_version_at = None
        if _is_wanted(message, asked, deleting=deleting):
            message.failure = None
        elif deleting:
            message.deleted_at, message.failure = context.clock(), None
        elif message.deleted_at is None:
            await _note_other_text(session, message, asked)
        await session.flush()
        await refresh(session, [row.conversation.id])
        announce_message(session, message, row.conversation)


async def _note_other_text(session: AsyncSession, message: Message, arrived: Message) -> None:
    """A text arrived that is not the shown one: an earlier one, or one whose edit was cancelled."""
    is_earlier = select(MessageEdit.text).where(
        MessageEdit.message_id == message.id, MessageEdit.edited_at == arrived.edited_at
    )
    if await session.scalar(is_earlier) is not None:
        message.platform_version_at = arrived.edited_at
    else:
        await defer(session, [EditDelivered(conversation_id=message.conversation_id, message_id=message.id)])


async def _note_refusal(
    context: Context, asked: Message, account: Account, error: PlatformError, *, deleting: bool
) -> None:
    """The person who asked for it sees why; what could not be deleted shows again, unless it waits for a key or the
    platform itself says that it is gone meanwhile."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = await load_row(session, asked.id, lock=True)
        if row is None:
            return
        is_wanted = _is_wanted(row.message, asked, deleting=deleting)
        if is_wanted:
            row.message.failure = error.reason
        if is_wanted and deleting and not isinstance(error, KeyRefusedError | SecondKeyWaitsError):
            row.message.deleted_at = await find_gone_since(session, row.message)
            if row.message.deleted_at is None and row.message.platform_version_at is not None:
                # The edit that waited behind the deletion goes on.
                await defer(session, [EditDelivered(conversation_id=row.conversation.id, message_id=asked.id)])
        await session.flush()
        await refresh(session, [row.conversation.id])
        announce_message(session, row.message, row.conversation)
        if isinstance(error, KeyRefusedError | SecondKeyWaitsError):
            await _note_key(session, context, row, account, error)


async def _note_key(
    session: AsyncSession, context: Context, row: Row, account: Account, error: KeyRefusedError | SecondKeyWaitsError
) -> None:
    """The key is dead, or its owner is asked for something; keys that came meanwhile are tried at once."""
    refusal = KeyRefusal.of(error)
    if not await note_refused_key(session, row.channel, context.cipher, account, refusal, context.clock()):
        kind = EditDelivered if row.message.deleted_at is None else DeleteDelivered
        await defer(session, [kind(conversation_id=row.conversation.id, message_id=row.message.id)])

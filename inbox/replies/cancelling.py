"""An edit or a deletion of ours that has not arrived on the platform, and a person who does not want it any more."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.messages import find_gone_since
from inbox.conversations.models import Delivery, Message, MessageEdit
from inbox.core.errors import ConflictError
from inbox.core.events import EditDelivered
from inbox.core.i18n import N_
from inbox.core.jobs import defer

NOTHING_WAITS = N_("No edit or deletion of this message waits to arrive on the platform.")


async def cancel_deletion(session: AsyncSession, message: Message) -> None:
    """The message counts as not deleted, unless the platform itself says that it is gone.

    An edit that waited before it goes on: the job brings it, or says again why it cannot.
    """
    _check_waits(message, is_asked=message.deleted_at is not None)
    message.failure = None
    message.deleted_at = await find_gone_since(session, message)
    if message.deleted_at is None and message.platform_version_at is not None:
        await session.flush()
        await defer(session, [EditDelivered(conversation_id=message.conversation_id, message_id=message.id)])


async def cancel_edit(session: AsyncSession, message: Message) -> None:
    """The text that the platform still has is shown again; texts that it never had are no history of the message."""
    _check_waits(message, is_asked=message.platform_version_at is not None)
    edits = list(
        await session.scalars(
            select(MessageEdit).where(MessageEdit.message_id == message.id).order_by(MessageEdit.edited_at)
        )
    )
    there = next((edit for edit in edits if edit.edited_at == message.platform_version_at), None)
    if there is None:
        raise ConflictError("The text that the platform still has is not known any more.")
    message.text = there.text
    message.edited_at = None if there is edits[0] else there.edited_at
    message.platform_version_at = message.failure = None
    await session.flush()
    await session.execute(
        delete(MessageEdit)
        .where(MessageEdit.message_id == message.id, MessageEdit.edited_at >= there.edited_at)
        .execution_options(synchronize_session=False)
    )


def _check_waits(message: Message, *, is_asked: bool) -> None:
    """Only what the platform refused, or what waits for a key, says so in `failure`; the rest arrives at once."""
    is_known = message.author_agent_id is not None and message.external_id is not None
    if not (is_asked and is_known and message.delivery is Delivery.SENT and message.failure is not None):
        raise ConflictError(NOTHING_WAITS)

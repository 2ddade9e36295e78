"""What the queue of suspicious messages shows of each conversation: the one that is suspicious, not the newest."""

from collections.abc import Collection

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.contacts.models import Contact
from inbox.conversations.found import LONGEST, Found, Piece
from inbox.conversations.models import Attachment, Conversation, Direction, Message
from inbox.core.bulk import among


async def load_suspicious(session: AsyncSession, conversation_ids: Collection[int]) -> dict[int, Found]:
    """Held conversation → the newest of its suspicious messages; what settled earlier ones settled nothing newer.

    One query; conversations that nothing holds are not among them.
    """
    if not conversation_ids:
        return {}
    first_kind = (
        select(Attachment.kind).where(Attachment.message_id == Message.id, Attachment.position == 0).scalar_subquery()
    )
    newest = (
        select(Message.id, Message.text, first_kind.label("attachment"))
        .where(
            Message.conversation_id == Conversation.id,
            Message.held,
            Message.direction == Direction.INBOUND,
            Message.deleted_at.is_(None),
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
        .lateral("newest")
    )
    rows = await session.execute(
        select(Conversation.id, Contact.name, newest.c.id, newest.c.text, newest.c.attachment)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(newest, true())
        .where(among(Conversation.id, list(conversation_ids)), Conversation.held)
    )
    return {
        conversation_id: Found(
            (Piece(name, False),), message_id, False, (Piece(text[:LONGEST], False),) if text else (), attachment
        )
        for conversation_id, name, message_id, text, attachment in rows
    }

"""What a person is told of in a few words while they look elsewhere: news in their conversations, a note that calls
them."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.conversations.mentions import is_mentioned
from inbox.conversations.models import Conversation, Direction, Message, MessageKind

FRESH = timedelta(minutes=10)
"""What is older was heard of late, and is found in the list."""


async def is_news(
    session: AsyncSession, caller: Caller, message: Message, conversation: Conversation, now: datetime
) -> bool:
    """Whether a message that the caller may see is worth a notice: a subscriber's in what is theirs, or in what nobody
    has and wants an answer; a colleague's note that names them."""
    is_note = message.kind is MessageKind.NOTE
    said_at = (message.edited_at if is_note else None) or message.sent_at
    if message.deleted_at is not None or now - said_at > FRESH:
        return False
    if is_note:  # who is called by an edit alone is told of it then
        return await is_mentioned(session, message, caller.agent_id)
    if message.direction is not Direction.INBOUND:
        return False
    if conversation.assignee_id is None:
        return conversation.needs_answer
    return conversation.assignee_id == caller.agent_id

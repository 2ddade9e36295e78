"""One conversation's state anew, for who goes on to show it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.access import parts
from inbox.conversations.models import Conversation
from inbox.conversations.refresh import refresh


async def recompute(session: AsyncSession, conversation: Conversation) -> None:
    """Refresh its state, and load channel, contact, identity and post again: refreshing leaves them behind."""
    await refresh(session, [conversation.id])
    await load_parts(session, conversation)


async def load_parts(session: AsyncSession, conversation: Conversation) -> None:
    """Channel, contact, identity and post of a conversation that was refreshed."""
    await session.execute(
        select(Conversation)
        .where(Conversation.id == conversation.id)
        .options(*parts())
        .execution_options(populate_existing=True)
    )

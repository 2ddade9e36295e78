"""Two colleagues, one question: who writes without having seen the other's answer is asked before it is sent."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.contacts.models import Identity
from inbox.conversations.models import Conversation, Delivery, Direction, Message, MessageKind
from inbox.core.errors import ConflictError

ANSWERED_SINCE = "answered_since"
SHOWN = 300
"""Characters of the colleague's text: a refusal's words travel in a header."""
_GONE = (Delivery.FAILED, Delivery.CANCELLED)


async def check_unanswered(
    session: AsyncSession, caller: Caller, conversation: Conversation, seen_message_id: int
) -> None:
    """ConflictError, coded ANSWERED_SINCE, when a colleague has answered after that message, here or on the platform.

    The conversation is locked, so that of two who answer at once the second one knows of the first. Auto-replies, notes
    and answers for later are none, nor is what failed or was deleted.
    """
    found = (
        await session.execute(
            select(Message.id, Message.text, Agent.name, Identity.name)
            .outerjoin(Agent, Agent.id == Message.author_agent_id)
            .outerjoin(Identity, Identity.id == Message.author_identity_id)
            .where(
                Message.conversation_id == conversation.id,
                Message.id > seen_message_id,
                Message.direction == Direction.OUTBOUND,
                Message.kind == MessageKind.MESSAGE,
                Message.delivery.not_in(_GONE),
                Message.send_at.is_(None),
                Message.deleted_at.is_(None),
                or_(Message.author_agent_id.is_(None), Message.author_agent_id != caller.agent_id),
            )
            .order_by(Message.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if found is None:
        return
    message_id, text, agent, identity = found
    raise ConflictError(
        "A colleague has answered since. Look at it, then send yours or leave it.",
        extra={"code": ANSWERED_SINCE, "message_id": message_id, "author": agent or identity, "answer": text[:SHOWN]},
    )

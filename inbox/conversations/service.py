"""What people do with a conversation: change it, claim it; each deed leaves a line, an audit entry, live events."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.conversations.access import access_claimable
from inbox.conversations.changes import Change
from inbox.conversations.changing import change_all
from inbox.conversations.models import Conversation
from inbox.conversations.recompute import load_parts
from inbox.conversations.traces import audience_of, audit, note, tell
from inbox.core.errors import ConflictError


async def change(
    session: AsyncSession, caller: Caller, conversation: Conversation, wanted: Change, now: datetime
) -> None:
    """Apply what is set in `wanted` to a conversation that `access_conversation` gave, locked, with ANSWER."""
    changes = await change_all(session, caller, [(conversation, wanted)], now)
    for refusal in changes.refused.values():
        raise refusal
    await load_parts(session, conversation)


async def claim(session: AsyncSession, caller: Caller, conversation_id: int, now: datetime) -> Conversation:
    """Take what nobody has. Whoever has it already may claim it again."""
    conversation = await access_free(session, caller, conversation_id)
    if conversation.assignee_id is None:
        take(session, caller, conversation, now)
        await session.flush()
    return conversation


async def access_free(session: AsyncSession, caller: Caller, conversation_id: int) -> Conversation:
    """A locked conversation that is nobody's or the caller's own; ConflictError says who was first."""
    conversation = await access_claimable(session, caller, conversation_id)
    if conversation.assignee_id not in {None, caller.agent_id}:
        name = await session.scalar(select(Agent.name).where(Agent.id == conversation.assignee_id))
        raise ConflictError(
            f"{name} already has this conversation.",
            extra={"assignee": name, "assignee_id": conversation.assignee_id},
        )
    return conversation


def take(session: AsyncSession, caller: Caller, conversation: Conversation, now: datetime) -> None:
    """The caller becomes the assignee of a locked conversation that nobody has."""
    heard_by = audience_of(conversation)
    conversation.assignee_id = caller.agent_id
    note(session, caller, conversation, ("assigned", {"assignee": caller.name}), now)
    audit(session, caller, conversation, {"assignee_id": None}, {"assignee_id": caller.agent_id}, now)
    tell(session, conversation, heard_by)

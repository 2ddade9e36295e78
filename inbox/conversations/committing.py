"""The one transaction of a batch: store, recompute, route, note the dead, and tell the panels."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.standing import note_chats
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.desk_words import desk_jobs
from inbox.conversations.intake import store
from inbox.conversations.models import Conversation
from inbox.conversations.preparing import Work
from inbox.conversations.refresh import refresh_all
from inbox.conversations.trouble import write_dead
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.core.once import read_once
from inbox.sla.recomputing import follow_terms, terms_key

Route = Callable[[AsyncSession, Sequence[NewMessage], Mapping[int, Conversation], datetime], Awaitable[None]]
"""What routing adds to a batch, in its transaction."""

Held = tuple[int | None, int | None]
"""(assignee, team): who may see a conversation."""


async def commit_work(context: Context, route: Route, work: Work) -> None:
    """Store a prepared batch and commit.

    Locks are taken in this order, here and wherever else: channels (advisory), messages, conversations in id order,
    agents and their turns, the live counters.
    """
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        read_once(session)
        hide = context.cipher.hide if work.has_erased else None
        stored = await store(session, work.arrived, work.tags, now, hide)
        refreshed = await refresh_all(session, stored.touched)
        conversations = {one.id: one for one in refreshed.conversations}
        new = [
            replace(
                one,
                reopens=one.conversation_id in refreshed.reopened,
                asks_anew=one.conversation_id in refreshed.asking,
                previous=refreshed.before.get(one.conversation_id),
            )
            for one in stored.new
            if one.conversation_id in conversations
        ]
        before = {one.id: _held_by(one) for one in refreshed.conversations if one.id not in refreshed.fresh}
        await note_chats(session, [one for one in refreshed.conversations if one.id in refreshed.fresh])
        terms = {one.id: terms_key(one) for one in refreshed.conversations}
        await route(session, new, conversations, now)
        await defer(session, desk_jobs(work.arrived))
        await follow_terms(session, refreshed.conversations, terms)
        await write_dead(session, work.dead)
        _announce(session, new, conversations, before)


def _held_by(conversation: Conversation) -> Held:
    return conversation.assignee_id, conversation.team_id


def _announce(
    session: AsyncSession,
    new: Sequence[NewMessage],
    conversations: Mapping[int, Conversation],
    before: Mapping[int, Held],
) -> None:
    """One event a conversation, and one more for those who saw it before it was handed to somebody."""
    newest = {one.conversation_id: one.message_id for one in new}
    for conversation in conversations.values():
        held_by = _held_by(conversation)
        left = before.get(conversation.id, held_by)
        if left != held_by:
            announce(
                session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
                assignee_id=left[0], team_id=left[1],
            )  # fmt: skip
        announce(
            session, conversation.workspace_id, "message" if conversation.id in newest else "conversation",
            conversation_id=conversation.id, message_id=newest.get(conversation.id), assignee_id=held_by[0],
            team_id=held_by[1],
        )  # fmt: skip

"""Moderation that waits for a key: what there is, done once the key works, or taken back by asking for the opposite.

What waited while its project was archived is not done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.audit.models import AuditEntry
from inbox.contacts.models import Identity
from inbox.conversations.messages import find_gone_since
from inbox.conversations.models import (
    Activity,
    Conversation,
    Message,
    ModerationAction,
    ReviewAction,
    ReviewState,
)
from inbox.conversations.recompute import recompute
from inbox.conversations.refresh import refresh
from inbox.core.events import ReviewMessage
from inbox.core.jobs import defer
from inbox.core.live import announce

UNDONE_BY = {
    ReviewAction.DELETE: ReviewAction.RESTORE,
    ReviewAction.MUTE: ReviewAction.UNMUTE,
    ReviewAction.BAN: ReviewAction.UNBAN,
}
OPPOSITES: Mapping[ReviewAction, ReviewAction] = UNDONE_BY | {undoing: undone for undone, undoing in UNDONE_BY.items()}
OF_AUTHOR = frozenset({ReviewAction.MUTE, ReviewAction.UNMUTE, ReviewAction.BAN, ReviewAction.UNBAN})


async def list_waiting(session: AsyncSession, conversation: Conversation) -> list[ModerationAction]:
    """What waits for a key in a conversation, and what waits for its contact wherever it was asked; oldest first."""
    of_contact = (ModerationAction.identity_id == conversation.identity_id) & ModerationAction.action.in_(OF_AUTHOR)
    rows = await session.scalars(
        select(ModerationAction)
        .where(
            ModerationAction.channel_id == conversation.channel_id,
            ModerationAction.state == ReviewState.WAITING,
            (ModerationAction.conversation_id == conversation.id) | of_contact,
        )
        .order_by(ModerationAction.id)
    )
    return list(rows)


async def find_waiting_opposites(
    session: AsyncSession, message: Message, identity: Identity, action: ReviewAction
) -> list[ModerationAction]:
    """All of them, oldest first, locked: what a key begins meanwhile is asked and waits no more."""
    opposite = OPPOSITES.get(action)
    if opposite is None:
        return []
    is_of_author = action in OF_AUTHOR
    rows = await session.scalars(
        select(ModerationAction)
        .where(
            ModerationAction.channel_id == message.channel_id,
            ModerationAction.action == opposite,
            ModerationAction.state == ReviewState.WAITING,
            ModerationAction.identity_id == identity.id if is_of_author else ModerationAction.message_id == message.id,
        )
        .order_by(ModerationAction.id)
        .with_for_update()
    )
    return list(rows)


async def find_undone(session: AsyncSession, message: Message, undoing: ReviewAction) -> ModerationAction | None:
    """The newest deed on the message that `undoing` undoes."""
    return await session.scalar(
        select(ModerationAction)
        .where(ModerationAction.message_id == message.id, ModerationAction.action == OPPOSITES.get(undoing))
        .order_by(ModerationAction.id.desc())
        .limit(1)
    )


async def cancel(
    session: AsyncSession,
    caller: Caller,
    message: Message,
    conversation: Conversation,
    waiting: Sequence[ModerationAction],
    now: datetime,
) -> None:
    """Take them back, on the locked message: what was to be deleted shows again, unless it is gone on the platform."""
    for row in waiting:
        row.state, row.failure, row.done_at = ReviewState.CANCELLED, None, now
        if row.action is ReviewAction.DELETE:
            message.deleted_at = await find_gone_since(session, message)
        session.add_all(_lines(row, caller, now))
    await session.flush()
    elsewhere = {row.conversation_id for row in waiting if row.action is ReviewAction.BAN} - {conversation.id}
    await refresh(session, elsewhere)
    await recompute(session, conversation)
    _tell(session, conversation, message.id)
    for row in waiting:
        if row.conversation_id != conversation.id:
            _tell(session, await session.get_one(Conversation, row.conversation_id), row.message_id)


def _tell(session: AsyncSession, conversation: Conversation, message_id: int) -> None:
    """Panels hear of it."""
    announce(
        session, conversation.workspace_id, "message", conversation_id=conversation.id, message_id=message_id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip


async def find_waited_for(session: AsyncSession, workspace_id: int) -> tuple[set[int], set[int]]:
    """(messages, authors whose ban waits) of what waits for a key in a project."""
    rows = await session.execute(
        select(ModerationAction.message_id, ModerationAction.identity_id, ModerationAction.action).where(
            ModerationAction.workspace_id == workspace_id, ModerationAction.state == ReviewState.WAITING
        )
    )
    found = rows.all()
    return {row[0] for row in found}, {row[1] for row in found if row[2] is ReviewAction.BAN}


async def drop_waiting(session: AsyncSession, caller: Caller, workspace_id: int, now: datetime) -> None:
    """What still waits for a key in a project that comes back from the archive is not done, nor is it later: it would
    be by nobody's wish of today. On locked messages and conversations, which are to be refreshed.

    What people said of tags stays, and what was to be deleted shows again.
    """
    rows = await session.scalars(
        select(ModerationAction)
        .where(ModerationAction.workspace_id == workspace_id, ModerationAction.state == ReviewState.WAITING)
        .order_by(ModerationAction.id)
        .with_for_update()
    )
    for row in rows.all():
        row.state, row.failure, row.done_at = ReviewState.CANCELLED, None, now
        if row.action is ReviewAction.DELETE:
            message = await session.get_one(Message, row.message_id)
            message.deleted_at = await find_gone_since(session, message)
        if row.action is ReviewAction.UNBAN:
            await uphold_ban(session, row)
        session.add_all(_lines(row, caller, now, why="archived"))
    await session.flush()


async def uphold_ban(session: AsyncSession, unban: ModerationAction) -> None:
    """The ban that was to be undone stands."""
    undone = (ModerationAction.message_id == unban.message_id) & (ModerationAction.undone_at == unban.asked_at)
    await session.execute(update(ModerationAction).where(undone).values(undone_at=None))


def _lines(row: ModerationAction, caller: Caller, now: datetime, **why: str) -> list[AuditEntry | Activity]:
    return [
        AuditEntry(
            workspace_id=row.workspace_id, agent_id=caller.agent_id, action=f"review.{row.action.value}.cancelled",
            row_kind="message", row_id=row.message_id, occurred_at=now, before={"state": ReviewState.WAITING.value},
            after=None,
        ),
        Activity(
            workspace_id=row.workspace_id, conversation_id=row.conversation_id, kind="review_cancelled",
            agent_id=caller.agent_id, occurred_at=now, details={"action": row.action.value, **why},
        ),
    ]  # fmt: skip


async def requeue_waiting(session: AsyncSession, channel_id: int) -> int:
    """The key works again: what was asked meanwhile gets its job, oldest first."""
    rows = await session.scalars(
        select(ModerationAction)
        .where(ModerationAction.channel_id == channel_id, ModerationAction.state == ReviewState.WAITING)
        .order_by(ModerationAction.id)
        .with_for_update()
    )
    waiting = list(rows)
    for row in waiting:
        row.state, row.failure = ReviewState.ASKED, None
    await session.flush()
    await defer(session, [ReviewMessage(conversation_id=row.conversation_id, review_id=row.id) for row in waiting])
    return len(waiting)

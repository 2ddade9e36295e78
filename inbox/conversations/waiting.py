"""Moderation that waits for a key: what there is, done once the key works, or taken back by asking for the opposite."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.audit.models import AuditEntry
from inbox.contacts.models import Identity
from inbox.conversations.models import (
    Activity,
    Conversation,
    Message,
    ModerationAction,
    ReviewAction,
    ReviewState,
)
from inbox.conversations.recompute import recompute
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


async def list_waiting(session: AsyncSession, conversation_id: int) -> list[ModerationAction]:
    """What waits for a key in a conversation, oldest first."""
    rows = await session.scalars(
        select(ModerationAction)
        .where(ModerationAction.conversation_id == conversation_id, ModerationAction.state == ReviewState.WAITING)
        .order_by(ModerationAction.id)
    )
    return list(rows)


async def find_waiting_opposite(
    session: AsyncSession, message: Message, identity: Identity, action: ReviewAction
) -> ModerationAction | None:
    """The newest of them, locked: what a key begins meanwhile is asked and waits no more."""
    opposite = OPPOSITES.get(action)
    is_of_author = action in OF_AUTHOR
    statement = select(ModerationAction).where(
        ModerationAction.channel_id == message.channel_id,
        ModerationAction.action == opposite,
        ModerationAction.state == ReviewState.WAITING,
        ModerationAction.identity_id == identity.id if is_of_author else ModerationAction.message_id == message.id,
    )
    newest = statement.order_by(ModerationAction.id.desc()).limit(1).with_for_update()
    found: ModerationAction | None = None if opposite is None else await session.scalar(newest)
    return found


async def cancel(
    session: AsyncSession,
    caller: Caller,
    message: Message,
    conversation: Conversation,
    waiting: ModerationAction,
    now: datetime,
) -> ModerationAction:
    """Take it back, on its locked message: what was to be deleted is shown again."""
    waiting.state, waiting.failure, waiting.done_at = ReviewState.CANCELLED, None, now
    if waiting.action is ReviewAction.DELETE:
        message.deleted_at = None
    session.add_all(
        [
            AuditEntry(
                workspace_id=message.workspace_id, agent_id=caller.agent_id,
                action=f"review.{waiting.action.value}.cancelled", row_kind="message", row_id=waiting.message_id,
                occurred_at=now, before={"state": ReviewState.WAITING.value}, after=None,
            ),
            Activity(
                workspace_id=message.workspace_id, conversation_id=waiting.conversation_id, kind="review_cancelled",
                agent_id=caller.agent_id, occurred_at=now, details={"action": waiting.action.value},
            ),
        ]
    )  # fmt: skip
    await session.flush()
    await recompute(session, conversation)
    announce(
        session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip
    return waiting


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

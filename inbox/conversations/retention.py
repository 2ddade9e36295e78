"""Copies of removed messages are kept for a time: then their words and files go, that it was done stays."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.audit.models import AuditEntry
from inbox.conversations.models import Attachment, Message, MessageEdit, ModerationAction, ReviewAction, ReviewState

PAGE = 500


async def forget_removed(session: AsyncSession, now: datetime, keep: timedelta) -> int:
    """Drop the copies that moderation made more than `keep` ago, some at a time; returns of how many deeds.

    What was restored since keeps its files: they belong to a message that is there again.
    """
    kept = select(Attachment.id).where(
        Attachment.message_id == ModerationAction.message_id, Attachment.content.is_not(None)
    )
    is_delete = ModerationAction.action == ReviewAction.DELETE
    gone_now = select(Message.id).where(Message.id == ModerationAction.message_id, Message.deleted_at.is_not(None))
    old = (
        select(ModerationAction.id, ModerationAction.message_id, ModerationAction.action)
        .where(ModerationAction.state == ReviewState.DONE, ModerationAction.done_at < now - keep)
        .where((ModerationAction.text != "") | (is_delete & gone_now.exists() & kept.exists()))
        .order_by(ModerationAction.id)
        .limit(PAGE)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.execute(old)).all()
    if not rows:
        return 0
    removed = [message_id for _, message_id, action in rows if action is ReviewAction.DELETE]
    gone = list(
        await session.scalars(select(Message.id).where(Message.id.in_(removed), Message.deleted_at.is_not(None)))
    )
    await session.execute(update(Attachment).where(Attachment.message_id.in_(gone)).values(content=None))
    await session.execute(update(Message).where(Message.id.in_(gone)).values(text=""))
    await session.execute(
        update(AuditEntry)
        .where(AuditEntry.action == "review.delete", AuditEntry.row_id.in_(gone))
        .values(before=AuditEntry.before.op("-")("text"))
    )
    await session.execute(delete(MessageEdit).where(MessageEdit.message_id.in_(gone)))
    await session.execute(
        update(ModerationAction).where(ModerationAction.id.in_([row_id for row_id, _, _ in rows])).values(text="")
    )
    return len(rows)

"""The ban of a contact that is in force, by the newest word of the platform or of a review here, for the card."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.contacts.models import Identity
from inbox.conversations.models import ModerationAction, ReviewAction, ReviewState
from inbox.conversations.review import find_standing

_BEGUN = (ReviewState.ASKED, ReviewState.DONE)


@dataclass(frozen=True, slots=True)
class Ban:
    """`until` None: without end. `reason`: an English sentence to be translated; `comment`: a person's words."""

    since_at: datetime
    until: datetime | None
    reason: str | None
    comment: str | None


async def find_ban(session: AsyncSession, identity: Identity, now: datetime) -> Ban | None:
    """None: not banned, or a ban still waits for a key."""
    is_banned, _ = await find_standing(session, identity.id, now)
    if not is_banned:
        return None
    asked = await session.scalar(
        select(ModerationAction)
        .where(
            ModerationAction.identity_id == identity.id,
            ModerationAction.action == ReviewAction.BAN,
            ModerationAction.state.in_(_BEGUN),
        )
        .order_by(ModerationAction.id.desc())
        .limit(1)
    )
    told_at = identity.banned_at if identity.is_banned(now) else None
    if told_at is not None and (asked is None or asked.asked_at < told_at):
        return Ban(told_at, identity.banned_until, identity.ban_reason, identity.ban_comment)
    if asked is None:
        return None
    until = None if asked.seconds is None else asked.asked_at + timedelta(seconds=asked.seconds)
    return Ban(asked.asked_at, until, None, asked.reason or None)

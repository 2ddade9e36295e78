"""Bans and reachability of contacts, as the platform tells them: the newest word counts, in any order."""

from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import BanChanged
from inbox.contacts.models import MOST_REACH_WORDS, Identity
from inbox.contacts.service import hold_identity


async def set_banned(session: AsyncSession, channel_id: int, change: BanChanged) -> int | None:
    """A contact was banned, or let in again, by whomever; the identity's id."""
    of_contact = (Identity.channel_id == channel_id) & (Identity.external_id == change.author.external_id)
    if not change.is_banned:
        lifted = update(Identity).where(of_contact).returning(Identity.id)
        at = func.greatest(Identity.unbanned_at, change.occurred_at)
        return await session.scalar(lifted.values(unbanned_at=at).execution_options(synchronize_session=False))
    is_newest = or_(Identity.banned_at.is_(None), Identity.banned_at < change.occurred_at)
    await session.execute(
        update(Identity)
        .where(of_contact, is_newest)
        .values(
            banned_at=change.occurred_at, banned_until=change.until, ban_reason=change.reason,
            ban_comment=change.comment,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return await session.scalar(select(Identity.id).where(of_contact))


async def set_reachable(session: AsyncSession, channel_id: int, external_id: str, at: datetime, *, yes: bool) -> None:
    """The contact blocked us, or let us write again; an older word does not overrule a newer one."""
    identity = await hold_identity(session, channel_id, external_id)
    if identity is None:
        return
    said = {(datetime.fromisoformat(str(word["at"])), bool(word["reachable"])) for word in identity.reach_words}
    words = sorted({*said, (at, yes)})[-MOST_REACH_WORDS:]
    identity.reach_words = [{"at": told_at.isoformat(), "reachable": reachable} for told_at, reachable in words]
    if identity.reachability_at is None or identity.reachability_at < at:
        identity.unreachable_at, identity.reachability_at = None if yes else at, at
    await session.flush()

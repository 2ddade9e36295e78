"""A channel's health: one place that changes it, tells panels, keeps the journal of gaps, frees parked replies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.adapter import Account, KeyKind
from inbox.channels.catching_up import catch_up
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus, Gap
from inbox.channels.receivers import MENDS_BY_ITSELF
from inbox.conversations.waiting import requeue_waiting
from inbox.core.errors import KeyRefusedError, SecondKeyWaitsError
from inbox.core.events import CheckChannel
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.core.secrets import Cipher
from inbox.organisations.archived import at_work
from inbox.replies.service import requeue_parked

TROUBLE = frozenset({ChannelStatus.ATTENTION, ChannelStatus.DOWN})
KEPT_BY_PLATFORM: Mapping[Platform, timedelta] = {Platform.TELEGRAM: timedelta(hours=24)}
"""How long a platform keeps updates that nobody fetches; what is older is lost."""
CHECK_AGAIN_AFTER = timedelta(minutes=5)
CATCH_UP_AFTER = timedelta(minutes=1)
"""A shorter trouble loses nothing: the platform goes on from where it stopped."""


@dataclass(frozen=True, slots=True)
class KeyRefusal:
    """Why a call's key was refused. `is_second`: its owner, a person, is asked for something; else the key is dead."""

    reason: str | None
    is_second: bool = False

    @classmethod
    def of(cls, error: KeyRefusedError | SecondKeyWaitsError) -> Self:
        """As the adapter said it."""
        return cls(error.reason, isinstance(error, SecondKeyWaitsError))


async def set_status(
    session: AsyncSession, channel: Channel, status: ChannelStatus, reason: str | None, at: datetime
) -> bool:
    """Write a change of status; returns whether there was one. Trouble opens a gap, its end closes it.

    Once nothing waits for its key any more, the replies that did get their jobs, oldest first.
    """
    if channel.status is status and channel.status_reason == reason:
        return False
    before, waited = channel.status, find_wait(channel, KeyKind.OWN)
    channel.status, channel.status_reason, channel.status_at = status, reason, at
    await session.flush()
    if status in TROUBLE and before not in TROUBLE:
        await _open_gap(session, channel, reason or status.value, at)
    if status not in TROUBLE:
        since = await _close_gap(session, channel, at)
        if since is not None and at - since >= CATCH_UP_AFTER:
            await catch_up(session, channel, since)
    if waited is not None and find_wait(channel, KeyKind.OWN) is None:
        await requeue_parked(session, channel.id)
        await requeue_waiting(session, channel.id)
    announce(session, channel.workspace_id, "channel", channel_id=channel.id)
    return True


async def set_user_key_reason(session: AsyncSession, channel: Channel, reason: str | None, at: datetime) -> None:
    """Acts by the second key wait for its owner; with None what waited gets its jobs, oldest first."""
    if reason is not None:
        # Recovery looks for what waits: one under way is waited for, a later one will see what the caller writes.
        await session.flush()
        await session.refresh(channel, with_for_update=True)
    if channel.user_key_reason == reason:
        return
    channel.user_key_reason, channel.user_key_reason_at = reason, None if reason is None else at
    await session.flush()
    if reason is None:
        await requeue_parked(session, channel.id)
        await requeue_waiting(session, channel.id)
    announce(session, channel.workspace_id, "channel", channel_id=channel.id)


def find_wait(channel: Channel, key: KeyKind) -> str | None:
    """Why what this key is to do waits for a person; None when it can be tried."""
    if channel.status is ChannelStatus.ATTENTION and channel.status_reason not in MENDS_BY_ITSELF:
        return channel.status_reason or ChannelStatus.ATTENTION.value
    return channel.user_key_reason if key is KeyKind.USER else None


async def still_waits(session: AsyncSession, channel: Channel, key: KeyKind) -> str | None:
    """The same, certainly: recovery frees the key, then looks for what waits; one under way is waited for, a later one
    will see what is written here."""
    if find_wait(channel, key) is not None:
        await session.flush()
        await session.refresh(channel, with_for_update={"read": True})
    return find_wait(channel, key)


async def has_other_keys(session: AsyncSession, channel: Channel, cipher: Cipher, asked: Account) -> bool:
    """Whether the keys were replaced since a call began: a refusal of `asked` says nothing about those of now. Who
    replaces them at this moment is waited for, or waits."""
    await session.flush()
    await session.refresh(channel, with_for_update=True)
    account = account_of(channel, cipher)
    return (account.token, account.user_token) != (asked.token, asked.user_token)


async def note_refused_key(
    session: AsyncSession, channel: Channel, cipher: Cipher, asked: Account, refusal: KeyRefusal, at: datetime
) -> bool:
    """The channel needs attention, or what its second key does waits for that key's owner.

    False: the keys were replaced since a call with those of `asked` began; nothing is blamed, and it is to be tried
    again at once.
    """
    if await has_other_keys(session, channel, cipher, asked):
        return False
    if refusal.is_second:
        await set_user_key_reason(session, channel, refusal.reason, at)
    else:
        await set_status(session, channel, ChannelStatus.ATTENTION, refusal.reason, at)
    return True


async def note_lost(session: AsyncSession, channel: Channel, since: datetime, until: datetime, reason: str) -> None:
    """A past time of which nothing will come any more."""
    session.add(
        Gap(
            workspace_id=channel.workspace_id, channel_id=channel.id, started_at=since, ended_at=until, reason=reason,
            is_lost=True,
        )
    )  # fmt: skip
    announce(session, channel.workspace_id, "channel", channel_id=channel.id)


async def queue_checks(session: AsyncSession, now: datetime) -> int:
    """Channels of which a key waits for a person are looked at again, each every CHECK_AGAIN_AFTER, whoever asks."""
    long_ago = now - CHECK_AGAIN_AFTER
    needs_attention = and_(Channel.status == ChannelStatus.ATTENTION, Channel.status_at < long_ago)
    due = (
        select(Channel.id)
        .where(
            or_(needs_attention, Channel.user_key_reason_at < long_ago),
            Channel.removed_at.is_(None),
            at_work(Channel.workspace_id),
            Channel.checked_at.is_(None) | (Channel.checked_at < long_ago),
        )
        .with_for_update(skip_locked=True)
    )
    channel_ids = list(
        await session.scalars(
            update(Channel)
            .where(Channel.id.in_(due.scalar_subquery()))
            .values(checked_at=now)
            .returning(Channel.id)
            .execution_options(synchronize_session=False)
        )
    )
    await defer(session, [CheckChannel(channel_id=channel_id) for channel_id in channel_ids])
    return len(channel_ids)


async def _open_gap(session: AsyncSession, channel: Channel, reason: str, at: datetime) -> None:
    gap = {
        "workspace_id": channel.workspace_id, "channel_id": channel.id, "started_at": at, "reason": reason,
        "is_lost": False,
    }  # fmt: skip
    await session.execute(insert(Gap).values(gap).on_conflict_do_nothing())


async def _close_gap(session: AsyncSession, channel: Channel, at: datetime) -> datetime | None:
    """Since when it was open, if one was."""
    kept = KEPT_BY_PLATFORM.get(channel.platform)
    is_lost = Gap.started_at < at - kept if kept is not None else Gap.is_lost
    since: datetime | None = await session.scalar(
        update(Gap)
        .where(Gap.channel_id == channel.id, Gap.ended_at.is_(None))
        .values(ended_at=at, is_lost=is_lost)
        .returning(Gap.started_at)
        .execution_options(synchronize_session=False)
    )
    return since

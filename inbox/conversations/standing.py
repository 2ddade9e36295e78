"""What contacts' standing means for their conversations: a ban settles what waited, a word in private opens the way."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import BanChanged, ConversationKind, ReachabilityChanged
from inbox.contacts.bans import set_banned, set_reachable
from inbox.contacts.models import Identity
from inbox.contacts.service import Seen, store_identities
from inbox.conversations.arrivals import Arrived
from inbox.conversations.models import Conversation, Direction, Message
from inbox.core.bulk import among


async def store_reachability(session: AsyncSession, turns: Sequence[tuple[Arrived, ReachabilityChanged]]) -> set[int]:
    """Who lets us write; returns the identities."""
    identity_ids: set[int] = set()
    for one, turn in turns:
        channel = one.channel
        seen = Seen(channel.workspace_id, channel.channel_id, turn.author, turn.occurred_at)
        known = await store_identities(session, [seen])
        await set_reachable(session, channel.channel_id, turn.author.external_id, turn.occurred_at, yes=turn.reachable)
        identity_ids |= {found.identity_id for found in known.values()}
    return identity_ids


async def find_private(session: AsyncSession, identity_ids: Collection[int]) -> set[int]:
    """The private talks of these: their clocks follow whether they may be written to."""
    if not identity_ids:
        return set()
    found = await session.scalars(
        select(Conversation.id)
        .join(
            Identity,
            (Identity.id == Conversation.identity_id)
            & (Identity.contact_id == Conversation.contact_id)
            & (Identity.workspace_id == Conversation.workspace_id),
        )
        .where(among(Identity.id, identity_ids), Conversation.kind == ConversationKind.DIRECT)
    )
    return set(found)


async def store_bans(session: AsyncSession, changes: Sequence[tuple[Arrived, BanChanged]]) -> set[int]:
    """Who was banned or let in; returns their conversations."""
    identity_ids: set[int] = set()
    for one, change in changes:
        channel = one.channel
        await store_identities(
            session, [Seen(channel.workspace_id, channel.channel_id, change.author, change.occurred_at)]
        )
        identity_id = await set_banned(session, channel.channel_id, change)
        identity_ids |= set() if identity_id is None else {identity_id}
    if not identity_ids:
        return set()
    found = await session.scalars(select(Conversation.id).where(among(Conversation.identity_id, identity_ids)))
    return set(found)


async def clear_unreachable(session: AsyncSession, identity_ids: Collection[int]) -> None:
    """Who wrote in private after we were told that we may not write to them may be written to."""
    if not identity_ids:
        return
    newest = (
        select(func.max(Message.sent_at))
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.author_identity_id == Identity.id,
            Message.direction == Direction.INBOUND,
            Conversation.kind == ConversationKind.DIRECT,
        )
        .scalar_subquery()
    )
    await session.execute(
        update(Identity)
        .where(among(Identity.id, identity_ids), Identity.unreachable_at.is_not(None), newest > Identity.unreachable_at)
        .values(unreachable_at=None)
        .execution_options(synchronize_session=False)
    )

"""Looking again at what a channel's key can do: capabilities, chats, our people there, and whether it lives."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Checked, KnownChat
from inbox.channels.events import Author, ConversationKind
from inbox.channels.models import Channel, ChannelChat, ChannelStatus
from inbox.channels.status import set_status
from inbox.contacts.service import Seen, set_ours, store_identities
from inbox.conversations.intake import lock_channels
from inbox.conversations.models import Conversation
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE, Json
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, SetupError
from inbox.core.events import CheckChannel
from inbox.core.live import announce

MOST_CHATS = 200
ANOTHER_ACCOUNT = "The key belongs to another account than this channel."
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""A name made up from an id yields to the first message's."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the platform is to be asked, as the rows were: a result for an older key is thrown away."""

    account: Account
    credentials: bytes
    known_chats: tuple[str, ...]


async def run_check(context: Context, job: CheckChannel) -> None:
    """Ask the platform, then write down what it said. A TemporaryRefusalError repeats the job."""
    at = context.clock()
    asked = await _prepare(context, job.channel_id)
    if asked is None:
        return
    adapter = context.adapters[asked.account.platform]
    checked: Checked | None = None
    try:
        checked = await adapter.check(asked.account, asked.known_chats)
        refusal = None if checked.external_id == asked.account.external_id else ANOTHER_ACCOUNT
    except (KeyRefusedError, PermanentRefusalError) as error:
        refusal = error.reason
    except SetupError as error:
        refusal = str(error)
    async with context.transaction(EVERY_WORKSPACE) as session:
        await lock_channels(session, [job.channel_id])
        channel = await _lock(session, job.channel_id)
        if channel is None or channel.credentials_encrypted != asked.credentials:
            return
        channel.checked_at = at
        if refusal is not None:
            await set_status(session, channel, ChannelStatus.ATTENTION, refusal, at)
        elif checked is not None:
            await _store(session, channel, checked, asked.known_chats, at)


async def _prepare(context: Context, channel_id: int) -> _Asked | None:
    """The account with its known chats; a key that cannot be decrypted turns the channel to attention."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        channel = await _lock(session, channel_id)
        if channel is None:
            return None
        try:
            account = account_of(channel, context.cipher)
        except SetupError as error:
            await set_status(session, channel, ChannelStatus.ATTENTION, str(error), context.clock())
            return None
        return _Asked(account, channel.credentials_encrypted, await _find_chats(session, channel_id))


async def _lock(session: AsyncSession, channel_id: int) -> Channel | None:
    channel: Channel | None = await session.scalar(
        select(Channel).where(Channel.id == channel_id, Channel.removed_at.is_(None)).with_for_update()
    )
    return channel


async def _find_chats(session: AsyncSession, channel_id: int) -> tuple[str, ...]:
    """Chats that events named, and those that people wrote in before any such event."""
    named = await session.scalars(
        select(ChannelChat.external_id).where(ChannelChat.channel_id == channel_id, ChannelChat.is_member)
    )
    written_in = await session.scalars(
        select(Conversation.chat_external_id)
        .where(Conversation.channel_id == channel_id, Conversation.kind != ConversationKind.DIRECT)
        .distinct()
        .limit(MOST_CHATS)
    )
    return tuple(sorted({*named, *written_in})[:MOST_CHATS])


async def _store(
    session: AsyncSession, channel: Channel, checked: Checked, asked_for: tuple[str, ...], at: datetime
) -> None:
    channel.username = checked.username
    capabilities = describe_capabilities(checked)
    if channel.capabilities != capabilities:
        channel.capabilities = capabilities
        announce(session, channel.workspace_id, "channel", channel_id=channel.id)
    if channel.status is ChannelStatus.ATTENTION:
        await set_status(session, channel, ChannelStatus.ACTIVE, None, at)
    for chat in checked.chats:
        await _store_chat(session, channel, chat, at)
    left = set(asked_for) - {chat.external_id for chat in checked.chats}
    await _leave(session, channel, left, at)
    await _store_our_people(session, channel, checked, at)


def describe_capabilities(checked: Checked) -> list[Json]:
    """What the row keeps of a check."""
    return [{"name": one.name, "allowed": one.allowed, "reason": one.reason} for one in checked.capabilities]


async def _store_chat(session: AsyncSession, channel: Channel, chat: KnownChat, at: datetime) -> None:
    values = {
        "kind": chat.kind, "title": chat.title, "linked_external_id": chat.linked_external_id,
        "can_act": list(chat.can_act), "is_member": True, "changed_at": at,
    }  # fmt: skip
    key = {"workspace_id": channel.workspace_id, "channel_id": channel.id, "external_id": chat.external_id}
    await session.execute(
        insert(ChannelChat)
        .values(key | values)
        .on_conflict_do_update(
            index_elements=[ChannelChat.channel_id, ChannelChat.external_id],
            set_=values,
            where=ChannelChat.changed_at < at,
        )
    )


async def _leave(session: AsyncSession, channel: Channel, left: set[str], at: datetime) -> None:
    """Chats that no longer know us, or that live on under another id."""
    await session.execute(
        update(ChannelChat)
        .where(
            ChannelChat.channel_id == channel.id,
            ChannelChat.external_id.in_(sorted(left)),
            ChannelChat.changed_at < at,
        )
        .values(is_member=False, changed_at=at)
        .execution_options(synchronize_session=False)
    )


async def _store_our_people(session: AsyncSession, channel: Channel, checked: Checked, at: datetime) -> None:
    """Administrators of the chats are ours from their first word on. Who is no longer one is told by an event."""
    people = sorted({person for chat in checked.chats for person in chat.our_people})
    seen = [Seen(channel.workspace_id, channel.id, Author(person, person, is_ours=True), LONG_AGO) for person in people]
    await store_identities(session, seen)
    for person in people:
        await set_ours(session, channel.id, person, at, is_ours=True)

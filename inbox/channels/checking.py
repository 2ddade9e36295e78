"""Looking again at what a channel's key can do: capabilities, chats, our people there, and whether it lives."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of, webhook_secret_of
from inbox.channels.adapter import Account, Checked, KeyKind, KnownChat
from inbox.channels.asking import NO_ADDRESS, webhook_url
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel, ChannelChat, ChannelStatus, ReceiveMode
from inbox.channels.receivers import MENDS_BY_ITSELF, is_received
from inbox.channels.status import set_status, set_user_key_reason
from inbox.conversations.intake import lock_channels
from inbox.conversations.models import Conversation
from inbox.conversations.refresh import refresh_all
from inbox.conversations.staff import Listed, apply_staff_list
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE, Json
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, SetupError
from inbox.core.events import CheckChannel
from inbox.core.i18n import N_
from inbox.core.jobs import defer
from inbox.core.live import announce

MOST_CHATS = 200
ANOTHER_ACCOUNT = N_("The key belongs to another account than this channel.")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the platform is to be asked, as the rows were: a result for an older key is thrown away."""

    account: Account
    credentials: bytes
    mode: ReceiveMode
    must_tell: bool
    """Whether the platform must be told how we receive: a webhook may have been lost, or never set by who died."""
    webhook_secret: str
    known_chats: tuple[str, ...]
    """To be asked for."""
    served: frozenset[str]
    """Those of them that knew us so far."""


async def run_check(context: Context, job: CheckChannel) -> None:
    """Ask the platform, then write down what it said. A TemporaryRefusalError repeats the job."""
    at = context.clock()
    asked = await _prepare(context, job.channel_id)
    if asked is None:
        return
    answer = await _ask(context, asked)
    is_at_work = await is_received(context.redis, job.channel_id)
    async with context.transaction(EVERY_WORKSPACE) as session:
        await lock_channels(session, [job.channel_id])
        channel = await _lock(session, job.channel_id)
        if channel is None or channel.credentials_encrypted != asked.credentials:
            return
        if channel.mode is not asked.mode:
            # The platform may have been told of the older mode after the newer one.
            await defer(session, [CheckChannel(channel_id=channel.id)])
            return
        channel.checked_at = at
        if isinstance(answer, str):
            await set_status(session, channel, ChannelStatus.ATTENTION, answer, at)
        else:
            if channel.status is ChannelStatus.ATTENTION and not (is_at_work and _is_receivers_word(channel)):
                await set_status(session, channel, ChannelStatus.ACTIVE, None, at)
            await _store(session, channel, answer, asked, at)


def _is_receivers_word(channel: Channel) -> bool:
    """What a living key does not disprove, and a receiver at work takes back by itself; else it would come and go."""
    return channel.mode is ReceiveMode.POLL and channel.status_reason in MENDS_BY_ITSELF


async def _ask(context: Context, asked: _Asked) -> Checked | str:
    """What the key can do, or why the channel needs attention."""
    try:
        checked = await context.adapters[asked.account.platform].check(asked.account, asked.known_chats)
        if checked.external_id != asked.account.external_id:
            return ANOTHER_ACCOUNT
        if asked.must_tell:
            await _tell(context, asked)
    except (KeyRefusedError, PermanentRefusalError) as error:
        return error.reason
    except SetupError as error:
        return str(error)
    return checked


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
        served = await _find_served(session, channel_id)
        # A poller that has received is not disturbed: who took its updates away since did so on purpose.
        must_tell = channel.mode is ReceiveMode.WEBHOOK or channel.status is ChannelStatus.NEW
        return _Asked(
            account, channel.credentials_encrypted, channel.mode, must_tell,
            webhook_secret_of(channel, context.cipher), await _find_chats(session, channel_id, served), served,
        )  # fmt: skip


async def _tell(context: Context, asked: _Asked) -> None:
    """Set the webhook; or take down one of an earlier program, if the key may (a poller that cannot says so itself)."""
    adapter = context.adapters[asked.account.platform]
    if asked.mode is ReceiveMode.WEBHOOK:
        if not context.settings.base_url:
            raise SetupError(NO_ADDRESS)
        await adapter.set_webhook(asked.account, webhook_url(context, asked.account), asked.webhook_secret)
        return
    with contextlib.suppress(PermanentRefusalError):
        await adapter.set_webhook(asked.account, None, "")


async def _lock(session: AsyncSession, channel_id: int) -> Channel | None:
    channel: Channel | None = await session.scalar(
        select(Channel).where(Channel.id == channel_id, Channel.removed_at.is_(None)).with_for_update()
    )
    return channel


async def _find_served(session: AsyncSession, channel_id: int) -> frozenset[str]:
    """Chats that events or an earlier check named."""
    named = await session.scalars(
        select(ChannelChat.external_id).where(ChannelChat.channel_id == channel_id, ChannelChat.is_member)
    )
    return frozenset(named)


async def _find_chats(session: AsyncSession, channel_id: int, served: frozenset[str]) -> tuple[str, ...]:
    """Those, and the chats that people wrote in before any such event."""
    written_in = await session.scalars(
        select(Conversation.chat_external_id)
        .where(Conversation.channel_id == channel_id, Conversation.kind != ConversationKind.DIRECT)
        .distinct()
        .limit(MOST_CHATS)
    )
    return tuple(sorted({*served, *written_in})[:MOST_CHATS])


async def _store(session: AsyncSession, channel: Channel, checked: Checked, asked: _Asked, at: datetime) -> None:
    channel.username = checked.username
    capabilities = describe_capabilities(checked)
    if channel.capabilities != capabilities:
        channel.capabilities = capabilities
        announce(session, channel.workspace_id, "channel", channel_id=channel.id)
    await set_user_key_reason(session, channel, _what_user_key_waits_for(checked), at)
    for chat in checked.chats:
        await store_chat(session, channel, chat, at)
    left = set(asked.known_chats) - {chat.external_id for chat in checked.chats}
    await _leave(session, channel, left, at)
    await _store_our_people(session, channel, checked, asked, at)


def _what_user_key_waits_for(checked: Checked) -> str | None:
    waits = (one.reason for one in checked.capabilities if one.key is KeyKind.USER and one.allowed)
    return next((reason for reason in waits if reason is not None), None)


def describe_capabilities(checked: Checked) -> list[Json]:
    """What the row keeps of a check."""
    return [
        {"name": one.name, "allowed": one.allowed, "reason": one.reason, "key": one.key.value}
        for one in checked.capabilities
    ]


async def store_chat(session: AsyncSession, channel: Channel, chat: KnownChat, at: datetime) -> None:
    """What we may do in a chat, as a check found it; a newer word of an event stays."""
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


async def _store_our_people(
    session: AsyncSession, channel: Channel, checked: Checked, asked: _Asked, at: datetime
) -> None:
    """Administrators of the chats are ours from their first word on; who is none any more, only if all chats told."""
    people = {person for chat in checked.chats for person in chat.our_people}
    told = {chat.external_id for chat in checked.chats if chat.our_people}
    is_whole = bool(told) and len(told) == len(checked.chats) and asked.served <= told
    listed = Listed(channel.workspace_id, channel.id, frozenset(people), is_whole, at)
    touched = await apply_staff_list(session, listed)
    if not touched:
        return
    for conversation in (await refresh_all(session, touched)).conversations:
        announce(
            session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
            assignee_id=conversation.assignee_id, team_id=conversation.team_id,
        )  # fmt: skip

"""The one gate to channels: what the caller may read is part of the query, what they may do is asked beside it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.channels.models import Channel, ChannelChat
from inbox.core.errors import NotFoundError


async def access_channel(
    session: AsyncSession,
    caller: Caller,
    channel_id: int,
    permission: Permission = Permission.READ_CHANNELS,
    *,
    lock: bool = False,
) -> Channel:
    """The channel, if the caller may do this with it; NotFoundError for another workspace's or a removed one."""
    statement = select(Channel).where(
        Channel.id == channel_id, Channel.removed_at.is_(None), Channel.workspace_id.in_(caller.scope)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    channel = await session.scalar(statement)
    if channel is None:
        raise NotFoundError("There is no such channel.")
    caller.require(channel.workspace_id, permission)
    return channel


async def list_channels(
    session: AsyncSession, caller: Caller, workspace_id: int | None = None, after_id: int = 0, limit: int = 200
) -> Sequence[Channel]:
    """Connected channels that the caller may read, by id; of one workspace when it is named."""
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CHANNELS)
    readable = caller.workspaces_with(Permission.READ_CHANNELS)
    wanted = readable if workspace_id is None else readable & {workspace_id}
    channels = await session.scalars(
        select(Channel)
        .where(Channel.workspace_id.in_(wanted), Channel.removed_at.is_(None), Channel.id > after_id)
        .order_by(Channel.id)
        .limit(limit)
    )
    return channels.all()


async def list_chats(session: AsyncSession, channel: Channel) -> Sequence[ChannelChat]:
    """The chats that a channel serves, by title."""
    chats = await session.scalars(
        select(ChannelChat)
        .where(ChannelChat.channel_id == channel.id, ChannelChat.is_member)
        .order_by(ChannelChat.title, ChannelChat.external_id)
    )
    return chats.all()

"""Whether something can be done in a conversation: by the platform, by the channel's key, by our rights in the chat."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.adapter import Act, Adapters
from inbox.channels.capabilities import find_refusal
from inbox.channels.models import ChannelChat
from inbox.conversations.models import Conversation
from inbox.core.errors import ConflictError
from inbox.core.i18n import N_

NO_RIGHT = N_("The bot lacks the administrator's right for this.")
GONE = N_("This channel is not connected any more.")
ERASED = N_("The subscriber's data were erased: nobody is there to be written to.")
_RIGHTS = {Act.DELETE: "delete", Act.RESTRICT: "restrict", Act.BAN: "ban"}
"""Acts that want a right in the chat itself."""


async def find_obstacles(
    session: AsyncSession, adapters: Adapters, conversation: Conversation, acts: Iterable[Act]
) -> dict[Act, str]:
    """Act → why it is not possible; what is absent is possible as far as it can be known beforehand."""
    channel = conversation.channel
    can_act = await session.scalar(
        select(ChannelChat.can_act).where(
            ChannelChat.channel_id == conversation.channel_id,
            ChannelChat.external_id == conversation.chat_external_id,
        )
    )
    adapter = adapters.get(channel.platform)
    found: dict[Act, str] = {}
    for act in acts:
        reason = ERASED if conversation.is_erased else None
        if channel.removed_at is not None or adapter is None:
            reason = reason or GONE
        if adapter is not None:
            reason = reason or adapter.impossible(act, conversation.kind, conversation.thread_external_id)
            capability = adapter.capability_for(act, conversation.kind)
            right = _RIGHTS.get(act)
            refusal = None if capability is None else find_refusal(channel, capability)
            if can_act is None or right is None:
                reason = reason or refusal
            elif right not in can_act:
                reason = reason or refusal or NO_RIGHT
        if reason is not None:
            found[act] = reason
    return found


async def check_possible(session: AsyncSession, adapters: Adapters, conversation: Conversation, act: Act) -> None:
    """ConflictError with the reason and the capability that is missing."""
    obstacles = await find_obstacles(session, adapters, conversation, [act])
    if (reason := obstacles.get(act)) is not None:
        adapter = adapters.get(conversation.channel.platform)
        capability = None if adapter is None else adapter.capability_for(act, conversation.kind)
        raise ConflictError(reason, extra={"capability": capability} if capability else None)

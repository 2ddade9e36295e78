"""Calls to the bot that rings: in its turn, outside any transaction; what is lost is asked for again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from inbox.channels.adapter import Account, Act
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel
from inbox.channels.ringing import Ringing
from inbox.channels.status import KeyRefusal, note_refused_key
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import (
    ChatMigratedError,
    KeyRefusedError,
    PermanentRefusalError,
    TemporaryRefusalError,
    UnknownOutcomeError,
)  # fmt: skip
from inbox.core.i18n import N_
from inbox.core.pacing import Pacing
from inbox.replies.turns import silence_key, wait_for_turn

CANNOT_RING = N_("This platform has no buttons for alerts.")
Result = TypeVar("Result")


def ringer_of(context: Context, account: Account) -> Ringing:
    """The adapter; PermanentRefusalError for a platform that cannot ring."""
    adapter = context.adapters.get(account.platform)
    if not isinstance(adapter, Ringing):
        raise PermanentRefusalError(CANNOT_RING)
    return adapter


async def call_in_turn(
    context: Context, pacing: Pacing, account: Account, chat: str, call: Callable[[], Awaitable[Result]]
) -> Result:
    """One call that takes from the key's limits. A lost answer, a moved chat, or a key that was replaced meanwhile is a
    TemporaryRefusalError: again."""
    adapter = context.adapters[account.platform]
    kind = ConversationKind.GROUP if chat.startswith("-") else ConversationKind.DIRECT
    buckets = adapter.buckets(account, Act.SEND, kind, chat)
    await wait_for_turn(pacing, buckets)
    try:
        return await call()
    except UnknownOutcomeError as error:
        raise TemporaryRefusalError(error.reason) from None
    except TemporaryRefusalError as error:
        await silence_key(pacing, buckets, error)
        raise
    except ChatMigratedError as error:
        await _follow(context, account, error.new_chat_external_id)
        raise TemporaryRefusalError(error.reason) from None
    except KeyRefusedError as error:
        if await _is_of_dead_key(context, account, error):
            raise
        raise TemporaryRefusalError(error.reason) from None


async def _follow(context: Context, account: Account, chat: str) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, account.channel_id, with_for_update=True)
        channel.alert_chat_external_id = chat


async def _is_of_dead_key(context: Context, account: Account, error: KeyRefusedError) -> bool:
    """The channel needs attention; False when it has other keys by now."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, account.channel_id)
        refusal = KeyRefusal.of(error)
        return await note_refused_key(session, channel, context.cipher, account, refusal, context.clock())

"""What everybody knows of receivers: whether one is at work for a channel, and which trouble only it can take back."""

import contextlib

from redis.asyncio import Redis
from redis.exceptions import RedisError

from inbox.core.i18n import N_

WEBHOOK_IS_SET = N_("A webhook is set for this bot, so Telegram gives no updates to polling.")
ANOTHER_POLLER = N_("Another program receives the updates of this bot with the same token.")
MENDS_BY_ITSELF = (ANOTHER_POLLER, WEBHOOK_IS_SET)
"""Why a channel that needs attention is polled all the same, and written by: the key is good, and the other program
may go away. That it did is known to the receiver alone."""


def lease_key(channel_id: int) -> str:
    """Where in Redis the receiver of a channel is named, as long as it is at work."""
    return f"otklik:lease:{channel_id}"


async def is_received(redis: Redis, channel_id: int) -> bool:
    """Whether a receiver is at work; with Redis away it is thought to be."""
    with contextlib.suppress(RedisError, OSError):
        return bool(await redis.exists(lease_key(channel_id)))
    return True

"""A call's turn: a token of the key's bucket and of the chat's, waited for here or by coming again later."""

import asyncio
import contextlib
from datetime import timedelta

from redis.exceptions import RedisError

from inbox.core.errors import PlatformError, TemporaryRefusalError
from inbox.core.pacing import Bucket, Pacing

LONGEST_WAIT = timedelta(seconds=5)
"""What is waited for inside a job; anything longer gives the worker's place to others."""


async def wait_for_turn(pacing: Pacing, buckets: list[Bucket]) -> None:
    """Take a token of each; TemporaryRefusalError when that takes long. With Redis away it raises: sending waits."""
    waited = timedelta()
    while wait := await pacing.take(buckets):
        if waited + wait > LONGEST_WAIT:
            raise TemporaryRefusalError("the key's limit is used up", retry_after=wait)
        waited += wait
        await asyncio.sleep(wait.total_seconds())


async def silence_key(pacing: Pacing, buckets: list[Bucket], error: PlatformError) -> None:
    """After a 429 nobody uses the key for as long as the platform says; Redis being away must not hide the outcome."""
    if isinstance(error, TemporaryRefusalError) and error.whole_key and error.retry_after:
        with contextlib.suppress(RedisError, OSError):
            await pacing.block(buckets[0], error.retry_after)

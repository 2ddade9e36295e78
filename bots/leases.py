"""Leases: which process receives for a channel. In Redis, with an epoch in the database that fences late writers."""

import asyncio
import time
from datetime import timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError

from inbox.channels.receivers import lease_key

TTL = timedelta(seconds=15)
RENEW_EVERY = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(seconds=10)
ANSWER_WITHIN = timedelta(seconds=3)
"""A Redis that does not answer is as good as away; waiting longer would outlive the lease."""

_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Lease:
    """One channel's lease as its holder sees it."""

    def __init__(self, redis: Redis, channel_id: int, holder: str) -> None:
        self._redis = redis
        self._key = lease_key(channel_id)
        self._holder = holder
        self._renewed_at: float | None = None
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    @property
    def is_held(self) -> bool:
        """Whether we held it so lately that nobody else can have begun."""
        return self._renewed_at is not None and time.monotonic() - self._renewed_at < GIVE_UP_AFTER.total_seconds()

    async def acquire(self) -> bool:
        """Take it if nobody holds it; False with Redis away, too."""
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                taken = await self._redis.set(self._key, self._holder, nx=True, px=_milliseconds(TTL))
        except (RedisError, OSError):
            return False
        if taken:
            self._renewed_at = asked_at
        return bool(taken)

    async def renew(self) -> bool:
        """Prolong it; False once it is another's, or could not be prolonged for GIVE_UP_AFTER."""
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                mine = await self._renew(keys=[self._key], args=[self._holder, _milliseconds(TTL)])
        except (RedisError, OSError):
            return self.is_held
        if int(mine):
            self._renewed_at = asked_at
            return True
        # Redis lost the key (a restart without it, or we were asleep): take it again if it is free.
        return await self.acquire()

    async def release(self) -> None:
        """Give it back, so that another process need not wait for TTL."""
        self._renewed_at = None
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                await self._release(keys=[self._key], args=[self._holder])
        except (RedisError, OSError):
            return


def _milliseconds(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)

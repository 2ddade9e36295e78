"""Leases: which process receives for a channel. In Redis, with an epoch in the database that fences late writers."""

import time
from datetime import timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError

TTL = timedelta(seconds=15)
RENEW_EVERY = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(seconds=10)

_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Lease:
    """One channel's lease as its holder sees it."""

    def __init__(self, redis: Redis, channel_id: int, holder: str) -> None:
        self._redis = redis
        self._key = f"otklik:lease:{channel_id}"
        self._holder = holder
        self._renewed_at = 0.0
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    async def acquire(self) -> bool:
        """Take it if nobody holds it."""
        taken = await self._redis.set(self._key, self._holder, nx=True, px=_milliseconds(TTL))
        if taken:
            self._renewed_at = time.monotonic()
        return bool(taken)

    async def renew(self) -> bool:
        """Prolong it; False once it is another's, or could not be prolonged for GIVE_UP_AFTER."""
        try:
            mine = await self._renew(keys=[self._key], args=[self._holder, _milliseconds(TTL)])
        except (RedisError, OSError):
            return time.monotonic() - self._renewed_at < GIVE_UP_AFTER.total_seconds()
        if int(mine):
            self._renewed_at = time.monotonic()
            return True
        # Redis lost the key (a restart without it): take it again if it is free.
        return await self.acquire()

    async def release(self) -> None:
        """Give it back, so that another process need not wait for TTL."""
        try:
            await self._release(keys=[self._key], args=[self._holder])
        except (RedisError, OSError):
            return


def _milliseconds(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)

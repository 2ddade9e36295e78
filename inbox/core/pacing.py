"""Token buckets in Redis, shared by all workers: how fast a key may call, and how long a 429 silences it."""

from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import Redis

PREFIX = "otklik:bucket:"

# KEYS: buckets; ARGV: now (s), then rate (tokens/s) and burst a bucket. Takes one token of each or of none.
# Returns the seconds to wait (0: taken) as text, since Lua numbers become integers.
_TAKE = """
local now, wait = tonumber(ARGV[1]), 0
local levels = {}
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[i * 2]), tonumber(ARGV[i * 2 + 1])
  local state = redis.call('HMGET', key, 'level', 'at', 'blocked_until')
  local blocked = tonumber(state[3] or '0') or 0
  local level = math.min(burst, (tonumber(state[1]) or burst) + (now - (tonumber(state[2]) or now)) * rate)
  if blocked > now then wait = math.max(wait, blocked - now) end
  if level < 1 then wait = math.max(wait, (1 - level) / rate) end
  levels[i] = level
end
if wait > 0 then return tostring(wait) end
for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'level', tostring(levels[i] - 1), 'at', ARGV[1])
  redis.call('EXPIRE', key, 600)
end
return '0'
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`rate` tokens a second, at most `burst` saved up."""

    name: str
    rate: float
    burst: float


class Pacing:
    """The buckets of all keys. Times are Redis's own, so that workers' clocks need not agree."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)

    async def take(self, buckets: list[Bucket]) -> timedelta:
        """One token of each bucket; zero when taken, else how long to wait before asking again."""
        keys = [PREFIX + bucket.name for bucket in buckets]
        limits = [number for bucket in buckets for number in (str(bucket.rate), str(bucket.burst))]
        wait = await self._take(keys=keys, args=[str(await self._now()), *limits])
        return timedelta(seconds=float(wait))

    async def block(self, bucket: Bucket, length: timedelta) -> None:
        """Nobody may take from this bucket for a while: the platform said so."""
        until = await self._now() + length.total_seconds()
        key = PREFIX + bucket.name
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.hset(key, "blocked_until", str(until))
            await pipe.expire(key, int(length.total_seconds()) + 600)
            await pipe.execute()

    async def _now(self) -> float:
        seconds, microseconds = await self._redis.time()
        return float(seconds) + float(microseconds) / 1e6

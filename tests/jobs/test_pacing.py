"""Token buckets: shared by all workers, silenced by a 429, and no sending without Redis."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from inbox.core.errors import TemporaryRefusalError
from inbox.core.pacing import Bucket, Pacing
from inbox.replies.turns import silence_key, wait_for_turn
from tests.servers import TestServers

KEY = Bucket("telegram:1", rate=10.0, burst=2.0)
CHAT = Bucket("telegram:1:5", rate=10.0, burst=1.0)


@pytest.fixture
async def redis(servers: TestServers) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.redis_url, decode_responses=True)
    await client.flushdb()
    yield client
    await client.aclose()


async def test_a_bucket_gives_its_burst_and_then_its_rate(redis: Redis) -> None:
    one, other = Pacing(redis), Pacing(redis)
    assert await one.take([KEY]) == timedelta()
    assert await other.take([KEY]) == timedelta()
    assert timedelta() < await one.take([KEY]) <= timedelta(seconds=0.1)


async def test_nothing_is_taken_unless_every_bucket_has_a_token(redis: Redis) -> None:
    pacing = Pacing(redis)
    assert await pacing.take([KEY, CHAT]) == timedelta()
    assert await pacing.take([KEY, CHAT]) > timedelta()
    assert await pacing.take([KEY]) == timedelta()


async def test_a_429_silences_the_key_for_everybody(redis: Redis) -> None:
    error = TemporaryRefusalError("429", retry_after=timedelta(seconds=40), whole_key=True)
    await silence_key(Pacing(redis), [KEY, CHAT], error)
    with pytest.raises(TemporaryRefusalError) as refusal:
        await wait_for_turn(Pacing(redis), [KEY])
    assert refusal.value.retry_after is not None
    assert timedelta(seconds=39) < refusal.value.retry_after <= timedelta(seconds=40)
    assert await Pacing(redis).take([CHAT]) == timedelta()


async def test_a_short_wait_is_waited_out(redis: Redis) -> None:
    pacing = Pacing(redis)
    for _ in range(4):
        await wait_for_turn(pacing, [KEY])


async def test_without_redis_nothing_is_sent_but_an_outcome_is_not_lost() -> None:
    away = Redis.from_url("redis://127.0.0.1:9", retry=Retry(NoBackoff(), 0))
    with pytest.raises((RedisError, OSError)):
        await wait_for_turn(Pacing(away), [KEY])
    await silence_key(
        Pacing(away), [KEY], TemporaryRefusalError("429", retry_after=timedelta(seconds=1), whole_key=True)
    )
    await away.aclose()

"""Leases: one holder a channel, given back or lost in time."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bots.leases import Lease
from tests.servers import TestServers


@pytest.fixture
async def redis(servers: TestServers) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.redis_url, decode_responses=True)
    await client.flushdb()
    yield client
    await client.aclose()


async def test_one_holds_and_the_other_waits(redis: Redis) -> None:
    one, other = Lease(redis, 1, "one"), Lease(redis, 1, "other")
    assert await one.acquire()
    assert not await other.acquire()
    assert await one.renew()
    assert one.is_held
    await one.release()
    assert not one.is_held
    assert await other.acquire()


async def test_a_lease_that_is_anothers_by_now_is_lost(redis: Redis) -> None:
    one, other = Lease(redis, 1, "one"), Lease(redis, 1, "other")
    assert await one.acquire()
    await redis.delete("otklik:lease:1")
    assert await other.acquire()
    assert not await one.renew()
    await one.release()
    assert await other.renew()


async def test_a_redis_that_forgot_the_lease_gives_it_back_to_its_holder(redis: Redis) -> None:
    one = Lease(redis, 1, "one")
    assert await one.acquire()
    await redis.flushdb()
    assert await one.renew()


async def test_without_redis_the_holder_goes_on_for_ten_seconds_and_no_longer(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Redis.from_url("redis://127.0.0.1:9", retry=Retry(NoBackoff(), 0))
    lease = Lease(away, 1, "one")
    assert not await lease.acquire()
    lease._renewed_at = now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now + 9.9)
    assert await lease.renew()
    monkeypatch.setattr("time.monotonic", lambda: now + 10.1)
    assert not await lease.renew()
    await away.aclose()

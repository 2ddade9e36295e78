"""The bots process on real servers: many channels, each by one process, through lost databases and dead keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import ResponseError
from sqlalchemy import select, text, update

from bots.runner import BotsRunner
from inbox.channels.models import Channel, ChannelStatus, Gap, ReceiveMode
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.stream import STREAM, IntakeStream
from tests.company import open_context
from tests.desk import until
from tests.replies.conftest import Talk, begin_talk, telegram_stand_in
from tests.servers import TestServers
from tests.telegram.test_receive import HANG
from tests.telegram.test_receive import update as telegram_update
from tests.telegram.wire_server import WireServer, ok, refused


@pytest.fixture
async def telegram() -> AsyncIterator[WireServer]:
    async with telegram_stand_in() as server:
        yield server


@pytest.fixture
async def talk(servers: TestServers, telegram: WireServer) -> AsyncIterator[Talk]:
    async with open_context(servers) as context:
        await IntakeStream(context.redis).ensure_group()
        yield await begin_talk(context, telegram)


@asynccontextmanager
async def running(context: Context) -> AsyncIterator[BotsRunner]:
    """The process, stopped at the end, which must not take long."""
    runner, stop = BotsRunner(context), asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    try:
        async with asyncio.timeout(40):
            yield runner
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def has_status(talk: Talk, status: ChannelStatus) -> Channel:
    """Wait until the channel has it."""
    channel = await talk.channel()
    for _ in range(600):
        channel = await talk.channel()
        if channel.status is status:
            return channel
        await asyncio.sleep(0.05)
    raise AssertionError(f"the channel is {channel.status}: {channel.status_reason}")


async def test_updates_reach_the_stream_and_the_channel_is_active(talk: Talk) -> None:
    await talk.set_status(ChannelStatus.NEW)
    talk.telegram.will_answer("getUpdates", ok([telegram_update(5), telegram_update(6)]), HANG)
    async with running(talk.context):
        channel = await has_status(talk, ChannelStatus.ACTIVE)
        await talk.telegram.was_asked("getUpdates", 2)
    assert channel.epoch == 1
    assert channel.received_until_at is not None
    assert await talk.context.redis.xlen(STREAM) == 2


async def test_of_two_processes_one_receives_and_the_other_takes_over(talk: Talk) -> None:
    talk.telegram.will_answer("getUpdates", HANG)
    async with running(talk.context):
        await talk.telegram.was_asked("getUpdates")
        async with running(talk.context):
            await asyncio.sleep(2.5)
            assert len(talk.telegram.called("getUpdates")) == 1
            assert (await talk.channel()).epoch == 1
    async with running(talk.context):
        await talk.telegram.was_asked("getUpdates", 2)

        async def has_next_epoch() -> bool:
            return (await talk.channel()).epoch == 2

        await until(has_next_epoch, 30)


async def test_a_dead_key_stops_polling_until_a_check_finds_it_alive(talk: Talk) -> None:
    talk.telegram.will_answer("getUpdates", refused(401, "Unauthorized"), HANG)
    async with running(talk.context):
        await has_status(talk, ChannelStatus.ATTENTION)
        await asyncio.sleep(4.5)
        assert len(talk.telegram.called("getUpdates")) == 1
        await talk.set_status(ChannelStatus.ACTIVE)
        await talk.telegram.was_asked("getUpdates", 2)
    async with talk.context.database.session(EVERY_WORKSPACE) as session:
        gaps = list(await session.scalars(select(Gap)))
    assert [gap.ended_at is not None for gap in gaps] == [True]


async def test_a_409_right_after_a_takeover_is_no_alarm(talk: Talk) -> None:
    conflict = refused(409, "Conflict: terminated by other getUpdates request; one bot instance only")
    talk.telegram.will_answer("getUpdates", conflict)
    async with running(talk.context):
        await talk.telegram.was_asked("getUpdates")
        await asyncio.sleep(1)
        assert (await talk.channel()).status is ChannelStatus.ACTIVE


async def test_receiving_goes_on_with_the_database_away(talk: Talk) -> None:
    talk.telegram.will_answer("getUpdates", ok([]), HANG)
    async with running(talk.context):
        await talk.telegram.was_asked("getUpdates", 2)
        await talk.cut_off_database(is_away=True)
        talk.telegram.will_answer("getUpdates", ok([telegram_update(9)]), HANG)
        talk.telegram.is_over.set()
        for _ in range(400):
            if await talk.context.redis.xlen(STREAM):
                break
            await asyncio.sleep(0.05)
        assert await talk.context.redis.xlen(STREAM) == 1
        await talk.cut_off_database(is_away=False)


async def test_a_channel_with_a_webhook_is_not_polled(talk: Talk) -> None:
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).values(mode=ReceiveMode.WEBHOOK))
    async with running(talk.context):
        await asyncio.sleep(1)
    assert talk.telegram.called("getUpdates") == []


async def test_a_changed_key_starts_the_receiver_anew(talk: Talk) -> None:
    talk.telegram.will_answer("getUpdates", HANG)
    async with running(talk.context):
        await talk.telegram.was_asked("getUpdates")
        fields = {"token": "700:BBsecretSECRETsecretSECRETsecret", "webhook_secret": "s"}
        async with talk.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(
                update(Channel).values(credentials_encrypted=talk.context.cipher.encrypt_fields(fields))
            )
        await talk.telegram.was_asked("getUpdates", 2)
    assert len(talk.telegram.tokens) == 2


async def test_a_channel_that_cannot_be_read_stops_no_other(talk: Talk) -> None:
    talk.telegram.will_answer("getUpdates", HANG)
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(
            text(
                "insert into channels (workspace_id, platform, external_id, name, credentials_encrypted,"
                " key_fingerprint, mode, status, capabilities, epoch)"
                " select workspace_id, platform, '701', 'broken', 'nonsense', '1234', mode, status, capabilities, 0"
                " from channels"
            )
        )
    async with running(talk.context):
        await talk.telegram.was_asked("getUpdates")


async def test_a_database_that_hangs_keeps_neither_from_polling_nor_the_lease(talk: Talk) -> None:
    talk.telegram.will_answer("getUpdates", ok([telegram_update(5)]), HANG)
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(select(Channel.id).with_for_update())
        async with running(talk.context):
            await talk.telegram.was_asked("getUpdates", 2)
            assert await talk.context.redis.xlen(STREAM) == 1
            await asyncio.sleep(11)
            left = await talk.context.redis.pttl(f"otklik:lease:{talk.channel_id}")
            assert left > 9_500
            # In the transaction that holds the row: the receiver's waiting word must come after it.
            await session.execute(update(Channel).values(status=ChannelStatus.NEW))
            await session.commit()
            assert (await has_status(talk, ChannelStatus.ACTIVE)).epoch == 1


async def test_what_comes_at_once_is_written_together_and_each_hears_of_its_own(talk: Talk) -> None:
    redis = talk.context.redis
    stream = IntakeStream(redis, name="otklik:intake:together")
    now = talk.context.clock()
    await asyncio.gather(*(stream.add(number, now, "poll", {"text": f"слово {number}"}) for number in range(600)))
    rows = await redis.xrange("otklik:intake:together") or []
    assert [(fields or {})["channel_id"] for _, fields in rows] == [str(number) for number in range(600)]
    await redis.set("otklik:intake:no-stream", "x")
    broken = IntakeStream(redis, name="otklik:intake:no-stream")
    found = await asyncio.gather(*(broken.add(1, now, "poll", {}) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, ResponseError) for one in found)

"""Trouble of a channel that lasts, or comes and goes, rings once in a while; what only the receiver knows stays."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bots.leases import Lease
from bots.telegram import reasons
from inbox.channels.models import Channel, ChannelStatus, Gap, ReceiveMode
from inbox.channels.status import queue_checks, set_status
from inbox.core.database import EVERY_WORKSPACE
from routing.alerts.models import AlertKind
from tests.routing.rung import Rung, open_rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside
CAPTCHA = "A captcha, which only a person can solve."


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_rung(servers) as opened:
        await opened.bridge.work()
        yield opened


@pytest.fixture
async def receiver(rung: Rung) -> AsyncIterator[Lease]:
    """One that is at work for the bot that rings."""
    lease = Lease(rung.bridge.desk.context.redis, rung.bridge.desk.channel_ids[0], "receiver")
    assert await lease.acquire()
    yield lease
    await lease.release()


async def say(rung: Rung, status: ChannelStatus, reason: str | None) -> None:
    """What its receiver, or a send, says of it."""
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, rung.bridge.desk.channel_ids[0], with_for_update=True)
        await set_status(session, channel, status, reason, rung.bridge.clock.now)


async def check(rung: Rung) -> None:
    """As workers do: what needs attention is looked at again, jobs run, and what is in trouble rings."""
    rung.bridge.clock.advance(timedelta(minutes=6))
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        assert await queue_checks(session, rung.bridge.clock.now) == 1
    await rung.bridge.work()
    await rung.sweep()


async def standing(rung: Rung) -> tuple[ChannelStatus, str | None]:
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, rung.bridge.desk.channel_ids[0])
        return channel.status, channel.status_reason


async def rings(rung: Rung) -> int:
    return len(await rung.alerts(AlertKind.CHANNEL))


async def test_a_conflict_stays_while_its_receiver_is_at_work(rung: Rung, receiver: Lease) -> None:
    await say(rung, ChannelStatus.ATTENTION, reasons.ANOTHER_POLLER)
    for _ in range(12):
        await check(rung)
        assert await standing(rung) == (ChannelStatus.ATTENTION, reasons.ANOTHER_POLLER)
        assert await receiver.renew()
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        gaps = list(await session.scalars(select(Gap)))
    assert (await rings(rung), [gap.ended_at for gap in gaps]) == (1, [None])
    await say(rung, ChannelStatus.ACTIVE, None)
    assert await standing(rung) == (ChannelStatus.ACTIVE, None)


async def test_what_nobody_can_take_back_any_more_ends_with_a_check(rung: Rung) -> None:
    await say(rung, ChannelStatus.ATTENTION, reasons.WEBHOOK_IS_SET)
    await check(rung)
    assert await standing(rung) == (ChannelStatus.ACTIVE, None)


async def test_a_webhooks_channel_has_no_receiver_to_wait_for(rung: Rung, receiver: Lease) -> None:
    await say(rung, ChannelStatus.ATTENTION, reasons.ANOTHER_POLLER)
    context, hooked = rung.bridge.desk.context, {"mode": ReceiveMode.WEBHOOK}
    async with context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).where(Channel.id == rung.bridge.desk.channel_ids[0]).values(hooked))
    await check(rung)
    assert (await standing(rung))[1] != reasons.ANOTHER_POLLER


async def test_a_captcha_that_each_answer_meets_rings_once_an_hour(rung: Rung) -> None:
    for minutes in range(0, 78, 6):
        await say(rung, ChannelStatus.ATTENTION, CAPTCHA)
        await rung.sweep()
        assert await rings(rung) == (1 if minutes <= 60 else 2)
        await check(rung)
        assert (await standing(rung))[0] is ChannelStatus.ACTIVE
    await say(rung, ChannelStatus.ATTENTION, "another trouble")
    await rung.sweep()
    assert await rings(rung) == 3

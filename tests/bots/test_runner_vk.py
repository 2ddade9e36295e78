"""The bots process and VK: the place in the events outlives it, what is lost is written down and asked for again."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import select, text

from bots.runner import BotsRunner
from inbox.channels.catching_up import SLACK, note_gap, run_catch_up
from inbox.channels.models import Channel, ChannelStatus, Gap
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import CatchUp
from inbox.core.stream import STREAM, IntakeStream
from inbox.organisations.models import Organisation, Workspace
from tests.bots.test_runner import running
from tests.company import connect_community, open_context
from tests.desk import until
from tests.servers import TestServers

pytestmark = pytest.mark.outside
GROUP, OTHER = 770001, 770002
ENTRIES = TypeAdapter(list[tuple[str, dict[str, str]]])


@dataclass(slots=True)
class Communities:
    """Two connected communities and a phone."""

    context: Context
    phone: httpx.AsyncClient
    channel_ids: dict[int, int]

    async def sim(self, action: str, **body: object) -> None:
        answer = await self.phone.post(f"/sim/{action}", json={"platform": "vk", **body})
        assert answer.is_success, answer.text

    async def say(self, words: str, group_id: int = GROUP) -> None:
        await self.sim("say", kind="direct", bot=group_id, author={"id": 5001, "name": "Анна"}, text=words)

    async def came(self) -> list[tuple[int, str, str]]:
        """(channel, via, text) of the messages on the stream."""
        entries = ENTRIES.validate_python(await self.context.redis.xrange(STREAM))
        raws = [(int(fields["channel_id"]), fields["via"], json.loads(fields["raw"])) for _, fields in entries]
        return [
            (channel_id, via, raw["object"]["message"]["text"])
            for channel_id, via, raw in raws
            if raw["type"] == "message_new"
        ]

    async def have_come(self, *texts: str) -> None:
        """Wait until exactly these messages are on the stream, in any order."""

        async def is_so() -> bool:
            return sorted(words for _, _, words in await self.came()) == sorted(texts)

        await until(is_so, 30)

    async def channel(self, group_id: int = GROUP) -> Channel:
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Channel, self.channel_ids[group_id])

    async def stands_at(self, group_id: int, is_past: str | None) -> str:
        """Wait until the place is stored and is another than this one."""

        async def is_so() -> bool:
            return (await self.channel(group_id)).cursor not in (None, is_past)

        await until(is_so, 30)
        return str((await self.channel(group_id)).cursor)

    async def jobs(self) -> list[CatchUp]:
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            args = await session.scalars(
                text("select args from procrastinate_jobs where task_name = :name order by id"), {"name": CatchUp.name}
            )
            return [CatchUp.model_validate(one) for one in args]

    async def gaps(self) -> list[Gap]:
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return list(await session.scalars(select(Gap).order_by(Gap.id)))


@pytest.fixture
async def vk(servers: TestServers, simulator: str) -> AsyncIterator[Communities]:
    async with open_context(servers) as context, httpx.AsyncClient(base_url=simulator) as phone:
        await IntakeStream(context.redis).ensure_group()
        async with context.transaction(EVERY_WORKSPACE) as session:
            organisation = Organisation(name="Лад")
            session.add(organisation)
            await session.flush()
            workspace = Workspace(organisation_id=organisation.id, name="Лад")
            session.add(workspace)
            await session.flush()
            channels = [
                await connect_community(session, context, workspace.id, group_id, simulator)
                for group_id in (GROUP, OTHER)
            ]
        yield Communities(context, phone, {int(one.external_id): one.id for one in channels})


@asynccontextmanager
async def receiving(vk: Communities) -> AsyncIterator[BotsRunner]:
    """The process, once both communities receive."""
    async with running(vk.context) as runner:
        for group_id in (GROUP, OTHER):
            await vk.stands_at(group_id, None)
        yield runner


async def test_many_gaps_are_one_reading_of_the_history_from_the_earliest_on(vk: Communities) -> None:
    now = vk.context.clock()

    async def miss(minutes_ago: int) -> list[CatchUp]:
        async with vk.context.transaction(EVERY_WORKSPACE) as session:
            channel = await session.get_one(Channel, vk.channel_ids[GROUP])
            await note_gap(session, channel, now - timedelta(minutes=minutes_ago), now, "away")
        return [job for job in await vk.jobs() if job.channel_id == vk.channel_ids[GROUP]]

    assert len(await miss(10)) == 1
    await miss(30)
    (job,) = await miss(20)
    assert job.since == now - timedelta(minutes=30) - SLACK
    async with vk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("update procrastinate_jobs set status = 'doing'"))
    assert len(await miss(5)) == 2  # the one under way has read its part already
    assert len(await vk.gaps()) == 4


async def test_a_new_community_receives_and_what_waits_there_is_asked_for(vk: Communities) -> None:
    async with receiving(vk):
        await vk.say("сколько стоит?")
        await vk.have_come("сколько стоит?")

        async def is_active() -> bool:
            return (await vk.channel()).status is ChannelStatus.ACTIVE

        await until(is_active, 30)
    jobs = await vk.jobs()
    assert sorted(job.channel_id for job in jobs) == sorted(vk.channel_ids.values())
    channel = await vk.channel()
    assert channel.epoch == 1
    since = next(job.since for job in jobs if job.channel_id == channel.id)
    assert timedelta(days=7) <= channel.created_at - since < timedelta(days=7, minutes=5)
    await vk.context.redis.xtrim(STREAM, maxlen=0)
    await run_catch_up(vk.context, CatchUp(channel_id=channel.id, since=since))
    assert await vk.came() == [(channel.id, "history", "сколько стоит?")]


async def test_the_place_outlives_the_process_and_repeats_are_few(vk: Communities) -> None:
    async with receiving(vk):
        before = await vk.stands_at(GROUP, None)
        await vk.say("раз")
        await vk.have_come("раз")
        await vk.stands_at(GROUP, before)
    await vk.say("два, пока никого нет")
    async with receiving(vk):
        await vk.have_come("раз", "два, пока никого нет")
    assert await vk.gaps() == []
    assert len(await vk.jobs()) == 2


async def test_what_vk_no_longer_keeps_is_a_gap_and_the_history_is_asked(vk: Communities) -> None:
    async with receiving(vk):
        await vk.say("раз")
        await vk.have_come("раз")
    for _ in range(3):
        await vk.say("потеряно")
    await vk.sim("reset")
    place = (await vk.channel()).cursor
    async with receiving(vk):
        await vk.stands_at(GROUP, place)
    gap = (await vk.gaps())[0]
    assert (gap.channel_id, gap.is_lost, gap.ended_at is not None) == (vk.channel_ids[GROUP], False, True)
    assert (await vk.jobs())[-1].since < gap.started_at


async def test_a_silent_or_failing_community_slows_no_other(vk: Communities) -> None:
    async with receiving(vk):
        await vk.sim("fault", method="longpoll", bot=OTHER, error="timeout", times=1000)
        await vk.sim("fault", method="groups.getLongPollServer", bot=OTHER, error=500, times=1000)
        for number in range(5):
            await vk.say(f"раз {number}")
        await vk.have_come(*(f"раз {number}" for number in range(5)))


async def test_a_dead_key_needs_attention_and_lives_again_after_a_check(vk: Communities) -> None:
    async with receiving(vk):
        await vk.sim("bot", bot=GROUP, revoked=True)

        async def needs_attention() -> bool:
            return (await vk.channel()).status is ChannelStatus.ATTENTION

        await until(needs_attention, 30)
        await vk.say("пока ключ мёртв")
        assert await vk.came() == []
        await vk.sim("bot", bot=GROUP, revoked=False)
        async with vk.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(text("update channels set status = 'active', status_reason = null"))
        await vk.have_come("пока ключ мёртв")


async def test_one_silent_and_one_failing_community_hold_up_none_of_many(vk: Communities) -> None:
    others = [780_000 + number for number in range(40)]
    async with vk.context.transaction(EVERY_WORKSPACE) as session:
        workspace_id = await session.scalar(select(Workspace.id))
        assert workspace_id is not None
        for group_id in others:
            await connect_community(session, vk.context, workspace_id, group_id, str(vk.phone.base_url).rstrip("/"))
    await vk.sim("fault", bot=GROUP, method="*", error="timeout", times=1_000_000)
    await vk.sim("fault", bot=OTHER, method="*", error=502, times=1_000_000)
    async with running(vk.context):

        async def all_receive() -> bool:
            async with vk.context.database.session(EVERY_WORKSPACE) as session:
                there = await session.scalars(select(Channel.external_id).where(Channel.cursor.is_not(None)))
            return {int(one) for one in there} == set(others)

        await until(all_receive, 30)
        await vk.sim("chatter", bots=others, rounds=3, every=0.5, prefix="слышно")

        async def all_are_heard() -> bool:
            by_channel = Counter(channel_id for channel_id, _, _ in await vk.came())
            return sorted(by_channel.values()) == [3] * len(others)

        await until(all_are_heard, 30)

        async def is_down() -> bool:
            return (await vk.channel(OTHER)).status is ChannelStatus.DOWN

        await until(is_down, 30)
    await vk.sim("heal")

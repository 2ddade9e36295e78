"""The pipeline keeps every message once, whatever fails meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.models import LiveCounter, LiveEvent
from tests.desk import Desk, WordTagger, open_desk, until
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers, channels=3) as opened:
        yield opened


class Route:
    """What routing does in these tests: raise on a word, or cut its own connection so many times."""

    def __init__(self, *, poison: str = "", cuts: int = 0) -> None:
        self.poison = poison
        self.cuts = cuts

    async def __call__(
        self,
        session: AsyncSession,
        new: Sequence[NewMessage],
        _conversations: Mapping[int, Conversation],
        _now: datetime,
    ) -> None:
        if self.cuts:
            self.cuts -= 1
            await session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        if self.poison and any(self.poison in one.event.text for one in new):
            raise ValueError(self.poison)


async def test_what_comes_twice_is_stored_once_and_nothing_stays_on_the_stream(desk: Desk) -> None:
    once = desk.message("привет")
    await desk.put(once, once, desk.message("какая цена"), once)
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.texts() == ["какая цена", "привет"]
    assert await desk.pending() == 0


async def test_nothing_is_looked_at_twice_while_many_wait(desk: Desk) -> None:
    tagger = desk.context.tagger
    assert isinstance(tagger, WordTagger)
    await desk.put(desk.message("привет"), desk.message("какая цена"))
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert tagger.hurries
    assert not any(tagger.hurries)
    await desk.put(*(desk.message(f"какая цена у номера {number}") for number in range(60)))
    another, _ = desk.pipeline()
    await desk.run_until_empty(another)
    assert any(tagger.hurries)


async def test_what_no_parser_understands_is_kept_whole_beside_what_is_sound(desk: Desk) -> None:
    broken = {"update_id": 1, "message": {"text": "без чата"}}
    await desk.put(desk.message("до"), broken, desk.message("после"))
    await desk.put(desk.message("чужой"), channel_id=999_999)
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.texts() == ["до", "после"]
    first, second = await desk.dead()
    assert (first.workspace_id, second.workspace_id) == (desk.workspace_id, None)
    assert "без чата" in first.raw


async def test_one_poisonous_message_dies_alone(desk: Desk) -> None:
    await desk.put(desk.message("раз"), desk.message("яд"), desk.message("два"))
    pipeline, _ = desk.pipeline(route=Route(poison="яд"))
    await desk.run_until_empty(pipeline)
    assert await desk.texts() == ["два", "раз"]
    (dead,) = await desk.dead()
    assert "ValueError" in dead.error
    assert await desk.pending() == 0


@pytest.mark.parametrize(
    ("strange", "stored"), [("нуль\x00внутри", "нуль\ufffdвнутри"), ("пол\ud83dпары", "пол\ufffdпары")]
)
async def test_characters_that_no_column_holds_do_not_cost_the_message(desk: Desk, strange: str, stored: str) -> None:
    await desk.put(desk.message(strange))
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.texts() == [stored]
    assert await desk.dead() == []


async def test_a_connection_cut_in_the_middle_of_a_batch_costs_nothing(desk: Desk) -> None:
    await desk.put(*(desk.message(f"m{number}") for number in range(20)))
    pipeline, _ = desk.pipeline(route=Route(cuts=2))
    await desk.run_until_empty(pipeline)
    assert len(await desk.texts()) == 20
    assert await desk.dead() == []


async def test_a_stop_while_the_database_is_away_leaves_the_batch_to_the_next_worker(desk: Desk) -> None:
    await desk.put(desk.message("цело"))
    pipeline, _ = desk.pipeline("old", route=Route(cuts=1_000))
    stop = asyncio.Event()
    running = asyncio.create_task(pipeline.run(stop))
    await asyncio.sleep(1.0)
    stop.set()
    async with asyncio.timeout(20):
        await running
    assert await desk.pending() == 1
    assert await desk.dead() == []
    again, _ = desk.pipeline("old")
    await desk.run_until_empty(again)
    assert await desk.texts() == ["цело"]


async def test_an_entry_delivered_five_times_is_taken_alone_and_dead_after_that(desk: Desk) -> None:
    await desk.put(desk.message("убийца"), desk.message("сосед"))
    pipeline, stream = desk.pipeline()
    first, second = await stream.read()
    await stream.acknowledge([second])
    for _ in range(5):
        stream.reread_pending()
        (first,) = await stream.read()
    assert await stream.deliveries([first]) == {first.entry_id: 6}
    await pipeline.take([first])
    (dead,) = await desk.dead()
    assert "delivered too often" in dead.error
    assert await desk.texts() == []
    assert await desk.pending() == 0


async def test_at_the_fifth_delivery_there_is_one_more_chance(desk: Desk) -> None:
    await desk.put(desk.message("невиновен"))
    pipeline, stream = desk.pipeline()
    (entry,) = await stream.read()
    for _ in range(4):
        stream.reread_pending()
        (entry,) = await stream.read()
    await pipeline.take([entry])
    assert await desk.texts() == ["невиновен"]


async def test_what_a_dead_worker_left_is_claimed_and_what_is_in_hand_is_not(desk: Desk) -> None:
    await desk.put(*(desk.message(f"m{number}") for number in range(300)))
    gone = desk.stream("gone")
    taken = [*await gone.read(), *await gone.read()]
    assert len(taken) == 300
    living = desk.stream("living")
    assert await living.claim_abandoned() == 0
    ids = [entry.entry_id for entry in taken]
    await desk.context.redis.xclaim(desk.stream_name, "workers", "gone", 0, [*ids], idle=60_000, justid=True)
    await gone.keep(taken[:10])
    assert await living.claim_abandoned() == 290
    entries = [*await living.read(), *await living.read()]
    assert len(entries) == 290
    assert set((await living.deliveries(entries)).values()) == {2}


async def test_workers_that_are_gone_leave_the_group_once_nothing_is_in_their_hands(desk: Desk) -> None:
    await desk.put(*(desk.message(f"m{number}") for number in range(3)))
    holding, done, living = desk.stream("holding"), desk.stream("done"), desk.stream("living")
    await holding.read()
    await desk.put(desk.message("ещё"))
    await done.acknowledge(await done.read())
    assert await living.forget_gone() == 0
    assert await living.forget_gone(timedelta(milliseconds=-1)) == 1
    rows = await desk.context.redis.xinfo_consumers(desk.stream_name, "workers")
    assert [(row["name"], row["pending"]) for row in rows] == [("holding", 3)]


async def test_an_entry_deleted_while_pending_is_forgotten(desk: Desk) -> None:
    await desk.put(desk.message("удалено"), desk.message("цело"))
    stream = desk.stream()
    first, _ = await stream.read()
    await desk.context.redis.xdel(desk.stream_name, first.entry_id)
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.texts() == ["цело"]
    assert await desk.pending() == 0


async def test_after_redis_lost_its_data_the_group_is_made_anew(desk: Desk) -> None:
    await desk.put(desk.message("до"))
    pipeline, _ = desk.pipeline()
    stop = asyncio.Event()
    running = asyncio.create_task(pipeline.run(stop))

    async def has(*texts: str) -> bool:
        return await desk.texts() == sorted(texts)

    await until(partial(has, "до"))
    await desk.context.redis.delete(desk.stream_name)
    await desk.stream("bot").add(desk.channel_ids[0], desk.context.clock(), "test", desk.message("после"))
    await until(partial(has, "до", "после"))
    stop.set()
    await running


async def test_cut_connections_to_redis_lose_nothing(desk: Desk) -> None:
    await desk.put(*(desk.message(f"m{number}") for number in range(100)))
    pipeline, _ = desk.pipeline()
    stop = asyncio.Event()
    running = asyncio.create_task(pipeline.run(stop))
    for _ in range(5):
        await asyncio.sleep(0.05)
        await _cut_connections(desk)

    async def is_all_done() -> bool:
        return len(await desk.texts()) == 100 and not await desk.pending()

    await until(is_all_done)
    stop.set()
    await running
    assert await desk.dead() == []


async def _cut_connections(desk: Desk) -> None:
    """Those of this test: the server may serve others, each with a database of its own."""
    own = await desk.context.redis.client_info()
    for client in await desk.context.redis.client_list():
        if client["db"] == str(own["db"]) and client["id"] != str(own["id"]):
            await desk.context.redis.client_kill_filter(_id=client["id"])


async def test_two_workers_at_once_store_everything_once_and_number_live_events_without_holes(desk: Desk) -> None:
    messages = [desk.message(f"m{number}", person=500 + number % 40) for number in range(400)]
    for place, raw in enumerate(messages):
        await desk.put(raw, channel_id=desk.channel_ids[place % 3])
    for place, raw in enumerate(reversed(messages[:100])):
        await desk.put(raw, channel_id=desk.channel_ids[(99 - place) % 3])
    await desk.run_until_empty(desk.pipeline("one")[0], desk.pipeline("two")[0])
    assert sorted(await desk.texts()) == sorted(f"m{number}" for number in range(400))
    assert await desk.dead() == []
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        numbers = list(await session.scalars(select(LiveEvent.seq).order_by(LiveEvent.seq)))
        last = await session.scalar(select(LiveCounter.seq).where(LiveCounter.workspace_id == desk.workspace_id))
        talks = await session.scalar(select(func.count()).select_from(Conversation))
    assert numbers == list(range(1, len(numbers) + 1))
    assert last == len(numbers)
    assert talks == 120

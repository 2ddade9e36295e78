"""The same for VK, from its raw events: most of what happens there is not dated, and some of it undoes itself."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bots.vk.adapter import VkAdapter
from inbox.channels.events import ConversationKind, Platform
from inbox.contacts.models import Identity
from inbox.conversations.arrivals import Arrived, OnChannel
from inbox.conversations.intake import store, texts_to_tag
from inbox.conversations.models import Conversation, Message, Post, Status
from inbox.conversations.reading import Reading, parse_entry
from inbox.conversations.refresh import refresh
from inbox.core.database import EVERY_WORKSPACE, Database
from inbox.core.stream import HISTORY, Entry, as_json
from tests.pipeline.test_order import new_channel, snapshot, tag
from tests.servers import TestServers
from tests.vk.events import GROUP, SENT, Raw, comment, message

pytestmark = pytest.mark.outside
START = datetime.fromtimestamp(SENT, UTC)
ANNA, BORIS, VERA, PETER, OLGA = 42, 43, 44, 45, 46
ADMIN = 500
CONNECTED_AT = START + timedelta(minutes=1)


def said(minute: int, who: int, number: int, words: str, **more: object) -> Raw:
    """A direct message."""
    payload = message(
        from_id=who, peer_id=who, id=1000 + number, conversation_message_id=number, date=SENT + 60 * minute,
        text=words, **more,
    )  # fmt: skip
    return {"message": payload, "client_info": {}}


def wrote(minute: int, who: int, number: int, words: str, **more: object) -> Raw:
    """A comment under post 6."""
    return comment(id=number, from_id=who, date=SENT + 60 * minute, text=words, **more)


def answered(minute: int, to: int, number: int, words: str) -> Raw:
    """An administrator answers from VK."""
    payload = said(minute, to, number, words)["message"]
    assert isinstance(payload, dict)
    return {**payload, "from_id": -GROUP, "out": 1, "admin_author_id": ADMIN}


def edited(minute: int, saying: Raw) -> Raw:
    """The newest state of a direct message."""
    payload = saying["message"]
    assert isinstance(payload, dict)
    return {**payload, "update_time": SENT + 60 * minute}


GONE: Raw = {"owner_id": -GROUP, "id": 11, "post_id": 6, "deleter_id": ADMIN}
POST = {
    "id": 6, "owner_id": -GROUP, "from_id": -GROUP, "date": SENT, "post_type": "post", "text": "Новая кухня",
}  # fmt: skip
HISTORY_OF_EVENTS: tuple[tuple[int, str, Raw], ...] = (
    (2, "wall_post_new", POST),
    (3, "wall_reply_new", wrote(3, ANNA, 9, "цена?")),
    (4, "wall_reply_edit", wrote(3, ANNA, 9, "какая цена у шкафа")),
    (5, "wall_reply_edit", wrote(3, ANNA, 9, "а цена у стола")),
    (6, "wall_reply_new", wrote(6, -GROUP, 10, "40 000 ₽", reply_to_comment=9, reply_to_user=ANNA)),
    (7, "wall_reply_new", wrote(7, BORIS, 11, "плохо")),
    (8, "wall_reply_delete", GONE),
    (9, "wall_reply_restore", wrote(7, BORIS, 11, "плохо")),
    (10, "wall_reply_delete", GONE),
    (11, "wall_reply_new", wrote(11, VERA, 12, "всё плохо")),
    (12, "user_block", {"user_id": VERA, "admin_id": ADMIN, "reason": 2, "unblock_date": 0, "comment": "хамит"}),
    (13, "user_unblock", {"user_id": VERA, "admin_id": ADMIN, "by_end_date": 0}),
    (14, "message_new", said(14, PETER, 1, "какая цена")),
    (15, "message_edit", edited(15, said(14, PETER, 1, "какая цена у шкафа"))),
    (16, "message_reply", answered(16, PETER, 2, "Здравствуйте!")),
    (17, "message_new", said(17, PETER, 3, "ау, плохо слышно")),
    (18, "message_deny", {"user_id": PETER}),
    (19, "message_new", said(19, PETER, 4, "передумал")),
    (20, "message_new", said(20, OLGA, 1, "цена?")),
    (21, "message_deny", {"user_id": OLGA}),
    (22, "photo_comment_new", {**wrote(22, OLGA, 30, "плохо"), "photo_id": 8, "photo_owner_id": -GROUP}),
    (23, "wall_repost", {**POST, "id": 77, "owner_id": BORIS, "from_id": BORIS, "date": SENT + 1380,
                         "text": "плохо", "copy_history": [POST]}),
    (24, "wall_reply_restore", wrote(2, ANNA, 8, "это вернули")),
)  # fmt: skip
EARLIER = said(-60, OLGA, 0, "писала вам на той неделе, цена?")


def entry(place: int, received_at: datetime | None = None) -> Entry:
    """An event as it lies on the stream."""
    minute, kind, payload = HISTORY_OF_EVENTS[place]
    raw = {"type": kind, "event_id": f"event-{place}", "v": "5.199", "object": payload, "group_id": GROUP}
    at = received_at or START + timedelta(minutes=minute, seconds=1)
    return Entry(f"{place}-{at.timestamp()}", 0, at, "poll", as_json(raw))


def from_history(payload: Raw) -> Entry:
    """A message as backfill puts it there."""
    raw = {"type": "message_new", "v": "5.199", "object": payload, "group_id": GROUP}
    return Entry("history", 0, START + timedelta(minutes=30), HISTORY, as_json(raw))


def read(channel: OnChannel, one: Entry) -> list[Arrived]:
    adapters = {Platform.VK: VkAdapter()}
    arrived = parse_entry(one, Reading(channel, Platform.VK, "shop", None, CONNECTED_AT), adapters)
    assert isinstance(arrived, list), arrived
    return arrived


async def bring(database: Database, channel: OnChannel, batch: Sequence[Entry]) -> None:
    arrived = [event for one in batch for event in read(channel, one)]
    tags = {key: tag(key[1]) for key in texts_to_tag(arrived)}
    async with database.transaction(EVERY_WORKSPACE) as session:
        stored = await store(session, arrived, tags)
        await refresh(session, stored.touched)


async def play(url: str, batches: Sequence[Sequence[int]]) -> list[tuple[object, ...]]:
    """The history in these batches on a channel of its own; returns what the rows then say."""
    database = Database(url)
    try:
        channel = await new_channel(database, Platform.VK, str(GROUP))
        for batch in batches:
            await bring(database, channel, [entry(place) for place in batch])
        async with database.session(EVERY_WORKSPACE) as session:
            bans = await session.execute(
                select(Identity.external_id, Identity.banned_at, Identity.unbanned_at, Identity.ban_comment)
                .where(Identity.channel_id == channel.channel_id)
                .order_by(Identity.external_id)
            )
            return [*await snapshot(database, channel.channel_id), *(tuple(row) for row in bans)]
    finally:
        await database.close()


@pytest.fixture(scope="module")
def url(servers: TestServers) -> Iterator[str]:
    address = servers.clone()
    yield address
    servers.drop(address)


@pytest.fixture(scope="module")
def expected(url: str) -> list[tuple[object, ...]]:
    return asyncio.run(play(url, [[place] for place in range(len(HISTORY_OF_EVENTS))]))


def test_a_history_in_order_reads_as_a_person_would_expect(expected: list[tuple[object, ...]]) -> None:
    talks = {row[0]: row for row in expected if len(row) == 15}
    messages = {row[0]: row for row in expected if len(row) == 10}
    thread = f"thread:post:-{GROUP}:6"
    anna, boris, vera = (talks[f"{thread}:{who}"] for who in (ANNA, BORIS, VERA))
    assert set(talks) == {
        f"{thread}:{ANNA}", f"{thread}:{BORIS}", f"{thread}:{VERA}", f"direct:{PETER}", f"direct:{OLGA}",
        f"thread:photo:-{GROUP}:8:{OLGA}", f"group:{BORIS}:post:{BORIS}:77:{BORIS}",
    }  # fmt: skip
    assert messages[f"wall:-{GROUP}:6:9"][1] == "а цена у стола"
    assert (anna[4], anna[11]) == (False, START + timedelta(minutes=6)), "the community's own comment answers her"
    assert messages[f"wall:-{GROUP}:6:11"][7] == START + timedelta(minutes=10, seconds=1)
    assert (boris[2], boris[4]) == (Status.CLOSED, False), "what was deleted closes by itself"
    assert (vera[2], vera[4]) == (Status.CLOSED, False), "who was banned is not waited for"
    assert talks[f"direct:{PETER}"][11] == START + timedelta(minutes=16), "an answer from VK stops the clock"
    unreachable = {row[0]: row[2] for row in expected if len(row) == 3 and isinstance(row[1], bool)}
    assert unreachable[str(PETER)] is None, "who writes again may be written to"
    assert unreachable[str(OLGA)] == START + timedelta(minutes=21, seconds=1)
    repost = talks[f"group:{BORIS}:post:{BORIS}:77:{BORIS}"]
    assert (repost[1], repost[4]) == (ConversationKind.MENTION, True)


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[int]]:
    """The history in some order, some of it again, cut into batches."""
    places = list(range(len(HISTORY_OF_EVENTS)))
    again = draw(st.lists(st.sampled_from(places), max_size=5))
    order = draw(st.permutations(places + again))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=4)))
    return [list(order[start:end]) for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals())
def test_any_order_and_repetition_gives_the_same_rows(
    url: str, expected: list[tuple[object, ...]], batches: list[list[int]]
) -> None:
    assert asyncio.run(play(url, batches)) == expected


async def test_what_comes_by_both_ways_counts_once_as_of_its_first_coming(url: str) -> None:
    database = Database(url)
    try:
        channel = await new_channel(database, Platform.VK, str(GROUP))
        for place in (5, 6, 7):
            await bring(database, channel, [entry(place)])
        await bring(database, channel, [entry(6, START + timedelta(hours=1)), entry(6, START + timedelta(hours=2))])
        async with database.session(EVERY_WORKSPACE) as session:
            deleted = await session.scalars(select(Message.deleted_at).where(Message.channel_id == channel.channel_id))
            assert list(deleted) == [None]
    finally:
        await database.close()


async def test_what_was_written_before_the_connection_waits_and_no_clock_runs(url: str) -> None:
    database = Database(url)
    try:
        channel = await new_channel(database, Platform.VK, str(GROUP))

        async def talk() -> Conversation:
            async with database.session(EVERY_WORKSPACE) as session:
                rows = select(Conversation).where(Conversation.channel_id == channel.channel_id)
                return (await session.scalars(rows)).one()

        await bring(database, channel, [from_history(EARLIER)])
        before = await talk()
        assert (before.status, before.needs_answer, before.first_response_due_at) == (Status.OPEN, True, None)
        async with database.session(EVERY_WORKSPACE) as session:
            flags = select(Message.before_connection).where(Message.channel_id == channel.channel_id)
            assert list(await session.scalars(flags)) == [True]
        await bring(database, channel, [entry(18)])
        after = await talk()
        assert after.first_response_due_at is not None
        assert after.first_response_due_at > START + timedelta(minutes=20)
    finally:
        await database.close()


async def test_comments_of_a_photo_know_where_they_stand(url: str) -> None:
    database = Database(url)
    try:
        channel = await new_channel(database, Platform.VK, str(GROUP))
        await bring(database, channel, [entry(20)])
        async with database.session(EVERY_WORKSPACE) as session:
            urls = await session.scalars(select(Post.url).where(Post.channel_id == channel.channel_id))
            assert list(urls) == [f"https://vk.com/photo-{GROUP}_8"]
    finally:
        await database.close()

"""Auto-replies: once a closed period, with the true next opening, never in a live talk, never as an answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from inbox.calendars.hours import Interval, WorkingHours
from inbox.channels.events import ConversationKind
from inbox.contacts.models import Identity
from inbox.conversations.models import Conversation, Delivery, Message, MessageKind, Post, PostMode
from inbox.conversations.refresh import refresh
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.i18n import words_in
from inbox.replies.service import Draft, compose
from routing.autoreplies.models import AutoReply, AutoReplyKind, AutoReplyUse
from routing.autoreplies.wording import Filling, fill, first_name, say_opening
from tests.routing.bridge import Bridge, open_bridge
from tests.servers import TestServers

pytestmark = pytest.mark.outside
MOSCOW = ZoneInfo("Europe/Moscow")
FRIDAY_NIGHT = datetime(2026, 11, 20, 22, tzinfo=MOSCOW).astimezone(UTC)
WEEKDAYS = [(day, 10 * 60, 19 * 60) for day in range(5)]
TEXT = "Здравствуйте, {name}! Ответим {opening}."


@pytest.fixture
async def bridge(servers: TestServers) -> AsyncIterator[Bridge]:
    async with open_bridge(servers, FRIDAY_NIGHT) as opened:
        await opened.open_hours(*WEEKDAYS)
        yield opened


async def add(bridge: Bridge, kind: AutoReplyKind = AutoReplyKind.AFTER_HOURS, **values: object) -> int:
    async with bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        row = AutoReply(**{"workspace_id": bridge.desk.workspace_id, "name": "n", "kind": kind, "text": TEXT, **values})
        session.add(row)
        await session.flush()
        return row.id


async def replies(bridge: Bridge) -> list[Message]:
    async with bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        of_machine = Message.kind == MessageKind.AUTO_REPLY
        return list(await session.scalars(select(Message).where(of_machine).order_by(Message.id)))


async def test_once_a_closed_period_with_the_true_next_opening_and_it_is_no_answer(bridge: Bridge) -> None:
    await add(bridge)
    await bridge.say("сколько стоит диван?")
    await bridge.say("и кресло?")
    await bridge.work()
    assert await bridge.heard() == ["Здравствуйте, Анна! Ответим в понедельник в 10:00."]
    async with bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        talk = (await session.scalars(select(Conversation))).one()
    assert (talk.needs_answer, talk.last_answer_at, talk.first_response_met_at) == (True, None, None)
    assert [one.delivery for one in await replies(bridge)] == [Delivery.SENT]
    bridge.clock.advance(timedelta(days=1))
    await bridge.say("ау")
    bridge.clock.advance(timedelta(days=2))
    await bridge.say("сегодня понедельник, вечер")
    await bridge.work()
    assert (await bridge.heard())[1:] == ["Здравствуйте, Анна! Ответим завтра в 10:00."]


async def test_the_opening_is_said_in_the_words_of_whoever_reads(bridge: Bridge) -> None:
    await add(bridge, text="{opening}")
    for who, language in ((501, "en-GB"), (502, "de"), (503, "ru")):
        raw = bridge.desk.message("цена?", who)
        message = raw["message"]
        assert isinstance(message, dict)
        message["from"] = {**message["from"], "language_code": language}
        await bridge.take(raw)
    assert [one.text for one in await replies(bridge)] == ["on Monday at 10:00", *["в понедельник в 10:00"] * 2]


async def test_what_comes_twice_is_replied_to_once(bridge: Bridge) -> None:
    await add(bridge)
    raw = bridge.desk.message("цена?")
    await bridge.desk.put(raw, raw)
    await bridge.desk.run_until_empty(bridge.desk.pipeline("one")[0], bridge.desk.pipeline("two")[0])
    await bridge.take(raw)
    assert len(await replies(bridge)) == 1


async def test_open_now_or_stale_or_a_bot_or_bare_emoji_gets_none(bridge: Bridge) -> None:
    await add(bridge)
    late = bridge.desk.message("вчерашнее", 601)
    bridge.clock.advance(timedelta(minutes=16))
    robot = bridge.desk.message("buy", 602)
    message = robot["message"]
    assert isinstance(message, dict)
    message["from"] = {"id": 602, "is_bot": True, "first_name": "Robot"}
    await bridge.take(late, robot, bridge.desk.message("👍", 603))
    bridge.clock.now = datetime(2026, 11, 23, 9, 59, tzinfo=MOSCOW)
    before_opening = bridge.desk.message("за минуту до открытия", 604)
    bridge.clock.advance(timedelta(minutes=2))
    await bridge.take(before_opening, bridge.desk.message("открыто", 605))
    assert await replies(bridge) == []


async def test_never_within_a_live_talk(bridge: Bridge) -> None:
    await add(bridge)
    agent_id = await bridge.desk.add_agent("а", ["moderators"])
    bridge.clock.now = FRIDAY_NIGHT - timedelta(hours=3, minutes=10)
    await bridge.say("ещё открыто")
    async with bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        talk = (await session.scalars(select(Conversation))).one()
        await compose(session, talk, agent_id, Draft("Здравствуйте!"), bridge.clock.now)
    await bridge.work()
    bridge.clock.advance(timedelta(minutes=25))
    await bridge.say("спасибо, а доставка?")
    assert await replies(bridge) == []
    bridge.clock.advance(timedelta(hours=2))
    await bridge.say("вы тут?")
    assert len(await replies(bridge)) == 1


async def test_a_greeting_goes_to_the_first_message_only_and_after_hours_comes_before_it(bridge: Bridge) -> None:
    await add(bridge, AutoReplyKind.GREETING, text="Привет, {name}!")
    await add(bridge)
    await bridge.say("ночью", who=501)
    await bridge.work()
    bridge.clock.now = datetime(2026, 11, 23, 12, tzinfo=MOSCOW)
    await bridge.say("/start", who=502, name="Олег")
    await bridge.say("днём", who=502, name="Олег")
    await bridge.say("днём ещё раз", who=501)
    await bridge.work()
    assert await bridge.heard(501) == ["Здравствуйте, Анна! Ответим в понедельник в 10:00."]
    assert await bridge.heard(502) == ["Привет, Олег!"]


async def test_a_channels_own_text_comes_before_the_one_for_all(bridge: Bridge) -> None:
    await add(bridge, text="для всех {opening}")
    await add(bridge, text="для бота {opening}", channel_id=bridge.desk.channel_ids[0])
    await add(bridge, text="для другого {opening}", channel_id=bridge.desk.channel_ids[1])
    await bridge.say("цена?")
    assert [one.text for one in await replies(bridge)] == ["для бота в понедельник в 10:00"]


async def test_comments_get_one_only_when_the_workspace_wishes_so_and_no_more_than_the_cap(bridge: Bridge) -> None:
    await add(bridge)
    await bridge.simulate("bot", administrator=True)
    posted = await bridge.simulate("post", text="Скидки")
    await bridge.pull()

    async def comment(who: int) -> None:
        author = {"id": who, "name": f"Гость {who}"}
        await bridge.simulate("say", text="цена?", kind="comment", author=author, post_id=posted["post_id"])

    await comment(700)
    await bridge.pull()
    assert await replies(bridge) == []
    await add(bridge, text="В комментариях ответим {opening}.", is_public=True, public_cap=2)
    for who in range(701, 706):
        await comment(who)
    await bridge.pull()
    assert len(await replies(bridge)) == 2
    bridge.clock.advance(timedelta(minutes=61))
    await comment(710)
    await bridge.pull()
    assert len(await replies(bridge)) == 3
    async with bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        for post in await session.scalars(select(Post)):
            post.mode = PostMode.DRAW
    bridge.clock.advance(timedelta(minutes=61))
    await comment(711)
    await bridge.pull()
    assert len(await replies(bridge)) == 3
    await bridge.work()
    assert all("{" not in one.text and one.parent_external_id for one in await replies(bridge))


async def test_an_unknown_outcome_is_not_repeated_and_a_word_that_could_not_leave_in_time_is_not_sent(
    bridge: Bridge,
) -> None:
    await add(bridge)
    await bridge.simulate("fault", method="sendMessage", error="drop", when="after", times=1)
    await bridge.say("цена?")
    await bridge.work()
    await bridge.work()
    assert [one.delivery for one in await replies(bridge)] == [Delivery.UNCERTAIN]
    assert len(await bridge.calls("sendMessage")) == 1
    await bridge.say("а мне?", who=502)
    bridge.clock.advance(timedelta(minutes=20))
    await bridge.work()
    assert [one.delivery for one in await replies(bridge)] == [Delivery.UNCERTAIN, Delivery.CANCELLED]
    assert await bridge.heard(502) == []


async def test_uses_and_refreshes_leave_the_conversation_waiting(bridge: Bridge) -> None:
    await add(bridge)
    await bridge.say("цена?")
    await bridge.work()
    async with bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        use = (await session.scalars(select(AutoReplyUse))).one()
        (talk,) = await refresh(session, [use.conversation_id])
        assert talk.kind is ConversationKind.DIRECT
        assert talk.waiting_since_at is not None
        assert use.message_id == (await replies(bridge))[0].id
        assert await session.scalar(select(Identity.unreachable_at)) is None


NOW = datetime(2026, 11, 20, 22, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("opens", "ru", "en"),
    [
        (NOW + timedelta(hours=1), "сегодня в 23:00", "today at 23:00"),
        (NOW + timedelta(hours=11), "завтра в 9:00", "tomorrow at 9:00"),
        (NOW + timedelta(days=2), "в воскресенье в 22:00", "on Sunday at 22:00"),
        (NOW + timedelta(days=4), "во вторник в 22:00", "on Tuesday at 22:00"),
        (NOW + timedelta(days=7), "27 ноября в 22:00", "on 27 November at 22:00"),
    ],
)
def test_an_opening_is_said_as_people_say_it(opens: datetime, ru: str, en: str) -> None:
    said = [say_opening(opens, "Europe/Moscow", NOW, words_in(locale)) for locale in ("ru", "en")]
    assert said == [ru, en]


def test_the_day_is_the_projects_own_and_holidays_move_it() -> None:
    hours = WorkingHours("Asia/Vladivostok", tuple(Interval(day, 600, 1140) for day in range(5)), "RU")
    new_year = datetime(2026, 12, 31, 20, tzinfo=UTC)
    opens = hours.next_opening(new_year)
    assert opens is not None
    assert say_opening(opens, hours.time_zone, new_year, words_in("ru")) == "11 января в 10:00"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("Здравствуйте, {name}!", "Анна", "Здравствуйте, Анна!"),
        ("Здравствуйте, {name}!", "", "Здравствуйте!"),
        ("{name}, добрый вечер", "Олег", "Олег, добрый вечер"),
        ("{name}, добрый вечер", "", "Добрый вечер"),
    ],
)
def test_a_missing_name_leaves_no_hole(text: str, name: str, said: str) -> None:
    assert fill(text, Filling(name, None)) == said


def test_the_first_word_is_the_name_if_it_is_a_word() -> None:
    assert [first_name(one) for one in ("Анна Петрова", "✨ ✨", "", "  Ли ")] == ["Анна", "", "", "Ли"]

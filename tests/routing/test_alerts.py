"""Alerts: they ring once in the team's chat, buttons and answers there work for who is linked, and none is lost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from inbox.agents.models import Agent, ShiftState
from inbox.agents.shifts import set_off_idle
from inbox.agents.tokens import deactivate
from inbox.channels.models import Channel, ChannelStatus
from inbox.channels.status import set_status
from inbox.conversations.models import Conversation, Correction, Message, MessageKind, Tags
from inbox.conversations.tags import Sentiment
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import RingBreach
from inbox.core.jobs import defer
from inbox.organisations.models import Membership, Role, Workspace
from routing.alerts.models import Alert, AlertAnswer, AlertKind, AlertSettings, AlertState
from routing.alerts.ringing import ARCHIVED
from routing.alerts.sweeping import ring_spikes
from routing.alerts.timing import Habits, hold_until, is_spike, quiet_ends
from tests.routing.rung import BOSS, HELPER, STRANGER, Rung, open_rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_rung(servers) as opened:
        yield opened


async def conversation(rung: Rung) -> Conversation:
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.scalars(select(Conversation))).one()


async def choose(rung: Rung, **values: object) -> None:
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        kinds = [kind.value for kind in AlertKind]
        session.add(AlertSettings(**{"workspace_id": rung.bridge.desk.workspace_id, "kinds": kinds, **values}))


async def test_a_negative_message_rings_once_and_the_alert_chat_is_no_inbox(rung: Rung) -> None:
    bridge = rung.bridge
    assert "This chat" not in (await rung.chat())[0].text
    assert (await rung.chat())[0].text.startswith("Теперь оповещения приходят в этот чат")
    await rung.say_in_group("коллеги, всем привет, это ужас", BOSS)
    raw = bridge.desk.message("ужас, а не сервис")
    await bridge.take(raw, raw, bridge.desk.message("всё хорошо", 502), bridge.desk.message("наверное ужас", 503))
    await bridge.work()
    (alert,) = await rung.rings()
    assert "Негатив" in alert.text
    assert "ужас, а не сервис" in alert.text
    assert list(alert.buttons) == ["Взять", "Не негатив", "Тише на час"]
    assert sorted(await bridge.desk.texts()) == ["всё хорошо", "наверное ужас", "ужас, а не сервис"]
    await bridge.take(raw)
    await bridge.work()
    assert len(await rung.rings()) == 1


async def test_a_code_works_once_and_for_its_own_purpose(rung: Rung) -> None:
    code = await rung.code(rung.helper_id)
    await rung.say_in_group(f"/link {code}", HELPER)
    assert "лично" in (await rung.chat())[-1].text
    await rung.bridge.say(f"/link {code}", who=HELPER, name="Мария")
    await rung.bridge.say(f"/link {code}", who=STRANGER, name="Чужой")
    await rung.bridge.work()
    assert "привязан" in (await rung.chat("direct", HELPER))[-1].text
    assert "уже использован" in (await rung.chat("direct", STRANGER))[-1].text
    late = await rung.code(rung.helper_id)
    rung.bridge.clock.advance(timedelta(minutes=31))
    await rung.bridge.say(f"/start {late}", who=STRANGER, name="Чужой")
    await rung.bridge.work()
    assert "не действует" in (await rung.chat("direct", STRANGER))[-1].text
    assert await rung.bridge.desk.texts() == []


@pytest.mark.parametrize("is_dismissed", [True, False])
async def test_a_code_is_worth_what_its_maker_may_do_when_it_is_said(rung: Rung, is_dismissed: bool) -> None:
    desk, rings = rung.bridge.desk, Channel.alert_chat_external_id.is_not(None)
    chat_code, own_code = await rung.code(rung.boss_id, for_chat=True), await rung.code(rung.boss_id)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).where(rings).values(alert_chat_external_id="another"))
        if is_dismissed:
            await deactivate(session, rung.boss_id, rung.bridge.clock.now)
        else:
            fallen = update(Membership).where(Membership.agent_id == rung.boss_id).values(role=Role.MODERATOR)
            await session.execute(fallen)
    await rung.say_in_group(f"/link {chat_code}", BOSS)
    assert "не действует" in (await rung.chat())[-1].text
    await rung.bridge.say(f"/link {own_code}", who=HELPER, name="Мария")
    await rung.bridge.work()
    said = (await rung.chat("direct", HELPER))[-1].text
    assert ("не действует" if is_dismissed else "привязан") in said, "one's own Telegram needs no right but to be here"
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        assert (await session.scalars(select(Channel.alert_chat_external_id).where(rings))).all() == ["another"]


async def test_take_makes_it_theirs_and_who_comes_second_is_told(rung: Rung) -> None:
    await rung.bridge.say("ужас какой")
    await rung.bridge.work()
    (alert,) = await rung.rings()
    said = await rung.press(alert, "Взять", STRANGER)
    assert said is not None
    assert "привяжите" in said
    assert (await conversation(rung)).assignee_id != rung.boss_id
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=None))
    await rung.link(rung.helper_id, HELPER)
    assert await rung.press(alert, "Взять", BOSS) == "Обращение ваше"
    assert (await conversation(rung)).assignee_id == rung.boss_id
    (shown,) = await rung.rings()
    assert "Взяли: Ольга" in shown.text
    assert "Взять" not in shown.buttons
    again = await rung.press(alert, "Не негатив", HELPER)
    assert again is not None


async def test_buttons_and_answers_count_as_being_on_shift(rung: Rung) -> None:
    bridge, people = rung.bridge, (rung.boss_id, rung.helper_id)

    async def shifts_after(length: timedelta) -> list[ShiftState]:
        bridge.clock.advance(length)
        async with bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
            await set_off_idle(session, bridge.clock.now)
        async with bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
            return [(await session.get_one(Agent, agent_id)).shift_state for agent_id in people]

    await rung.link(rung.helper_id, HELPER)
    await bridge.say("ужас")
    await bridge.work()
    (alert,) = await rung.rings()
    assert await shifts_after(timedelta(minutes=50)) == [ShiftState.ON, ShiftState.ON]
    await rung.press(alert, "Взять", BOSS)
    assert await shifts_after(timedelta(minutes=15)) == [ShiftState.ON, ShiftState.OFF]
    await rung.say_in_group("Разбираемся", BOSS, reply_to=alert.message_id)
    assert await shifts_after(timedelta(minutes=50)) == [ShiftState.ON, ShiftState.OFF]
    assert await shifts_after(timedelta(minutes=15)) == [ShiftState.OFF, ShiftState.OFF]


async def test_not_negative_is_a_correction(rung: Rung) -> None:
    await rung.bridge.say("ужас как понравилось")
    await rung.bridge.work()
    (alert,) = await rung.rings()
    await rung.press(alert, "Не негатив", BOSS)
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        tags = (await session.scalars(select(Tags))).one()
        correction = (await session.scalars(select(Correction))).one()
    assert (tags.sentiment, correction.agent_id) == (Sentiment.NEUTRAL, rung.boss_id)
    assert (correction.before["sentiment"], correction.after["sentiment"]) == ("negative", "neutral")
    (shown,) = await rung.rings()
    assert shown.buttons == {}


async def test_what_follows_too_soon_is_counted_and_told_together(rung: Rung) -> None:
    for who in (501, 502, 503, 504):
        await rung.bridge.say(f"ужас {who}", who=who)
    await rung.bridge.work()
    assert len(await rung.rings()) == 1
    await rung.sweep()
    assert len(await rung.rings()) == 1
    rung.bridge.clock.advance(timedelta(minutes=3))
    await rung.sweep()
    await rung.sweep()
    _, digest = await rung.rings()
    assert "3 оповещения" in digest.text
    assert "Негатив: 3" in digest.text
    assert [one.state for one in await rung.alerts()] == [AlertState.SENT, *[AlertState.TOLD] * 3]


async def test_quiet_for_an_hour_and_then_all_at_once(rung: Rung) -> None:
    await rung.bridge.say("ужас")
    await rung.bridge.work()
    (alert,) = await rung.rings()
    said = await rung.press(alert, "Тише на час", BOSS)
    assert said is not None
    assert "Тихо до" in said
    rung.bridge.clock.advance(timedelta(minutes=10))
    await rung.bridge.say("дурак", who=502)
    await rung.bridge.say("ужас снова", who=503)
    await rung.bridge.work()
    await rung.sweep()
    assert len(await rung.rings()) == 1
    rung.bridge.clock.advance(timedelta(minutes=51))
    await rung.sweep()
    assert "Токсично: 1" in (await rung.rings())[1].text


async def test_what_is_stale_comes_in_a_digest(rung: Rung) -> None:
    raws = [rung.bridge.desk.message("ужас", who) for who in (501, 502)]
    rung.bridge.clock.advance(timedelta(minutes=40))
    await rung.bridge.take(*raws)
    await rung.bridge.work()
    assert await rung.rings() == []
    rung.bridge.clock.advance(timedelta(minutes=1))
    await rung.sweep()
    (digest,) = await rung.rings()
    assert "2 оповещения" in digest.text


async def test_an_answer_to_the_alert_reaches_the_subscriber_once_its_author_confirms(rung: Rung) -> None:
    await rung.link(rung.helper_id, HELPER)
    await rung.bridge.say("ужас, где заказ?")
    await rung.bridge.work()
    (alert,) = await rung.rings()
    await rung.say_in_group("Извините, уже везём!", BOSS, reply_to=alert.message_id)
    question = (await rung.rings())[1]
    assert "Анна Петрова" in question.text
    assert await rung.bridge.heard() == []
    refused = await rung.press(question, "Отправить", HELPER)
    assert refused is not None
    assert "Только" in refused
    await rung.press(question, "Отправить", BOSS)
    assert await rung.bridge.heard() == ["Извините, уже везём!"]
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        reply = (await session.scalars(select(Message).where(Message.author_agent_id.is_not(None)))).one()
    assert (reply.kind, reply.author_agent_id) == (MessageKind.MESSAGE, rung.boss_id)
    assert (await conversation(rung)).needs_answer is False
    assert "Отправлено" in (await rung.rings())[1].text
    await rung.say_in_group("а это мы между собой", HELPER)
    assert len(await rung.rings()) == 2


async def test_who_lost_the_right_is_refused_in_words_and_nothing_changes(rung: Rung) -> None:
    await rung.link(rung.helper_id, HELPER)
    await rung.bridge.say("ужас, где заказ?")
    await rung.bridge.work()
    (alert,) = await rung.rings()
    await rung.say_in_group("Извините, уже везём!", HELPER, reply_to=alert.message_id)
    question = (await rung.rings())[1]
    await rung.bridge.say("ужас, и ещё телефон мой 123")
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=None))
        here = Membership.agent_id == rung.helper_id
        await session.execute(update(Membership).where(here).values(role=Role.VIEWER))
    shown = await rung.rings()
    for ring, button in (
        *((alert, one) for one in ("Взять", "Не негатив", "Тише на час")),
        *((question, one) for one in ("Отправить", "Не отправлять")),
    ):
        said = await rung.press(ring, button, HELPER)
        assert said is not None
        assert "не разрешает" in said, button
    assert await rung.rings() == shown, "messages stay as they were"
    assert await rung.bridge.heard() == []
    assert (await conversation(rung)).assignee_id is None
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        assert list(await session.scalars(select(Correction))) == []
        assert list(await session.scalars(select(AlertSettings))) == []
        assert (await session.scalars(select(AlertAnswer.state))).all() == ["asked"]
    await rung.say_in_group("Ещё раз извините!", HELPER, reply_to=alert.message_id)
    assert "Анна Петрова" not in (await rung.rings())[-1].text


async def test_neither_name_nor_words_leave_when_the_project_wishes_so(rung: Rung) -> None:
    await choose(rung, hides_text=True)
    await rung.bridge.say("ужас ужасный")
    await rung.bridge.work()
    (alert,) = await rung.rings()
    assert "ужас" not in alert.text
    assert "Анна" not in alert.text


async def test_a_lost_answer_rings_again(rung: Rung) -> None:
    await rung.bridge.simulate("fault", method="sendMessage", error="drop", when="after", times=1)
    await rung.bridge.say("ужас")
    await rung.bridge.work()
    assert [one.state for one in await rung.alerts()] == [AlertState.QUEUED]
    await rung.bridge.work()
    assert [one.state for one in await rung.alerts()] == [AlertState.SENT]
    assert len(await rung.rings()) == 2


async def test_a_dead_channel_and_a_broken_promise_ring_once(rung: Rung) -> None:
    bridge = rung.bridge
    await bridge.say("когда привезёте?")
    talk = await conversation(rung)
    async with bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        other = await session.get_one(Channel, bridge.desk.channel_ids[1])
        await set_status(session, other, ChannelStatus.ATTENTION, "Telegram did not answer.", bridge.clock.now)
        breach = RingBreach(conversation_id=talk.id, clock="first", due_at=bridge.clock.now)
        await defer(session, [breach, breach])
    await rung.sweep()
    await rung.sweep()
    kinds = sorted(one.kind for one in await rung.alerts())
    assert kinds == [AlertKind.BREACH, AlertKind.CHANNEL]
    texts = " ".join(one.text for one in await rung.rings())
    assert "Канал не работает" in texts
    assert "Не ответили вовремя" in texts


async def test_many_negatives_within_an_hour_are_a_spike_once(rung: Rung) -> None:
    await choose(rung, spike_at_least=3)
    for who in (501, 502, 503):
        await rung.bridge.say("ужас", who=who)
    for _ in range(2):
        async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
            await ring_spikes(session, rung.bridge.clock.now)
    (spike,) = await rung.alerts(AlertKind.SPIKE)
    assert spike.details == {"count": 3, "usual": 0}


async def test_what_was_to_ring_when_the_project_was_archived_says_so(rung: Rung) -> None:
    bridge = rung.bridge
    await bridge.take(bridge.desk.message("ужас, а не сервис"))
    async with bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Workspace).values(archived_at=bridge.clock.now))
    await bridge.work()
    assert await rung.rings() == []
    assert [(one.state, one.failure) for one in await rung.alerts()] == [(AlertState.FAILED, ARCHIVED)]


async def test_without_a_chat_nothing_is_written(rung: Rung) -> None:
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).values(alert_chat_external_id=None))
    await rung.bridge.say("ужас")
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        assert list(await session.scalars(select(Alert))) == []


NIGHT = Habits("Europe/Moscow", timedelta(minutes=2), quiet_from=22 * 60, quiet_to=8 * 60)


@pytest.mark.parametrize(
    ("hour", "ends"),
    [(18, None), (19, "2026-11-21T05:00"), (23, "2026-11-21T05:00"), (4, "2026-11-20T05:00"), (5, None)],
)
def test_quiet_hours_pass_midnight(hour: int, ends: str | None) -> None:
    now = datetime(2026, 11, 20, hour, tzinfo=UTC)
    expected = None if ends is None else datetime.fromisoformat(ends).replace(tzinfo=UTC)
    assert quiet_ends(NIGHT, now) == expected


def test_the_latest_reason_to_wait_decides() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    day = Habits("UTC", timedelta(minutes=2), muted_until=now + timedelta(minutes=5))
    assert hold_until(day, now, now - timedelta(minutes=1), now) == now + timedelta(minutes=5)
    free = Habits("UTC", timedelta(minutes=2))
    assert hold_until(free, now, now - timedelta(minutes=1), now) == now + timedelta(minutes=1)
    assert hold_until(free, now, None, now) is None


@pytest.mark.parametrize(
    ("count", "usual", "spike"), [(4, 0.0, False), (5, 0.0, True), (8, 3.0, False), (9, 3.0, True)]
)
def test_a_spike_is_measured_against_the_usual(count: int, usual: float, spike: bool) -> None:
    assert is_spike(count, usual, 5) is spike

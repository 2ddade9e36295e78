"""Each condition on the real way: raw updates in, and what the rules that hold have done."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from inbox.calendars.models import Calendar, CalendarInterval
from inbox.channels.models import Channel
from inbox.contacts.models import Contact
from inbox.conversations.deciding import Wanted, load_seen, set_status
from inbox.conversations.models import Conversation, Post, PostMode, Status
from inbox.conversations.refresh import refresh
from inbox.core.database import EVERY_WORKSPACE
from tests.desk import Desk, open_desk
from tests.routing.talk import Raw, comment, earlier, labels, post, post_id, send, set_rules, shown, talk_of
from tests.servers import TestServers

pytestmark = pytest.mark.outside

LEAD, SPAM, RUDE, UNSURE, PLUS, QUESTION, FOREIGN, SECOND = "501", "502", "503", "504", "505", "506", "507", "508"
EVERYBODY = {LEAD, SPAM, RUDE, UNSURE, PLUS, QUESTION, FOREIGN, SECOND}


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers, channels=2) as opened:
        yield opened


async def held_by(desk: Desk, cases: list[tuple[Raw, set[str]]], *updates: Raw) -> None:
    """Each condition labels exactly the conversations of those it should hold for."""
    marks: list[list[Raw]] = [[{"do": "label", "names": [f"case {place}"]}] for place in range(len(cases))]
    await set_rules(desk, *(([condition], mark) for (condition, _), mark in zip(cases, marks, strict=True)))
    await send(desk, *updates)
    assert [one.error for one in await desk.dead()] == []
    found = await labels(desk)
    told = {
        str(condition): {person for person, names in found.items() if f"case {place}" in names}
        for place, (condition, _) in enumerate(cases)
    }
    assert told == {str(condition): people for condition, people in cases}


async def test_conditions_on_the_message_and_its_place(desk: Desk) -> None:
    under = post(desk, "Розыгрыш")
    await send(desk, shown(desk, under))
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Post).values(mode=PostMode.DRAW))
    comments = {PLUS, QUESTION}
    cases: list[tuple[Raw, set[str]]] = [
        ({"field": "channel", "any_of": [desk.channel_ids[1]]}, {SECOND}),
        ({"field": "platform", "any_of": ["telegram"]}, EVERYBODY),
        ({"field": "platform", "any_of": ["vk"]}, set()),
        ({"field": "kind", "any_of": ["comment", "group"]}, comments),
        ({"field": "kind", "any_of": ["comment"], "negate": True}, EVERYBODY - comments),
        ({"field": "post", "any_of": [await post_id(desk)]}, comments),
        ({"field": "post_mode", "any_of": ["draw", "promo"]}, comments),
        ({"field": "post_mode", "any_of": ["normal"]}, set()),
        ({"field": "intent", "any_of": ["lead", "spam"]}, {LEAD, SPAM, SECOND}),
        ({"field": "intent", "any_of": ["complaint"]}, set()),
        ({"field": "intent", "any_of": ["complaint"], "sure": False}, {UNSURE}),
        ({"field": "intent", "any_of": ["complaint"], "sure": False, "min_probability": 0.6}, set()),
        ({"field": "sentiment", "any_of": ["negative"]}, {RUDE}),
        ({"field": "sentiment", "any_of": ["negative"], "min_probability": 0.96}, set()),
        ({"field": "toxic"}, {RUDE}),
        ({"field": "toxic", "value": False, "min_probability": 0.9}, EVERYBODY - {RUDE, UNSURE}),
        ({"field": "unsure"}, {UNSURE}),
        ({"field": "needs_answer", "value": False}, {SPAM, PLUS}),
        ({"field": "words", "any_of": ["диван*", "за всё"]}, {LEAD, RUDE}),
        ({"field": "words", "any_of": ["див"]}, set()),
        ({"field": "expression", "pattern": r"\bдиван\w*\s+\d+"}, {LEAD}),
        ({"field": "language", "any_of": ["uk"]}, {FOREIGN}),
        ({"field": "language", "any_of": ["none"]}, {PLUS}),
        ({"field": "priority", "any_of": ["normal"]}, EVERYBODY),
        ({"field": "priority", "any_of": ["high"]}, set()),
    ]
    await desk.put(desk.message("цена", int(SECOND)), channel_id=desk.channel_ids[1])
    await held_by(
        desk, cases,
        desk.message("какая цена у ДИВАНА 3", int(LEAD)), desk.message("спам", int(SPAM)),
        desk.message("ужас, дурак, за все", int(RUDE)), desk.message("наверное, плохо", int(UNSURE)),
        comment(desk, under, "+", int(PLUS)), comment(desk, under, "а когда итоги?", int(QUESTION)),
        desk.message("Скільки коштує їжак?", int(FOREIGN)),
    )  # fmt: skip


async def test_conditions_on_the_contact_and_what_was_before(desk: Desk) -> None:
    await set_rules(desk, ([], [{"do": "label", "names": ["VIP"]}]))
    await send(desk, desk.message("вопрос", 501))
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        known = (await talk_of(desk, 501)).id
        conversation = await session.get_one(Conversation, known)
        set_status(conversation, Wanted(Status.CLOSED), await load_seen(session, conversation, desk.context.clock()))
        await session.flush()
        await refresh(session, [known])
        await session.execute(update(Contact).values(note="Опт, скидка 5%"))
        await session.execute(update(Channel).values(name="b"))
    cases: list[tuple[Raw, set[str]]] = [
        ({"field": "label", "any_of": ["VIP"]}, {"501"}),
        ({"field": "contact_label", "any_of": ["VIP", "-"]}, {"501"}),
        ({"field": "contact", "name": "note", "any_of": ["ОПТ"]}, {"501"}),
        ({"field": "contact", "name": "name", "any_of": ["person 50"]}, {"501", "502"}),
        ({"field": "contact", "name": "username", "any_of": ["x"]}, set()),
        ({"field": "first_message"}, {"502"}),
        ({"field": "first_message", "value": False}, {"501"}),
        ({"field": "previous_state", "any_of": ["closed"]}, {"501"}),
        ({"field": "previous_state", "any_of": ["new"]}, {"502"}),
    ]
    await held_by(desk, cases, desk.message("ещё вопрос", 501), desk.message("здравствуйте", 502))


async def test_the_hours_are_those_of_the_message_not_of_its_arrival(desk: Desk) -> None:
    """A calendar that opened an hour ago; one of two messages was written before."""
    now = desk.context.clock()
    opened = now - timedelta(hours=1)
    start = opened.hour * 60 + opened.minute
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        calendar = Calendar(
            workspace_id=desk.workspace_id, name="c", time_zone="UTC", holidays=None, is_default=True
        )  # fmt: skip
        session.add(calendar)
        await session.flush()
        session.add(
            CalendarInterval(
                workspace_id=desk.workspace_id, calendar_id=calendar.id, weekday=opened.weekday(), opens_minute=start,
                closes_minute=start + 600,
            )
        )  # fmt: skip
    cases: list[tuple[Raw, set[str]]] = [
        ({"field": "hours", "value": "open"}, {"501"}),
        ({"field": "hours", "value": "closed"}, {"502"}),
    ]
    late = earlier(desk.message("вопрос ночью", 502), timedelta(hours=3))
    await held_by(desk, cases, desk.message("вопрос", 501), late)


async def test_all_conditions_of_a_rule_must_hold(desk: Desk) -> None:
    both: list[Raw] = [{"field": "intent", "any_of": ["lead"]}, {"field": "words", "any_of": ["опт*"]}]
    await set_rules(desk, (both, [{"do": "label", "names": ["опт"]}]))
    await send(desk, desk.message("цена", 501), desk.message("цена оптом", 502), desk.message("оптом", 503))
    assert await labels(desk) == {"501": set(), "502": {"опт"}, "503": set()}

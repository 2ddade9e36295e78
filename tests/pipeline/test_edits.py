"""Subscribers' edits: what asks anew is waited for since the edit, what asks the same moves no clock."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from inbox.conversations.deciding import Wanted, load_seen, set_status
from inbox.conversations.judging import judge_again
from inbox.conversations.models import Activity, Conversation, Direction, Message, Outcome, Status, Tags
from inbox.conversations.refresh import refresh
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from tests.desk import Desk, open_desk
from tests.servers import TestServers

pytestmark = pytest.mark.outside
Raw = dict[str, object]


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers) as opened:
        yield opened


def ago(desk: Desk, **length: float) -> datetime:
    """As platforms tell time: whole seconds."""
    return desk.context.clock().replace(microsecond=0) - timedelta(**length)


def said(desk: Desk, text: str, at: datetime) -> Raw:
    raw = desk.message(text)
    message = raw["message"]
    assert isinstance(message, dict)
    message["date"] = int(at.timestamp())
    return raw


def edited(desk: Desk, raw: Raw, text: str, at: datetime) -> Raw:
    message = raw["message"]
    assert isinstance(message, dict)
    return {
        "update_id": next(desk.numbers),
        "edited_message": message | {"text": text, "edit_date": int(at.timestamp())},
    }


async def bring(desk: Desk, *raws: Raw) -> Conversation:
    """The talk after these."""
    await desk.put(*raws)
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.dead() == []
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.scalars(select(Conversation))).one()


async def answer(desk: Desk, at: datetime) -> None:
    """A colleague answers from the phone."""
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        talk = (await session.scalars(select(Conversation))).one()
        session.add(
            Message(
                workspace_id=talk.workspace_id, conversation_id=talk.id, channel_id=talk.channel_id,
                direction=Direction.OUTBOUND, kind="message", external_id=":501:1500", text="Рады!", sent_at=at,
                delivery="sent", outside=True,
            )
        )  # fmt: skip
        await session.flush()
        await refresh(session, [talk.id])


async def close(desk: Desk, *, until: datetime | None = None) -> None:
    """A person closes the talk, or puts it aside."""
    wanted = Wanted(Status.CLOSED, Outcome.ANSWERED) if until is None else Wanted(Status.SNOOZED, None, until)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        talk = (await session.scalars(select(Conversation))).one()
        set_status(talk, wanted, await load_seen(session, talk, desk.context.clock()))
        await session.flush()
        await refresh(session, [talk.id])


@pytest.mark.parametrize(
    ("before", "after", "waits"),
    [
        ("спасибо", "спасибо, а какая цена шкафа и когда привезёте?", True),
        ("👍", "какая цена?", True),
        ("какая цена у шкафа", "какая цена у стола", True),
        ("какая цена у шкафв", "какая цена у шкафа?", False),
        ("какая цена", "👍", False),
    ],
)
async def test_an_edit_after_our_answer_is_waited_for_when_it_says_more(
    desk: Desk, before: str, after: str, *, waits: bool
) -> None:
    raw = said(desk, before, ago(desk, hours=2))
    asked = (await bring(desk, raw)).needs_answer
    answered_at = ago(desk, hours=1)
    await answer(desk, answered_at)
    edited_at = ago(desk, seconds=5)
    talk = await bring(desk, edited(desk, raw, after, edited_at))
    assert (talk.needs_answer, talk.waiting_since_at) == (waits, edited_at if waits else None)
    assert talk.first_response_met_at == (answered_at if asked else None), "what was answered stays answered"
    assert talk.preview == (after if waits else "Рады!"), "the list shows what is asked"


async def test_an_edit_in_the_very_second_of_our_answer_was_not_seen_by_who_answered(desk: Desk) -> None:
    raw = said(desk, "какая цена", ago(desk, hours=2))
    await bring(desk, raw)
    at = ago(desk, minutes=5)
    await answer(desk, at)
    assert (await bring(desk, edited(desk, raw, "когда привезёте", at))).waiting_since_at == at


async def test_what_asked_nothing_is_not_late_at_once_when_it_becomes_a_question(desk: Desk) -> None:
    raw = said(desk, "👍", ago(desk, hours=30))
    assert (await bring(desk, raw)).status is Status.CLOSED
    edited_at = ago(desk, seconds=5)
    talk = await bring(desk, edited(desk, raw, "какая цена шкафа?", edited_at))
    assert (talk.status, talk.waiting_since_at) == (Status.OPEN, edited_at)
    assert talk.first_response_due_at is not None
    assert talk.first_response_due_at > desk.context.clock()


async def test_a_question_that_waits_keeps_the_beginning_of_its_clock(desk: Desk) -> None:
    asked_at = ago(desk, minutes=10)
    raw = said(desk, "какая цена", asked_at)
    before = await bring(desk, raw)
    talk = await bring(desk, edited(desk, raw, "какая цена и когда привезёте", ago(desk, seconds=5)))
    assert talk.waiting_since_at == asked_at
    assert talk.first_response_due_at == before.first_response_due_at


async def test_an_edit_that_takes_the_question_away_ends_the_wait(desk: Desk) -> None:
    raw = said(desk, "какая цена", ago(desk, minutes=10))
    await bring(desk, raw)
    talk = await bring(desk, edited(desk, raw, "👍", ago(desk, seconds=5)))
    assert (talk.status, talk.needs_answer, talk.first_response_due_at) == (Status.CLOSED, False, None)


@pytest.mark.parametrize(("after", "opens"), [("какая цена и доставка", True), ("Какая цена?", False)])
@pytest.mark.parametrize("aside", [False, True])
async def test_a_decision_stands_until_an_edit_asks_what_was_not_seen(
    desk: Desk, after: str, *, opens: bool, aside: bool
) -> None:
    asked_at = ago(desk, minutes=10)
    raw = said(desk, "какая цена", asked_at)
    await bring(desk, raw)
    until = ago(desk, hours=-5) if aside else None
    await close(desk, until=until)
    edited_at = ago(desk, seconds=-1)
    talk = await bring(desk, edited(desk, raw, after, edited_at))
    assert (talk.status is Status.OPEN) is opens
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        kinds = (await session.scalars(select(Activity.kind))).all()
    assert ("reopened" in kinds) is (opens and not aside)
    if opens:
        assert talk.waiting_since_at == (asked_at if aside else edited_at)
        await close(desk, until=until)
        talk = await bring(desk, said(desk, "👍", ago(desk, seconds=0)))
        assert talk.status is not Status.OPEN, "now the edit was seen"


async def test_an_edit_of_what_never_came_is_waited_for_since_it_came_and_less_when_the_first_text_comes(
    desk: Desk,
) -> None:
    asked_at, edited_at = ago(desk, hours=30), ago(desk, minutes=1)
    raw = said(desk, "какая цена", asked_at)
    talk = await bring(desk, edited(desk, raw, "какая цена шкафа", edited_at))
    assert talk.waiting_since_at == edited_at
    assert (await bring(desk, raw)).waiting_since_at == asked_at


async def test_an_edit_that_changes_no_text_leaves_a_persons_word(desk: Desk) -> None:
    raw = said(desk, "какая цена", ago(desk, minutes=10))
    await bring(desk, raw)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        now = desk.context.clock()
        await session.execute(update(Tags).values(intent=Intent.SPAM, unsure=[], corrected_at=now))
        await refresh(session, await judge_again(session, Message.text == "какая цена"))
    talk = await bring(desk, edited(desk, raw, "какая цена", ago(desk, seconds=5)))
    assert not talk.needs_answer

"""Who blocked the bot has no clock that could be broken: it stands, says why, and goes on once they can be answered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

import inbox.core.tables
from inbox.calendars.hours import WorkingHours
from inbox.channels.events import Author, ReachabilityChanged
from inbox.contacts.bans import set_reachable
from inbox.contacts.models import MOST_REACH_WORDS, Identity
from inbox.conversations.arrivals import Arrived
from inbox.conversations.intake import store
from inbox.conversations.models import Activity, Conversation
from inbox.conversations.refresh import refresh
from inbox.conversations.silences import find_silences
from inbox.conversations.spoken import WINDOW
from inbox.conversations.state import Wait
from inbox.conversations.urgency import find_running_due, running_due
from inbox.core.database import EVERY_WORKSPACE
from inbox.sla.clocks import Promise, rests_of, set_clocks
from inbox.sla.sweep import sweep
from tests.api.subscribers import Subscribers
from tests.company import Company

TABLES = inbox.core.tables
"""Imported so that Conversation's relations are known."""
MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
WHO = "601"


def at(minute: int) -> datetime:
    return START + minute * MINUTE


def word(minute: int, *, reachable: bool) -> dict[str, object]:
    return {"at": at(minute).isoformat(), "reachable": reachable}


@pytest.mark.parametrize(
    ("said", "wrote", "silences"),
    [
        ([], [5], []),
        ([(10, False)], [5], [10]),
        ([(10, False)], [5, 12, 20], [10, 12]),
        ([(10, False)], [10], [10]),
        ([(10, False), (15, True)], [5, 20], [10, 15]),
        ([(10, False), (11, False), (15, True), (30, False)], [20], [10, 15, 30]),
        ([(15, True)], [], []),
        ([(10, False), (10, True)], [], [10, 10]),
    ],
)
def test_a_silence_lasts_from_the_block_until_they_can_be_written_to(
    said: list[tuple[int, bool]], wrote: list[int], silences: list[int]
) -> None:
    words = [word(minute, reachable=reachable) for minute, reachable in said]
    for order in permutations(words):
        assert find_silences(order, [at(minute) for minute in wrote]) == [at(minute) for minute in silences]


@pytest.mark.parametrize(
    ("known", "said", "wrote", "silences"),
    [
        ([10, 12], [(10, False)], [30, 31], [10, 12]),  # what ended it at 12 is out of sight
        ([10, 12], [(10, False), (30, False)], [25, 31], [10, 12, 30, 31]),
        ([10], [(10, False)], [], [10]),
        ([10], [(10, False)], [25], [10, 25]),
        ([10, 22], [(10, False)], [25, 26], [10, 25]),  # of what is in sight all is found anew
    ],
)
def test_before_what_is_in_sight_holds_what_was_known(
    known: list[int], said: list[tuple[int, bool]], wrote: list[int], silences: list[int]
) -> None:
    """Messages from 20 on are in sight."""
    words = [word(minute, reachable=reachable) for minute, reachable in said]
    found = find_silences(words, [at(minute) for minute in wrote], [at(minute) for minute in known], at(20))
    assert found == [at(minute) for minute in silences]


@pytest.mark.parametrize(
    ("pauses", "silences", "rests"),
    [
        ([1, 3], [5, 8], [1, 3, 5, 8]),
        ([1, 6], [5, 8], [1, 8]),
        ([1, 9], [5, 8], [1, 9]),
        ([1], [5, 8], [1]),
        ([1, 6], [5], [1]),
        ([6, 9], [5], [5]),
        ([], [5], [5]),
        ([1, 5], [5, 8, 9], [1, 8, 9]),
    ],
)
def test_pauses_and_silences_are_counted_once(pauses: list[int], silences: list[int], rests: list[int]) -> None:
    talk = Conversation(pauses=[at(one) for one in pauses], silences=[at(one) for one in silences])
    assert rests_of(talk) == [at(one) for one in rests]


def test_a_silence_that_is_told_after_the_answer_moves_the_clock_of_its_time() -> None:
    """Asked at 0, blocked from 5 to 30, answered at 35: in time, in whatever order that comes."""
    waits, promise = [Wait(at(0), at(35))], Promise(WorkingHours("UTC", ()), timedelta(minutes=15))
    in_order, told_late = Conversation(), Conversation()
    set_clocks(in_order, [Wait(at(0), None)], promise)
    for one in (in_order, told_late):
        set_clocks(one, waits, promise, silences=[at(5), at(30)] if one is in_order else [])
    assert told_late.first_response_breached_at == at(15)
    set_clocks(told_late, waits, promise, silences=[at(5), at(30)])
    for one in (in_order, told_late):
        assert (one.first_response_due_at, one.first_response_breached_at) == (at(40), None)
    beforehand = Conversation()
    set_clocks(beforehand, [Wait(at(0), at(10))], promise, silences=[at(20), at(30)])
    assert beforehand.first_response_due_at == at(15), "a block after the answer is nothing to it, also when told first"
    changed = replace(promise, first_response=MINUTE)
    set_clocks(told_late, waits, changed, silences=[at(5), at(30), at(50)])
    assert told_late.first_response_due_at == at(40), "a block after the answer opens no promise again"


@pytest.fixture
def subscribers(company: Company) -> Subscribers:
    """Whoever writes to the company's channels."""
    return Subscribers(company)


async def turn(company: Company, subscribers: Subscribers, *, reachable: bool) -> None:
    """The subscriber blocks the bot, or lets it write again."""
    event = ReachabilityChanged(Author(WHO, f"Person {WHO}"), reachable=reachable, occurred_at=company.clock())
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        stored = await store(session, [Arrived(f"2-{company.clock().timestamp()}", subscribers.own, event)], {})
        await refresh(session, stored.touched)


async def swept(company: Company) -> None:
    """One round of the sweep."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())


async def lines(company: Company, conversation_id: int) -> list[str]:
    """The kinds of its grey lines, in time."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        of_talk = select(Activity.kind).where(Activity.conversation_id == conversation_id)
        return list(await session.scalars(of_talk.order_by(Activity.occurred_at, Activity.id)))


async def test_who_blocked_the_bot_has_no_clock_until_they_write_again(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Где мой заказ?", WHO, ago=5 * MINUTE)
    before = await subscribers.conversation(wrote.conversation_id)
    await turn(company, subscribers, reachable=False)
    blocked_at = company.clock()
    company.clock.advance(timedelta(hours=3))
    await swept(company)
    silent = await subscribers.conversation(wrote.conversation_id)
    assert (silent.first_response_due_at, silent.warn_at, silent.first_response_breached_at) == (None, None, None)
    assert (silent.needs_answer, len(silent.silences), find_running_due(silent)) == (True, 1, None)
    assert await lines(company, wrote.conversation_id) == ["silenced"]
    page = (
        await (await company.browser_of("owner")).get(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}")
    ).text
    assert "The clock stands until they write again." in page
    assert "the clock stops until they write" in page
    await subscribers.write("Ну что там?", WHO, ago=timedelta())
    heard = await subscribers.conversation(wrote.conversation_id)
    assert before.first_response_due_at is not None
    assert heard.first_response_due_at is not None
    rested = heard.silences[1] - heard.silences[0]
    assert rested >= timedelta(hours=3) - MINUTE
    assert heard.first_response_due_at == before.first_response_due_at + rested
    assert heard.silences[0] <= blocked_at
    assert await lines(company, wrote.conversation_id) == ["silenced", "unsilenced"]
    company.clock.advance(20 * MINUTE)
    await swept(company)
    late = await subscribers.conversation(wrote.conversation_id)
    assert late.first_response_breached_at == heard.first_response_due_at


async def test_a_silence_that_ended_long_ago_stays_where_it_was(company: Company, subscribers: Subscribers) -> None:
    """Only the newest messages are in sight: who wrote again did so before them."""
    wrote = await subscribers.write("Где мой заказ?", WHO, ago=MINUTE)
    await turn(company, subscribers, reachable=False)
    company.clock.advance(MINUTE)
    for _ in range(WINDOW):
        company.clock.advance(timedelta(seconds=1))
        await subscribers.write("И ещё", WHO, ago=timedelta())
    before = await subscribers.conversation(wrote.conversation_id)
    assert len(before.silences) == 2
    assert before.first_response_due_at is not None
    for _ in range(3):
        company.clock.advance(timedelta(seconds=1))
        await subscribers.write("Ау", WHO, ago=timedelta())
    after = await subscribers.conversation(wrote.conversation_id)
    assert after.silences == before.silences
    assert after.first_response_due_at == before.first_response_due_at
    assert await lines(company, wrote.conversation_id) == ["silenced", "unsilenced"]


async def test_who_lets_the_bot_write_again_waits_on(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Сколько стоит?", WHO, ago=MINUTE)
    before = await subscribers.conversation(wrote.conversation_id)
    await turn(company, subscribers, reachable=False)
    company.clock.advance(timedelta(hours=1))
    await turn(company, subscribers, reachable=True)
    after = await subscribers.conversation(wrote.conversation_id)
    assert before.first_response_due_at is not None
    assert after.first_response_due_at == before.first_response_due_at + (after.silences[1] - after.silences[0])
    assert await lines(company, wrote.conversation_id) == ["silenced", "unsilenced"]


async def test_what_was_late_before_the_block_stays_late_and_burns_no_more(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Алло?", WHO, ago=30 * MINUTE)
    await swept(company)
    late = await subscribers.conversation(wrote.conversation_id)
    assert late.first_response_breached_at is not None
    await turn(company, subscribers, reachable=False)
    silent = await subscribers.conversation(wrote.conversation_id)
    assert silent.first_response_breached_at == late.first_response_breached_at
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        due = await session.scalar(select(running_due).where(Conversation.id == wrote.conversation_id))
    assert due is None


async def test_only_the_newest_words_are_kept(company: Company, subscribers: Subscribers) -> None:
    await subscribers.write("Сколько стоит?", WHO)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        for minute in range(MOST_REACH_WORDS + 5):
            await set_reachable(session, company.channel_id, WHO, at(minute), yes=bool(minute % 2))
        identity = (await session.scalars(select(Identity).where(Identity.external_id == WHO))).one()
        assert (len(identity.reach_words), identity.reach_words[0]["at"]) == (MOST_REACH_WORDS, at(5).isoformat())

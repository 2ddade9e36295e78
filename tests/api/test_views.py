"""What the panel's pages are made of: the numbers of the views, and the thread with its grey lines."""

from datetime import timedelta

import pytest

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.tokens import load_caller
from inbox.conversations.access import access_conversation
from inbox.conversations.listing import Counts, Filters, count_views, list_conversations
from inbox.conversations.tags import Intent, Sentiment
from inbox.conversations.thread import Noted, Said, Thread, load_thread
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import NotFoundError
from tests.api.subscribers import Subscribers
from tests.api.test_list import counted
from tests.company import Company

pytestmark = pytest.mark.outside


async def caller_of(company: Company, name: str) -> Caller:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        return await load_caller(session, await session.get_one(Agent, company.people[name].agent_id), 0)


async def counts(company: Company, name: str, workspace_id: int | None = None) -> Counts:
    caller = await caller_of(company, name)
    async with company.context.database.session(caller.scope) as session:
        return await count_views(session, caller, workspace_id, company.clock())


async def thread(company: Company, conversation_id: int, before: int | None = None, limit: int = 50) -> Thread:
    caller = await caller_of(company, "owner")
    async with company.context.database.session(caller.scope) as session:
        conversation = await access_conversation(session, caller, conversation_id)
        return await load_thread(session, caller, conversation, before, limit)


async def test_the_views_count_what_the_list_shows(company: Company, subscribers: Subscribers) -> None:
    lead = await subscribers.write("Хочу купить", "501", intent=Intent.LEAD)
    await subscribers.write("Ужас", "502", sentiment=Sentiment.NEGATIVE, ago=timedelta(minutes=8))
    await subscribers.write("Непонятно", "503", unsure=["intent"], ago=timedelta(minutes=30))
    await subscribers.write("Реклама", "504", intent=Intent.SPAM)
    await subscribers.write("Чужое", "505", channel=subscribers.foreign)
    owner = await company.client_of("owner")
    await owner.post(f"/api/v1/conversations/{lead.conversation_id}/claim")
    expected = Counts(
        mine=1, unassigned=2, open=3, due_soon=1, breached=1, leads=1, negative=1, unsure=1, held=0, automatic=1,
        by_channel={company.channel_id: 3},
    )  # fmt: skip
    assert await counts(company, "owner") == await counts(company, "owner", company.workspace_id) == expected
    assert await counts(company, "moderator") == Counts(
        unassigned=2, open=2, due_soon=1, breached=1, negative=1, unsure=1, automatic=1,
        by_channel={company.channel_id: 2},
    )  # fmt: skip
    assert await counts(company, "viewer") == Counts()
    with pytest.raises(NotFoundError):
        await counts(company, "owner", company.foreign_id)


async def test_the_thread_mixes_messages_and_grey_lines_in_time_order(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос", ago=timedelta(minutes=5))
    owner, moderator = await company.client_of("owner"), await company.client_of("moderator")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    await moderator.post(f"{path}/claim")
    company.clock.advance(timedelta(minutes=1))
    await owner.post(f"{path}/messages", json={"text": "Ответ"})
    company.clock.advance(timedelta(minutes=1))
    await owner.patch(path, json={"status": "closed"})
    found = await thread(company, wrote.conversation_id)
    shown = [
        (one.message.text, one.author, one.is_mine) if isinstance(one, Said) else (one.activity.kind, one.agent)
        for one in found.items
    ]
    assert shown == [
        ("Вопрос", "Person 501", False), ("assigned", "Moderator"), ("Ответ", "Owner", True), ("closed", "Owner"),
    ]  # fmt: skip
    assert not found.has_earlier


async def test_earlier_pages_hold_every_line_once(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    wrote = await subscribers.write("Вопрос 0", ago=timedelta(minutes=30))
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    for number in range(1, 7):
        company.clock.advance(timedelta(minutes=1))
        await subscribers.write(f"Вопрос {number}", ago=timedelta())
        company.clock.advance(timedelta(seconds=10))
        await owner.patch(path, json={"priority": "high" if number % 2 else "low"})
    whole = await thread(company, wrote.conversation_id)
    paged: list[Said | Noted] = []
    before: int | None = None
    while True:
        page = await thread(company, wrote.conversation_id, before, limit=2)
        paged = [*page.items, *paged]
        if not page.has_earlier:
            break
        before = page.before
    assert [one.at for one in paged] == [one.at for one in whole.items]
    assert len(paged) == 13


async def test_a_thread_asks_the_database_as_often_for_many_messages_as_for_one(
    company: Company, subscribers: Subscribers
) -> None:
    asked: list[int] = []
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    await owner.post(f"/api/v1/conversations/{wrote.conversation_id}/messages", json={"text": "Ответ"})
    for _ in range(3):
        await subscribers.write("Ещё вопрос")
        with counted(company) as statements:
            await thread(company, wrote.conversation_id)
        asked.append(len(statements))
    assert len(set(asked)) == 1
    assert asked[0] <= 12


async def test_a_page_learns_what_became_of_its_rows(company: Company, subscribers: Subscribers) -> None:
    first, second = await subscribers.write("Раз", "501"), await subscribers.write("Два", "502")
    caller = await caller_of(company, "owner")
    async with company.context.database.session(caller.scope) as session:
        ids = (first.conversation_id,)
        found = await list_conversations(session, caller, Filters(ids=ids), None, 50, company.clock())
        closed = await list_conversations(session, caller, Filters(closed=True), None, 50, company.clock())
        opened = await list_conversations(session, caller, Filters(closed=False), None, 50, company.clock())
    assert [row.conversation.id for row in found.rows] == [first.conversation_id]
    assert closed.rows == []
    assert {row.conversation.id for row in opened.rows} == {first.conversation_id, second.conversation_id}

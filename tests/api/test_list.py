"""The list of conversations: filters, orders, pages, and how much it asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import event, update

from inbox.channels.events import ConversationKind
from inbox.conversations.models import Conversation
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def ids(client: httpx.AsyncClient, **filters: str | int) -> list[int]:
    """The ids that the list gives for these filters."""
    answer = await client.get("/api/v1/conversations", params=filters)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def write_rows(company: Company, conversation_id: int, **values: object) -> None:
    """Set columns as no API call can."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).where(Conversation.id == conversation_id).values(**values))


@contextmanager
def counted(company: Company) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = company.context.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_an_item_shows_who_wrote_where_what_and_until_when_to_answer(
    company: Company, subscribers: Subscribers
) -> None:
    post_id = await subscribers.see_post("Новая кухня")
    wrote = await subscribers.write(
        "Сколько стоит?", kind=ConversationKind.COMMENT, intent=Intent.LEAD, sentiment=Sentiment.POSITIVE
    )
    owner = await company.client_of("owner")
    (item,) = (await owner.get("/api/v1/conversations")).json()["items"]
    assert (item["id"], item["workspace_id"], item["kind"]) == (wrote.conversation_id, company.workspace_id, "comment")
    assert (item["contact"]["name"], item["contact"]["username"]) == ("Person 501", "person501")
    assert (item["channel"]["id"], item["channel"]["platform"]) == (company.channel_id, "telegram")
    assert item["post"] == {"id": post_id, "text": "Новая кухня", "url": None, "mode": "normal"}
    assert (item["last_message"]["text"], item["last_message"]["is_ours"]) == ("Сколько стоит?", False)
    assert item["tags"] == {
        "sentiment": "positive", "intent": "lead", "toxic": False, "unsure": False, "held": False,
    }  # fmt: skip
    assert (item["needs_answer"], item["needs_answer_why"], item["assignee"]) == (True, "lead", None)
    assert item["clocks"]["first_response"]["due_at"].endswith("Z")
    assert item["clocks"]["next_response"] == {"due_at": None, "met_at": None, "breached_at": None}


async def test_each_filter_narrows_the_list(company: Company, subscribers: Subscribers) -> None:
    post_id = await subscribers.see_post("Пост")
    asked = await subscribers.write("Где вы находитесь?", "501")
    lead = await subscribers.write("Хочу купить шкаф", "502", intent=Intent.LEAD, kind=ConversationKind.COMMENT)
    angry = await subscribers.write("Ужас, ничего не работает", "503", sentiment=Sentiment.NEGATIVE, unsure=["intent"])
    spam = await subscribers.write("Заработок без вложений", "504", intent=Intent.SPAM)
    agent_id = company.people["owner"].agent_id
    await write_rows(company, asked.conversation_id, assignee_id=agent_id, team_id=company.team_ids["support"])
    await write_rows(company, spam.conversation_id, held=True)
    owner = await company.client_of("owner")
    a, b, c, d = (one.conversation_id for one in (asked, lead, angry, spam))
    everything = {a, b, c, d}
    assert set(await ids(owner)) == everything
    assert set(await ids(owner, workspace_id=company.workspace_id)) == everything
    assert set(await ids(owner, needs_answer="true")) == {a, b, c}
    assert set(await ids(owner, status="closed")) == {d}
    assert set(await ids(owner, kind="comment")) == {b}
    assert set(await ids(owner, channel_id=company.channel_id)) == everything
    assert await ids(owner, channel_id=company.foreign_channel_id) == []
    assert set(await ids(owner, platform="telegram")) == everything
    assert await ids(owner, platform="vk") == []
    assert await ids(owner, assignee_id="me") == await ids(owner, assignee_id=agent_id) == [a]
    assert set(await ids(owner, assignee_id="none")) == {b, c, d}
    assert await ids(owner, team_id=company.team_ids["support"]) == [a]
    assert await ids(owner, intent="lead") == await ids(owner, post_id=post_id) == [b]
    assert await ids(owner, sentiment="negative") == await ids(owner, unsure="true") == [c]
    assert await ids(owner, held="true") == [d]


async def test_search_finds_words_of_messages_and_names_in_any_case(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Когда привезут ДИВАН 100%?", "501")
    await subscribers.write("Спасибо", "502")
    owner = await company.client_of("owner")
    assert await ids(owner, q="диван 100%") == [wrote.conversation_id]
    assert await ids(owner, q="person 501") == [wrote.conversation_id]
    assert await ids(owner, q="100_?") == []


async def test_labels_filter_by_name(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос", "501")
    await subscribers.write("Вопрос", "502")
    owner = await company.client_of("owner")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    assert (await owner.patch(path, json={"labels": ["опт", "vip"]})).json()["labels"] == ["vip", "опт"]
    assert await ids(owner, label="vip") == [wrote.conversation_id]


async def test_sla_filters_tell_what_burns_from_what_is_late(company: Company, subscribers: Subscribers) -> None:
    fresh = await subscribers.write("Первый", "501", ago=timedelta(minutes=1))
    burning = await subscribers.write("Второй", "502", ago=timedelta(minutes=10))
    late = await subscribers.write("Третий", "503", ago=timedelta(minutes=20))
    owner = await company.client_of("owner")
    assert await ids(owner, sla="due_soon") == [burning.conversation_id]
    assert await ids(owner, sla="breached") == [late.conversation_id]
    assert await ids(owner) == [one.conversation_id for one in (late, burning, fresh)]
    snooze = {"snoozed_until": (company.clock() + timedelta(hours=1)).isoformat()}
    assert (await owner.patch(f"/api/v1/conversations/{late.conversation_id}", json=snooze)).status_code == 200
    assert await ids(owner, sla="breached") == []


@pytest.mark.parametrize("order", ["urgent", "newest", "oldest"])
async def test_pages_of_each_order_hold_every_row_once(company: Company, subscribers: Subscribers, order: str) -> None:
    wrote = [
        await subscribers.write(
            "Вопрос" if number % 3 else "Реклама", str(600 + number), ago=timedelta(minutes=number // 2),
            intent=Intent.QUESTION if number % 3 else Intent.SPAM,
        )
        for number in range(11)
    ]  # fmt: skip
    for one in wrote[1:3]:
        await write_rows(company, one.conversation_id, first_response_due_at=None)
    owner = await company.client_of("owner")
    whole = await ids(owner, order=order)
    assert sorted(whole) == sorted(one.conversation_id for one in wrote)
    paged: list[int] = []
    params: dict[str, str | int] = {"order": order, "limit": 2}
    while True:
        page = (await owner.get("/api/v1/conversations", params=params)).json()
        paged += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert paged == whole


async def test_urgent_order_puts_running_clocks_before_waiting_and_waiting_before_the_rest(
    company: Company, subscribers: Subscribers
) -> None:
    settled = await subscribers.write("Реклама", "501", intent=Intent.SPAM)
    waiting = await subscribers.write("Давно жду", "502", ago=timedelta(hours=3))
    await write_rows(company, waiting.conversation_id, first_response_due_at=None)
    running = await subscribers.write("Жду", "503")
    owner = await company.client_of("owner")
    assert await ids(owner) == [one.conversation_id for one in (running, waiting, settled)]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"status": "lost"}, "status"),
        ({"workspace_id": 2**70}, "workspace_id"),
        ({"asignee_id": "me"}, "asignee_id"),
        ({"assignee_id": "you"}, "assignee_id"),
    ],
)
async def test_a_filter_that_means_nothing_is_named(company: Company, params: dict[str, str | int], field: str) -> None:
    owner = await company.client_of("owner")
    answer = await owner.get("/api/v1/conversations", params=params)
    assert answer.status_code == 422
    assert answer.json()["field"].startswith(field)


async def test_a_cursor_of_another_order_is_refused(company: Company, subscribers: Subscribers) -> None:
    for number in range(3):
        await subscribers.write("Вопрос", str(600 + number))
    owner = await company.client_of("owner")
    page = (await owner.get("/api/v1/conversations", params={"order": "newest", "limit": 1})).json()
    answer = await owner.get("/api/v1/conversations", params={"order": "oldest", "cursor": page["next_cursor"]})
    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


async def test_the_list_asks_the_database_as_often_for_many_rows_as_for_one(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    agent_id, team_id = company.people["sales"].agent_id, company.team_ids["sales"]
    counts: list[int] = []
    for number in range(6):
        wrote = await subscribers.write("Вопрос", str(600 + number))
        await write_rows(company, wrote.conversation_id, assignee_id=agent_id, team_id=team_id)
        label = {"labels": [f"label {number}"]}
        await owner.patch(f"/api/v1/conversations/{wrote.conversation_id}", json=label)
        with counted(company) as statements:
            assert len(await ids(owner)) == number + 1
        counts.append(len(statements))
    assert counts == [4] * 6, "who asks (2), the ids, the rows"

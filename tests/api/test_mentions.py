"""Calling a colleague in a note, and what people are told of in a few words while they look elsewhere."""

import json
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, text, update

from inbox.agents.models import Agent
from inbox.conversations.listing import Named
from inbox.conversations.mentions import find_mentioned
from inbox.conversations.models import Conversation
from inbox.conversations.notices import FRESH
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.models import LiveEvent
from inbox.organisations.models import Workspace
from tests.api.subscribers import Subscribers
from tests.company import Company

OLGA, OLGA_D, IGOR = Named(1, "Ольга"), Named(2, "Ольга Демидова"), Named(3, "Игорь  Власов")
NAMESAKE = Named(4, "ольга")


@pytest.mark.parametrize(
    ("note", "called"),
    [
        ("@Ольга Демидова, глянь", [OLGA_D]),
        ("Глянь, @ольга", [OLGA, NAMESAKE]),
        ("@Игорь Власов и (@Ольга Демидова)! @Игорь Власов?", [IGOR, OLGA_D]),
        ("@Игорь\nВласов", [IGOR]),
        ("Ольга Демидова знает", []),
        ("почта olga@Ольга", []),
        ("@Ольгаа", []),
        ("@@Ольга", []),
        ("@", []),
    ],
)
def test_a_name_after_an_at_calls(note: str, called: list[Named]) -> None:
    assert find_mentioned(note, [OLGA, OLGA_D, IGOR, NAMESAKE]) == called


def test_an_empty_name_calls_nobody() -> None:
    assert find_mentioned("@ и всё", [Named(1, " ")]) == []


async def write(company: Company, name: str, conversation_id: int, words: str, *, note: bool = True) -> int:
    client = await company.client_of(name)
    path = f"/api/v1/conversations/{conversation_id}/messages"
    written = await client.post(path, json={"text": words, "note": note})
    assert written.status_code == 201, written.text
    message_id: int = written.json()["id"]
    return message_id


async def give(company: Company, assignee: str | None, team: str | None = None) -> None:
    """Every conversation is this person's and this team's."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        agent_id = company.people[assignee].agent_id if assignee else None
        await session.execute(
            update(Conversation).values(assignee_id=agent_id, team_id=company.team_ids[team] if team else None)
        )


async def offered(company: Company, conversation_id: int, name: str = "owner") -> set[str]:
    browser = await company.browser_of(name)
    answer = await browser.get(f"/w/{company.workspace_id}/inbox/{conversation_id}/mentions")
    assert answer.status_code == 200, answer.text
    return {part.split('"')[0].lower() for part in answer.text.split('data-mention="')[1:]}


@pytest.mark.outside
async def test_those_are_offered_who_may_see_the_conversation(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    talk = wrote.conversation_id
    assert await offered(company, talk) == {"admin", "moderator", "colleague"}
    await give(company, None, "sales")
    assert await offered(company, talk) == {"admin", "moderator", "colleague", "sales"}
    await give(company, "moderator")
    assert await offered(company, talk) == {"admin", "moderator"}
    await give(company, "moderator", "support")
    assert await offered(company, talk, "moderator") == {"owner", "admin", "colleague"}
    await give(company, "sales")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Workspace).values(sees_all=True))
    assert await offered(company, talk) == {"admin", "moderator", "colleague", "sales"}


async def rung(company: Company) -> list[Mapping[str, int]]:
    """The jobs that ring."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.scalars(
            text("select args from procrastinate_jobs where task_name = 'routing.alerts.mention' order by id")
        )
        return list(rows)


@pytest.mark.outside
async def test_who_is_called_in_a_note_hears_of_it_and_nobody_else(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    await give(company, "moderator")
    note = await write(company, "owner", wrote.conversation_id, "@Moderator, @owner, @Colleague, @Viewer: гляньте")
    moderator = company.people["moderator"].agent_id
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        (event,) = await session.scalars(select(LiveEvent).where(LiveEvent.kind == "mention"))
    assert event.ref == {
        "conversation_id": wrote.conversation_id, "message_id": note, "agent_id": moderator, "assignee_id": moderator,
        "team_id": None,
    }  # fmt: skip
    assert await rung(company) == [{"message_id": note, "agent_id": moderator}]


@pytest.mark.outside
async def test_a_reply_calls_nobody(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    await write(company, "owner", wrote.conversation_id, "@Moderator ответит", note=False)
    assert await rung(company) == []


async def edited(company: Company, name: str, note: int, words: str) -> None:
    client = await company.client_of(name)
    assert (await client.patch(f"/api/v1/messages/{note}", json={"text": words})).status_code == 200


@pytest.mark.outside
async def test_an_edit_calls_who_was_not_called_before_and_takes_back_who_is_named_no_more(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    note = await write(company, "owner", wrote.conversation_id, "@Moderator, глянь")
    moderator, colleague = (company.people[name].agent_id for name in ("moderator", "colleague"))
    await edited(company, "owner", note, "@Moderator и @Colleague, гляньте")
    assert await rung(company) == [
        {"message_id": note, "agent_id": moderator}, {"message_id": note, "agent_id": colleague},
    ]  # fmt: skip
    company.clock.advance(FRESH * 2)
    assert (await notice(company, "colleague", note)).status_code == 204, "heard of late"
    await edited(company, "admin", note, "@Colleague, @Owner и @Admin, гляньте")
    assert (await notice(company, "colleague", note)).status_code == 200
    assert (await notice(company, "owner", note)).status_code == 200, "who wrote it is called by another's edit"
    assert (await notice(company, "admin", note)).status_code == 204, "nobody calls themselves"
    assert len(await rung(company)) == 3
    await edited(company, "owner", note, "@Colleague, глянь")
    assert (await notice(company, "moderator", note)).status_code == 204
    assert (await notice(company, "colleague", note)).status_code == 200
    assert len(await rung(company)) == 3, "nobody is told again"
    await edited(company, "owner", note, "Разобрались")
    assert await called(company, "colleague") == []


@pytest.mark.outside
async def test_an_edit_of_other_words_keeps_the_calls_of_who_was_renamed_or_may_not_see_it_now(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    note = await write(company, "owner", wrote.conversation_id, "@Moderator, @Colleague, @Admin: глянте")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        (await session.get_one(Agent, company.people["admin"].agent_id)).name = "Admin Petrova"
    await give(company, "moderator")
    await edited(company, "owner", note, "@Moderator, @Colleague, @Admin: гляньте")
    assert await called(company, "admin") == [wrote.conversation_id]
    await give(company, "colleague")
    assert await called(company, "colleague") == [wrote.conversation_id]
    await edited(company, "owner", note, "@Moderator, гляньте")
    assert await called(company, "colleague") == []


async def called(company: Company, name: str) -> list[int]:
    """Whose calls the list holds, by the API."""
    client = await company.client_of(name)
    answer = await client.get("/api/v1/conversations", params={"mentioned": "true"})
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def unseen(browser: httpx.AsyncClient, company: Company) -> str:
    """The number at "Calls for me"."""
    page = (await browser.get(f"/w/{company.workspace_id}/counts")).text
    line = page.split('data-view="mentioned"')[1].split("</a>")[0]
    return line.split('class="n ')[1].split(">")[1].split("<")[0].strip()


@pytest.mark.outside
async def test_calls_stand_in_a_view_of_their_own_until_they_are_seen_and_after(
    company: Company, subscribers: Subscribers
) -> None:
    wrote, other = await subscribers.write("Вопрос"), await subscribers.write("Другой", "502")
    talk = wrote.conversation_id
    note = await write(company, "owner", talk, "@Moderator <b>глянь</b>, пожалуйста")
    await subscribers.write("Ещё вопрос")
    browser = await company.browser_of("moderator")
    inbox = f"/w/{company.workspace_id}/inbox"
    page = (await browser.get(f"{inbox}?view=mentioned")).text
    assert f'id="row-{talk}"' in page
    assert f'id="row-{other.conversation_id}"' not in page
    assert f"/inbox/{talk}?view=mentioned&amp;message={note}" in page, "opens at the note"
    row = page.split(f'id="row-{talk}"')[1].split("</a>")[0]
    assert "Owner: @Moderator &lt;b&gt;глянь&lt;/b&gt;" in row
    assert "You have not seen this note yet" in row
    assert await unseen(browser, company) == "1"
    parts = await browser.get(f"{inbox}/{talk}/parts")
    assert "HX-Trigger" not in parts.headers, "a tab that nobody looks at"
    assert await unseen(browser, company) == "1"
    await browser.get(f"{inbox}/{talk}")
    assert await unseen(browser, company) == "1", "a whole page may lie in a tab behind; it tells by itself"
    opened = await browser.get(f"{inbox}/{talk}", headers={"HX-Request": "true", "HX-Target": "conversation"})
    assert opened.headers["HX-Trigger"] == json.dumps({"changed": {"id": talk}})
    assert await unseen(browser, company) == "0"
    page = (await browser.get(f"{inbox}?view=mentioned")).text
    assert f'id="row-{talk}"' in page
    assert "You have not seen this note yet" not in page
    await write(company, "colleague", talk, "@moderator?")
    assert await unseen(browser, company) == "1"
    parts = await browser.get(f"{inbox}/{talk}/parts", params={"looking": "1"})
    assert parts.headers["HX-Trigger"] == json.dumps({"changed": {"id": talk}})
    assert await unseen(browser, company) == "0"
    for name in ("owner", "colleague", "sales", "outsider"):
        assert await called(company, name) == []


@pytest.mark.outside
async def test_the_newest_call_stands_first_whatever_subscribers_write_after_it(
    company: Company, subscribers: Subscribers
) -> None:
    talks = [(await subscribers.write("Вопрос", str(600 + number))).conversation_id for number in range(4)]
    first, second, third, uncalled = talks
    note = await write(company, "owner", first, "Гляньте кто-нибудь")
    for talk in (third, second):
        await write(company, "owner", talk, "@Moderator")
    await write(company, "owner", uncalled, "@Colleague")
    await edited(company, "owner", note, "@Moderator, глянь")
    await subscribers.write("Ещё вопрос", "602")
    expected = [first, second, third]
    moderator, browser = await company.client_of("moderator"), await company.browser_of("moderator")
    rows = (await browser.get(f"/w/{company.workspace_id}/rows", params={"view": "mentioned"})).text
    assert [int(part.split('"')[0]) for part in rows.split('data-row="')[1:]] == expected

    cursor, seen = None, []
    for _ in talks:
        params = {"order": "called", "limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await moderator.get("/api/v1/conversations", params=params)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == ([*expected, uncalled], None)


@pytest.mark.outside
async def test_a_call_is_gone_with_its_note_or_with_the_right_to_see_it(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    note = await write(company, "owner", wrote.conversation_id, "@Moderator, @Colleague")
    assert await called(company, "colleague") == await called(company, "moderator") == [wrote.conversation_id]
    await give(company, "moderator")
    browser = await company.browser_of("colleague")
    assert await called(company, "colleague") == []
    assert await unseen(browser, company) == "0"
    owner = await company.client_of("owner")
    assert (await owner.delete(f"/api/v1/messages/{note}")).status_code in {200, 204}
    assert await called(company, "moderator") == []
    assert await unseen(await company.browser_of("moderator"), company) == "0"


async def notice(company: Company, name: str, message_id: int) -> httpx.Response:
    browser = await company.browser_of(name)
    return await browser.get(f"/messages/{message_id}/notice")


async def statuses(company: Company, message_id: int) -> dict[str, int]:
    return {
        name: (await notice(company, name, message_id)).status_code
        for name in ("owner", "moderator", "colleague", "sales", "viewer", "outsider")
    }


@pytest.mark.outside
async def test_a_message_is_news_to_whose_it_is_or_to_all_who_see_that_nobody_has_it(
    company: Company, subscribers: Subscribers
) -> None:
    asked = await subscribers.write("Когда <b>привезёте</b>?")
    assert await statuses(company, asked.message_id) == {
        "owner": 200, "moderator": 200, "colleague": 200, "sales": 404, "viewer": 404, "outsider": 404,
    }  # fmt: skip
    shown = (await notice(company, "moderator", asked.message_id)).text
    assert "Когда &lt;b&gt;привезёте&lt;/b&gt;?" in shown
    assert "· Bot 700001" in shown
    await give(company, "moderator")
    assert await statuses(company, asked.message_id) == {
        "owner": 204, "moderator": 200, "colleague": 404, "sales": 404, "viewer": 404, "outsider": 404,
    }  # fmt: skip


@pytest.mark.outside
async def test_what_wants_no_answer_what_is_old_and_our_own_words_are_no_news(
    company: Company, subscribers: Subscribers
) -> None:
    spam = await subscribers.write("Реклама", "502", intent=Intent.SPAM)
    assert (await notice(company, "owner", spam.message_id)).status_code == 204
    asked = await subscribers.write("Когда?")
    answered = await write(company, "moderator", asked.conversation_id, "Завтра", note=False)
    assert (await notice(company, "moderator", answered)).status_code == 204
    assert (await notice(company, "moderator", asked.message_id)).status_code == 200
    company.clock.advance(FRESH + timedelta(seconds=1))
    assert (await notice(company, "moderator", asked.message_id)).status_code == 204


@pytest.mark.outside
async def test_a_note_is_news_to_whom_it_calls(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    note = await write(company, "owner", wrote.conversation_id, "@Moderator @Owner глянь")
    told = await notice(company, "moderator", note)
    assert told.status_code == 200
    assert "Owner calls you in a note" in told.text
    assert (await notice(company, "owner", note)).status_code == 204
    assert (await notice(company, "colleague", note)).status_code == 204
    assert (await notice(company, "viewer", note)).status_code == 404


@pytest.mark.outside
async def test_a_longer_name_does_not_call_who_has_its_beginning(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        for who, name in (("moderator", "Анна"), ("colleague", "Анна Петрова")):
            await session.execute(update(Agent).where(Agent.id == company.people[who].agent_id).values(name=name))
    note = await write(company, "owner", wrote.conversation_id, "@Анна Петрова, глянь")
    assert (await notice(company, "colleague", note)).status_code == 200
    assert (await notice(company, "moderator", note)).status_code == 204

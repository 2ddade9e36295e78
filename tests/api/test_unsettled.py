"""What wants a look and what is put aside: views of their own, until somebody has seen to it or it comes back."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import select, update

from inbox.channels.events import ConversationKind
from inbox.conversations.models import Delivery, Message, ModerationAction, ReviewState
from inbox.conversations.refresh import refresh
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers, Wrote
from tests.api.test_change import kinds, patched
from tests.api.test_list import ids
from tests.api.test_review import rights, work
from tests.api.test_views import counts
from tests.api.wire import Wire
from tests.company import Company

pytestmark = pytest.mark.outside


async def hold(company: Company, wrote: Wrote) -> None:
    """As a rule does."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Message).where(Message.id == wrote.message_id).values(held=True))
        await refresh(session, [wrote.conversation_id])


async def spam(company: Company, subscribers: Subscribers, kind: ConversationKind = ConversationKind.COMMENT) -> Wrote:
    wrote = await subscribers.write("+", kind=kind)
    await hold(company, wrote)
    return wrote


async def shown(browser: httpx.AsyncClient, company: Company, view: str) -> list[int]:
    """The rows of a view, in their order."""
    answer = await browser.get(f"/w/{company.workspace_id}/rows", params={"view": view})
    assert answer.status_code == 200, answer.text
    return [int(one) for one in re.findall(r'data-row="(\d+)"', answer.text)]


async def test_what_is_put_aside_stands_in_a_view_of_its_own_soonest_first(
    company: Company, subscribers: Subscribers
) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    wrote = [(await subscribers.write("Вопрос", str(600 + number))).conversation_id for number in range(4)]
    now = company.clock()
    await patched(owner, wrote[0], snoozed_until=(now + timedelta(days=2)).isoformat())
    await patched(owner, wrote[1], status="waiting_client")
    await patched(owner, wrote[2], snoozed_until=(now + timedelta(hours=2)).isoformat())
    expected = [wrote[2], wrote[0], wrote[1]]
    assert await shown(browser, company, "aside") == await ids(owner, aside="true", order="waking") == expected
    assert await ids(owner, aside="false") == [wrote[3]]
    assert (await counts(company, "owner")).aside == 3
    page = (await owner.get("/api/v1/conversations", params={"aside": True, "order": "waking", "limit": 1})).json()
    assert await ids(owner, aside="true", order="waking", cursor=page["next_cursor"]) == expected[1:]
    rows = (await browser.get(f"/w/{company.workspace_id}/rows", params={"view": "aside"})).text
    assert rows.count("snoozed until") == 2
    assert "waiting for the client company" in rows


async def test_mine_are_all_that_are_open_those_that_wait_first_and_the_number_counts_these(
    company: Company, subscribers: Subscribers
) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    await subscribers.see_post("Пост")
    settled = (await subscribers.write("+", "601", kind=ConversationKind.COMMENT)).conversation_id
    asked = (await subscribers.write("Вопрос", "602", ago=timedelta(minutes=5))).conversation_id
    aside = (await subscribers.write("Вопрос", "603")).conversation_id
    for one in (settled, asked, aside):
        await patched(owner, one, assignee_id="me")
    await patched(owner, settled, status="open")
    await patched(owner, aside, status="waiting_client")
    assert await shown(browser, company, "mine") == [asked, settled]
    assert (await counts(company, "owner")).mine == 1


@pytest.mark.parametrize("is_bulk", [False, True])
async def test_a_person_snoozes_until_a_time_of_their_own_by_the_projects_clock(
    company: Company, subscribers: Subscribers, is_bulk: bool
) -> None:
    wrote = await subscribers.write("Вопрос")
    browser = await company.browser_of("owner")
    inbox = f"/w/{company.workspace_id}"
    address = f"{inbox}/bulk" if is_bulk else f"{inbox}/inbox/{wrote.conversation_id}/snooze"
    sent = {"ids": str(wrote.conversation_id), "deed": "snooze"} if is_bulk else {}
    zone = ZoneInfo("Europe/Moscow")
    wanted = (company.clock().astimezone(zone) + timedelta(days=3)).replace(second=0, microsecond=0)
    for bad in ("2020-01-01T10:00", "9999-12-31T23:59", "0001-01-01T00:00", "soon", None):
        answer = await browser.post(address, data=sent if bad is None else {**sent, "at": bad})
        assert answer.status_code == 422 or "Could not" in answer.text
        assert (await subscribers.conversation(wrote.conversation_id)).snoozed_until is None
    answer = await browser.post(address, data={**sent, "at": wanted.strftime("%Y-%m-%dT%H:%M")})
    assert answer.status_code == 200, answer.text
    until = (await subscribers.conversation(wrote.conversation_id)).snoozed_until
    assert until is not None
    assert datetime.fromisoformat(until.isoformat()) == wanted


async def test_spam_after_a_question_is_suspicious_until_it_is_deleted(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser, moderator = await company.browser_of("moderator"), await company.client_of("moderator")
    await subscribers.see_post("Пост")
    await rights(company, ["delete"])
    asked = await subscribers.write("Сколько стоит?", kind=ConversationKind.COMMENT, ago=timedelta(minutes=5))
    wrote = await spam(company, subscribers)
    assert wrote.conversation_id == asked.conversation_id
    assert (await subscribers.conversation(asked.conversation_id)).needs_answer
    assert await shown(browser, company, "held") == await ids(moderator, held="true") == [asked.conversation_id]
    assert (await counts(company, "moderator")).held == 1
    await moderator.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "delete"})
    assert await shown(browser, company, "held") == []


async def test_moderation_is_about_the_suspicious_message_not_about_the_question_after_it(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser, moderator = await company.browser_of("moderator"), await company.client_of("moderator")
    await subscribers.see_post("Пост")
    await rights(company, ["delete"])
    wrote = await spam(company, subscribers)
    asked = await subscribers.write("Сколько стоит?", kind=ConversationKind.COMMENT)
    assert asked.conversation_id == wrote.conversation_id
    page, key = f"/w/{company.workspace_id}/inbox/{asked.conversation_id}", r'data-key="m"[^>]+/messages/(\d+)/review'
    assert re.findall(key, (await browser.get(page)).text) == [str(wrote.message_id)]
    await moderator.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "delete"})
    assert re.findall(key, (await browser.get(page)).text) == [str(asked.message_id)]


async def test_closing_settles_what_is_suspicious_also_where_it_had_closed_by_itself_until_more_comes(
    company: Company, subscribers: Subscribers
) -> None:
    browser = await company.browser_of("moderator")
    await subscribers.see_post("Пост")
    wrote = await spam(company, subscribers)
    talk = f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}"
    close = f'data-key="e" hx-post="{talk}/close"'
    page = (await browser.get(talk)).text
    assert close in page
    assert f'data-key="x" hx-post="{talk}/no-answer"' in page
    for deed in ("close", "no-answer"):
        assert await shown(browser, company, "held") == [wrote.conversation_id]
        answer = await browser.post(f"{talk}/{deed}")
        assert answer.status_code == 200, answer.text
        assert await shown(browser, company, "held") == []
        assert close not in (await browser.get(talk)).text
        (undo,) = re.findall(r'"(/w/\d+/undo/\d+)', answer.text)
        assert (await browser.post(undo)).status_code == 200
    await browser.post(f"{talk}/close")
    company.clock.advance(timedelta(minutes=2))
    again = await spam(company, subscribers)
    assert again.conversation_id == wrote.conversation_id
    assert await shown(browser, company, "held") == [wrote.conversation_id]
    await browser.post(f"{talk}/close")
    assert await shown(browser, company, "held") == []
    assert (await kinds(company, wrote.conversation_id))[-1] in {"closed", "no_answer_needed"}


async def test_a_ban_settles_all_that_is_suspicious_of_its_author_and_stays_so_when_it_is_lifted(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser, moderator = await company.browser_of("moderator"), await company.client_of("moderator")
    await subscribers.see_post("Пост")
    await rights(company, ["ban"])
    first, second = await spam(company, subscribers), await spam(company, subscribers, ConversationKind.GROUP)
    assert first.conversation_id != second.conversation_id
    path = f"/api/v1/messages/{first.message_id}/moderate"
    await moderator.post(path, json={"action": "ban", "reason": "Реклама"})
    assert await shown(browser, company, "held") == [second.conversation_id], "the other follows when it is done"
    await work(company)
    assert await shown(browser, company, "held") == []
    card = (await browser.get(f"/w/{company.workspace_id}/inbox/{second.conversation_id}")).text
    assert "Banned" in card
    assert "no, banned" in card
    assert "Реклама" in card
    await moderator.post(path, json={"action": "unban"})
    await work(company)
    assert await shown(browser, company, "held") == []
    assert "no, banned" not in (await browser.get(f"/w/{company.workspace_id}/inbox/{second.conversation_id}")).text
    company.clock.advance(timedelta(minutes=3))
    await spam(company, subscribers)
    assert await shown(browser, company, "held") == [first.conversation_id]


async def test_a_ban_that_the_platform_refuses_settles_nothing(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser, moderator = await company.browser_of("moderator"), await company.client_of("moderator")
    await subscribers.see_post("Пост")
    await rights(company, ["ban"])
    wrote = await spam(company, subscribers)
    telegram.refusals["banChatMember"] = "user is an administrator of the chat"
    await moderator.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "ban"})
    assert await shown(browser, company, "held") == []
    await work(company)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert (await session.scalars(select(ModerationAction.state))).all() == [ReviewState.REFUSED]
    assert await shown(browser, company, "held") == [wrote.conversation_id]


@pytest.mark.parametrize(
    ("delivery", "words"), [(Delivery.FAILED, "not sent"), (Delivery.UNCERTAIN, "may not have arrived")]
)
async def test_an_answer_that_did_not_arrive_marks_its_row_and_has_a_view_while_there_is_one(
    company: Company, subscribers: Subscribers, delivery: Delivery, words: str
) -> None:
    browser, owner = await company.browser_of("owner"), await company.client_of("owner")
    wrote = await subscribers.write("Вопрос")
    inbox = f"/w/{company.workspace_id}/inbox"
    assert 'data-view="undelivered"' not in (await browser.get(inbox)).text
    made = await owner.post(f"/api/v1/conversations/{wrote.conversation_id}/messages", json={"text": "Ответ"})
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        lost = update(Message).where(Message.id == made.json()["id"])
        await session.execute(lost.values(delivery=delivery, failed_at=company.clock()))
        await refresh(session, [wrote.conversation_id])
    page = (await browser.get(inbox)).text
    assert 'data-view="undelivered"' in page
    assert words in page
    assert await shown(browser, company, "undelivered") == [wrote.conversation_id]
    assert await ids(owner, undelivered="true") == [wrote.conversation_id]
    assert (await counts(company, "owner")).undelivered == 1
    assert (await patched(owner, wrote.conversation_id))["undelivered"] == delivery.value
    company.clock.advance(timedelta(seconds=5))
    await patched(owner, wrote.conversation_id, status="closed")
    assert await shown(browser, company, "undelivered") == []

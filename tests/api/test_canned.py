"""Canned responses: kept by those who moderate, filled for the contact, counted; and replies that are sent later."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from inbox.conversations.models import Delivery, Message
from inbox.core.database import EVERY_WORKSPACE
from inbox.replies.service import hold_back, queue_due
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside
WORDS = {"title": "Доставка", "text": "Добрый день, {name}! Доставим за два дня. {agent}"}


async def test_a_canned_response_is_written_changed_sent_and_deleted(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Сколько ждать?")
    moderator, sales = await company.client_of("moderator"), await company.client_of("sales")
    made = await moderator.post("/api/v1/canned-responses", json={"workspace_id": company.workspace_id, **WORDS})
    assert made.status_code == 201, made.text
    path = f"/api/v1/canned-responses/{made.json()['id']}"
    again = await moderator.post("/api/v1/canned-responses", json={"workspace_id": company.workspace_id, **WORDS})
    assert again.status_code == 409
    unknown = await moderator.patch(path, json={"text": "{phone}"})
    assert (unknown.status_code, unknown.json()["detail"]) == (422, "There is no variable {phone}.")
    assert (await sales.patch(path, json={"title": "Нет"})).status_code == 403
    assert (await moderator.patch(path, json={"title": "Сроки"})).json()["title"] == "Сроки"
    said = await moderator.post(
        f"/api/v1/conversations/{wrote.conversation_id}/messages", json={"canned_response_id": made.json()["id"]}
    )
    assert said.status_code == 201, said.text
    assert said.json()["text"] == "Добрый день, Person! Доставим за два дня. Moderator"
    assert (await moderator.get(path)).json()["uses"] == 1
    listed = (await sales.get("/api/v1/canned-responses")).json()["items"]
    assert [one["title"] for one in listed] == ["Сроки"]
    assert (await moderator.delete(path)).status_code == 204
    assert (await moderator.get(path)).status_code == 404


async def test_the_composer_offers_what_fits_filled_for_the_contact(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Сколько ждать?")
    moderator, browser = await company.client_of("moderator"), await company.browser_of("moderator")
    for title in ("Доставка", "Возврат"):
        body = {"workspace_id": company.workspace_id, "title": title, "text": "{name}, сейчас расскажу"}
        assert (await moderator.post("/api/v1/canned-responses", json=body)).status_code == 201
    at = f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}/canned"
    shown = (await browser.get(at, params={"q": "дост"})).text
    assert "Доставка" in shown
    assert "Person, сейчас расскажу" in shown
    assert "Возврат" not in shown


async def _later(company: Company, conversation_id: int) -> int:
    client = await company.client_of("owner")
    send_at = (company.clock() + timedelta(hours=2)).isoformat()
    made = await client.post(
        f"/api/v1/conversations/{conversation_id}/messages", json={"text": "Напоминаем", "send_at": send_at}
    )
    assert made.status_code == 201, made.text
    message_id: int = made.json()["id"]
    return message_id


async def test_a_reply_for_later_is_held_back_when_the_contact_writes_before(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Думаю")
    message_id = await _later(company, wrote.conversation_id)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        assert await hold_back(session, company.clock()) == 0
    await subscribers.write("Уже купил")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        assert await hold_back(session, company.clock()) == 1
        assert await queue_due(session, company.clock() + timedelta(hours=3)) == 0
    owner = await company.client_of("owner")
    shown = (await owner.get(f"/api/v1/messages/{message_id}")).json()
    assert (shown["delivery"], shown["failure"][:9]) == ("failed", "Held back")
    assert (await owner.post(f"/api/v1/messages/{message_id}/resend")).json()["delivery"] == "queued"


async def test_a_reply_for_later_is_held_back_when_a_colleague_has_answered_but_not_by_a_note(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Думаю")
    message_id = await _later(company, wrote.conversation_id)
    moderator = await company.client_of("admin")
    at = f"/api/v1/conversations/{wrote.conversation_id}/messages"
    await moderator.post(at, json={"text": "Ждём", "note": True})
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        assert await hold_back(session, company.clock()) == 0
    answered = (await moderator.post(at, json={"text": "Ответили"})).json()["id"]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Message).where(Message.id == answered).values(delivery=Delivery.SENT))
        assert await hold_back(session, company.clock()) == 1
        assert await session.scalar(select(Message.delivery).where(Message.id == message_id)) is Delivery.FAILED


async def test_the_panel_plans_by_the_projects_clock_sends_early_and_says_who_types(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Думаю")
    browser = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}"
    body = {"key": "key-of-later", "text": "Завтра напомним", "later": "tomorrow"}
    planned = await browser.post(f"{at}/messages", data=body)
    assert planned.status_code == 200, planned.text
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        message = (await session.scalars(select(Message).where(Message.text == "Завтра напомним"))).one()
        jobs = await session.scalar(select(func.count()).select_from(text("procrastinate_jobs")))
    assert message.send_at is not None
    assert jobs == 0
    assert (await browser.post(f"/w/{company.workspace_id}/messages/{message.id}/send-now")).status_code == 200
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert (await session.get_one(Message, message.id)).send_at is None
    assert (await browser.post(f"{at}/typing")).status_code == 204
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(text("select ref->>'name' from live_events where kind = 'typing'")) == "Owner"

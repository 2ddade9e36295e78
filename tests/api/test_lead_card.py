"""The lead beside an open conversation: shown to who may see it, changed field by field as on the board."""

import re
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import func, select, update

from inbox.conversations.models import Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.models import LiveEvent
from routing.leads.models import Lead, Stage
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside
PART = {"HX-Request": "true"}


async def make_lead(company: Company, conversation_id: int) -> int:
    owner = await company.client_of("owner")
    body = {"workspace_id": company.workspace_id, "conversation_id": conversation_id}
    made = await owner.post("/api/v1/leads", json=body)
    assert made.status_code == 201, made.text
    lead_id: int = made.json()["id"]
    return lead_id


async def lead_of(company: Company, lead_id: int) -> Lead:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        return await session.get_one(Lead, lead_id)


async def change(company: Company, name: str, lead_id: int, **fields: str) -> httpx.Response:
    browser = await company.browser_of(name)
    return await browser.post(f"/w/{company.workspace_id}/leads/{lead_id}", data=fields, headers=PART)


async def card(company: Company, name: str, conversation_id: int) -> httpx.Response:
    browser = await company.browser_of(name)
    return await browser.get(f"/w/{company.workspace_id}/leads/of/{conversation_id}", headers=PART)


def chosen(html: str) -> str:
    """The stage that the card shows."""
    found = re.search(r'<option value="(\w+)" selected>', html)
    assert found is not None
    return found[1]


async def test_without_a_lead_the_card_offers_to_make_one_and_then_shows_it(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Звоните 8 (999) 123-45-67")
    before = (await card(company, "moderator", wrote.conversation_id)).text
    assert f"/leads/new/{wrote.conversation_id}" in before
    assert "<select" not in before
    browser = await company.browser_of("moderator")
    made = await browser.post(f"/w/{company.workspace_id}/leads/new/{wrote.conversation_id}", headers=PART)
    assert made.headers["HX-Trigger"] == "otklik:lead"
    after = (await card(company, "moderator", wrote.conversation_id)).text
    assert chosen(after) == "new"
    assert "+79991234567" in after
    assert "/leads/new/" not in after
    page = await browser.get(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}")
    assert f"/leads/of/{wrote.conversation_id}" in page.text


async def test_a_form_changes_its_own_field_alone_and_panels_hear_of_it(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Звоните 8 (999) 123-45-67")
    lead_id = await make_lead(company, wrote.conversation_id)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        told = await session.scalar(select(func.count()).where(LiveEvent.kind == "lead"))
    shown = await change(company, "owner", lead_id, amount="12 500,50")
    assert (shown.status_code, chosen(shown.text)) == (200, "new")
    assert 'value="12500.5"' in shown.text
    await change(company, "owner", lead_id, stage="won", reason="")
    lead = await lead_of(company, lead_id)
    assert (lead.stage, lead.amount, lead.phone) == (Stage.WON, Decimal("12500.50"), "+79991234567")
    assert 'value=""' in (await change(company, "owner", lead_id, amount="")).text
    assert (await lead_of(company, lead_id)).amount is None
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(select(func.count()).where(LiveEvent.kind == "lead")) == (told or 0) + 3


async def test_what_is_refused_is_said_and_changes_nothing(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Сколько стоит?")
    lead_id = await make_lead(company, wrote.conversation_id)
    for name, fields, status in (
        ("owner", {"stage": "not_a_lead", "reason": ""}, 422),
        ("owner", {"amount": "много"}, 422),
        ("moderator", {"stage": "taken_up", "reason": ""}, 403),
    ):
        answer = await change(company, name, lead_id, **fields)
        assert (answer.status_code, "toast" in answer.headers["HX-Trigger"]) == (status, True), fields
    lead = await lead_of(company, lead_id)
    assert (lead.stage, lead.amount) == (Stage.NEW, None)
    named = await change(company, "owner", lead_id, stage="not_a_lead", reason="Ищет работу")
    assert "Ищет работу" in named.text
    assert f"/leads/new/{wrote.conversation_id}" in named.text, "what was none may become one later"


async def test_the_board_writes_the_whole_row_as_before(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Звоните 8 (999) 123-45-67")
    lead_id = await make_lead(company, wrote.conversation_id)
    browser = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/leads/{lead_id}"
    written = await browser.post(at, data={"stage": "lost", "reason": "Дорого", "amount": "100", "phone": ""})
    assert written.status_code == 303
    lead = await lead_of(company, lead_id)
    assert (lead.stage, lead.reason, lead.amount, lead.phone) == (Stage.LOST, "Дорого", Decimal(100), None)
    refused = await browser.post(at, data={"stage": "not_a_lead", "reason": "", "amount": "100", "phone": ""})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text


async def test_who_may_not_see_the_lead_sees_no_card(company: Company, subscribers: Subscribers) -> None:
    """Sales read a conversation that is theirs, but not the lead that is a colleague's; nor is another one offered."""
    wrote = await subscribers.write("Сколько стоит?")
    lead_id = await make_lead(company, wrote.conversation_id)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Lead).values(owner_id=company.people["owner"].agent_id))
        await session.execute(update(Conversation).values(assignee_id=company.people["sales"].agent_id))
    hidden = await card(company, "sales", wrote.conversation_id)
    assert (hidden.status_code, hidden.text.strip()) == (200, "")
    assert (await change(company, "sales", lead_id, amount="5")).status_code == 404
    assert (await card(company, "moderator", wrote.conversation_id)).status_code == 404
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Lead).values(owner_id=company.people["sales"].agent_id))
    assert "Sales" in (await card(company, "sales", wrote.conversation_id)).text
    assert chosen((await change(company, "sales", lead_id, stage="taken_up", reason="")).text) == "taken_up"

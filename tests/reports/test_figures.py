"""The SLA figures: rollups against counting the facts one by one; page, API and exports over them."""

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, select

from inbox.channels.models import Gap
from inbox.conversations.models import Message
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import DeliverMessage
from inbox.core.pacing import Pacing
from inbox.replies.delivery import Deliveries
from inbox.reports.models import ResponseTime
from inbox.reports.rollups import mark_everything, mark_gaps
from inbox.sla.sweep import sweep
from tests.api.subscribers import Subscribers
from tests.api.wire import wired
from tests.company import Company

API = "/api/v1"
MINUTE = timedelta(minutes=1)


async def swept(company: Company) -> None:
    """One round of the sweep."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())


async def answer(company: Company, name: str, conversation_id: int) -> None:
    """The person writes, and it is delivered to Telegram at the wire."""
    client = await company.client_of(name)
    sent = await client.post(f"{API}/conversations/{conversation_id}/messages", json={"text": "Ответ"})
    assert sent.status_code == 201, sent.text


async def facts_of(company: Company) -> list[ResponseTime]:
    """All of them, by time."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        return list(await session.scalars(select(ResponseTime).order_by(ResponseTime.since_at)))


async def test_waits_become_facts_figures_pages_and_files(company: Company, subscribers: Subscribers) -> None:
    fast = await subscribers.write("Сколько стоит?", "601", ago=4 * MINUTE)
    slow = await subscribers.write("Где заказ?", "602", ago=40 * MINUTE)
    silent = await subscribers.write("Алло?", "603", ago=50 * MINUTE)
    await swept(company)
    async with wired(company) as _wire:
        deliveries = Deliveries(company.context, Pacing(company.context.redis))
        for talk in (fast, slow):
            await answer(company, "moderator", talk.conversation_id)
            async with company.context.database.session(EVERY_WORKSPACE) as session:
                message_id = (
                    await session.scalars(
                        select(Message.id).where(
                            Message.conversation_id == talk.conversation_id, Message.external_id.is_(None)
                        )
                    )
                ).one()
            await deliveries.deliver(DeliverMessage(conversation_id=talk.conversation_id, message_id=message_id))
    await swept(company)
    facts = {fact.conversation_id: fact for fact in await facts_of(company)}
    assert len(facts) == 3
    moderator = company.people["moderator"].agent_id
    assert [facts[one.conversation_id].is_late for one in (fast, slow, silent)] == [False, True, True]
    assert facts[fast.conversation_id].agent_id == facts[slow.conversation_id].agent_id == moderator
    assert facts[silent.conversation_id].answered_at is None
    viewer = await company.client_of("viewer")
    report = (await viewer.get(f"{API}/reports/sla", params={"group_by": "agent"})).json()
    assert (report["first"]["answered"], report["first"]["met"], report["first"]["late"]) == (2, 1, 2)
    assert report["first"]["met_share"] == pytest.approx(1 / 3)
    assert 240 <= report["first"]["working"]["p50"] <= 360
    by_person = {row["id"]: row["first"]["answered"] for row in report["items"]}
    assert by_person[moderator] == 2
    browser = await company.browser_of("viewer")
    page = await browser.get(f"/w/{company.workspace_id}/sla")
    assert page.status_code == 200
    assert "33" in page.text
    csv = (await browser.get(f"/w/{company.workspace_id}/sla/export.csv")).content.decode("utf-8-sig").splitlines()
    book = load_workbook(io.BytesIO((await browser.get(f"/w/{company.workspace_id}/sla/export.xlsx")).content))
    assert len(csv) == book.worksheets[0].max_row > 4
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            Gap(
                workspace_id=company.workspace_id, channel_id=company.channel_id, reason="of the test",
                started_at=company.clock() - 45 * MINUTE, ended_at=company.clock() - 35 * MINUTE,
            )
        )  # fmt: skip
        await session.flush()
        await mark_gaps(session, company.clock() - 36 * MINUTE)
    await swept(company)
    without = (await viewer.get(f"{API}/reports/sla")).json()["first"]
    assert (without["answered"], without["left_out"]) == (1, 2)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await mark_everything(session)
    await swept(company)
    assert (await viewer.get(f"{API}/reports/sla")).json()["first"] == without


async def test_the_page_asks_the_same_number_of_questions_whatever_there_is(
    company: Company, subscribers: Subscribers
) -> None:
    asked: list[str] = []
    browser = await company.browser_of("owner")
    engine = company.context.database.engine.sync_engine

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        numbers = []
        for n in (1, 12):
            for who in range(n):
                await subscribers.write("Где заказ?", str(700 + n * 20 + who), ago=50 * MINUTE)
            await swept(company)
            asked.clear()
            assert (await browser.get(f"/w/{company.workspace_id}/sla")).status_code == 200
            numbers.append(len(asked))
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert numbers[0] == numbers[1] < 45


async def test_who_reads_no_reports_is_told_so(company: Company) -> None:
    moderator = await company.client_of("moderator")
    assert (await moderator.get(f"{API}/reports/sla")).status_code == 403
    owner = await company.client_of("owner")
    wrong = await owner.get(f"{API}/reports/sla", params={"from": "2026-02-02", "to": "2026-01-01"})
    assert wrong.status_code == 422

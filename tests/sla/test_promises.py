"""Hours and promises on the real path: edits move open clocks, warnings and breaches are recorded, pauses rest."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from inbox.agents.models import Agent
from inbox.conversations.models import Activity, Conversation, Status
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import EscalateBreach, RecomputeClocks
from inbox.core.models import LiveEvent
from inbox.sla import breaching
from inbox.sla.escalating import escalate
from inbox.sla.recomputing import recompute_clocks
from inbox.sla.sweep import sweep, sweep_pages
from tests.api.subscribers import Subscribers
from tests.company import Company

API = "/api/v1"
MINUTE = timedelta(minutes=1)
POLICY = {"name": "Быстро", "first_response_minutes": 15, "next_response_minutes": 30, "warn_before_minutes": 5}


@pytest.fixture
def subscribers(company: Company) -> Subscribers:
    """Whoever writes to the company's channels."""
    return Subscribers(company)


async def due_of(subscribers: Subscribers, conversation_id: int) -> datetime | None:
    """The first clock's due time."""
    return (await subscribers.conversation(conversation_id)).first_response_due_at


async def recompute(company: Company) -> None:
    """The job that an edit has queued."""
    await recompute_clocks(company.context, RecomputeClocks(workspace_id=company.workspace_id))


async def count_breached(company: Company) -> int:
    """Conversations whose first clock is recorded as broken."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        broken = select(func.count()).where(Conversation.first_response_breached_at.is_not(None))
        return await session.scalar(broken) or 0


async def test_an_edit_moves_open_clocks_and_leaves_recorded_breaches(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    policy = (await owner.post(f"{API}/sla-policies", json={**POLICY, "workspace_id": company.workspace_id})).json()
    late = await subscribers.write("Где мой заказ?", "601", ago=20 * MINUTE)
    fresh = await subscribers.write("Сколько стоит?", "602", ago=MINUTE)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())
    before = await subscribers.conversation(late.conversation_id)
    since = (await subscribers.conversation(fresh.conversation_id)).first_response_since_at
    assert before.first_response_breached_at == before.first_response_due_at
    patched = await owner.patch(
        f"{API}/sla-policies/{policy['id']}",
        json={"first_response_minutes": 40, "goals": [
            {"priority": "urgent", "first_response_minutes": 3, "next_response_minutes": 3}]},
    )  # fmt: skip
    assert patched.status_code == 200, patched.text
    assert await jobs_of(company) == ["inbox.sla.escalate", "inbox.sla.recompute", "inbox.sla.recompute"]
    await recompute(company)
    assert since is not None
    assert await due_of(subscribers, fresh.conversation_id) == since + 40 * MINUTE
    after = await subscribers.conversation(late.conversation_id)
    assert after.first_response_breached_at == before.first_response_breached_at
    await owner.patch(f"{API}/conversations/{fresh.conversation_id}", json={"priority": "urgent"})
    assert await due_of(subscribers, fresh.conversation_id) == since + 3 * MINUTE


async def jobs_of(company: Company) -> list[str]:
    """Names of what was queued of clocks."""
    async with company.context.database.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "select task_name from procrastinate_jobs where task_name ~ 'sla|clock' order by task_name"
        )
        return [name for (name,) in rows]


async def test_a_teams_own_hours_are_its_conversations_hours(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    now = company.clock()
    closed_now = {"workspace_id": company.workspace_id, "name": "Закрыто сегодня", "time_zone": "UTC",
                  "days": [{"first_on": now.date().isoformat(), "last_on": now.date().isoformat()}]}  # fmt: skip
    for name in ("Часы проекта", "Часы поддержки"):
        body = {**closed_now, "name": name, "days": [] if name == "Часы проекта" else closed_now["days"]}
        assert (await owner.post(f"{API}/calendars", json=body)).status_code == 201
    calendar = (await owner.get(f"{API}/calendars")).json()["items"][-1]
    assert (calendar["is_open"], calendar["is_default"]) == (False, False)
    wrote = await subscribers.write("Где мой заказ?", "601")
    open_due = await due_of(subscribers, wrote.conversation_id)
    team_id = company.team_ids["support"]
    await owner.patch(f"{API}/calendars/{calendar['id']}", json={"team_ids": [team_id]})
    await owner.patch(f"{API}/conversations/{wrote.conversation_id}", json={"team_id": team_id})
    midnight = datetime.fromisoformat(calendar["next_opening_at"])
    assert open_due is not None
    assert open_due < midnight
    assert await due_of(subscribers, wrote.conversation_id) == midnight + timedelta(hours=2)
    removed = await owner.delete(f"{API}/calendars/{calendar['id']}")
    assert removed.status_code == 204
    await recompute(company)
    assert await due_of(subscribers, wrote.conversation_id) == open_due


async def test_a_snoozed_conversation_goes_on_with_what_was_left(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    wrote = await subscribers.write("Где мой заказ?", "601", ago=5 * MINUTE)
    before = await due_of(subscribers, wrote.conversation_id)
    until = company.clock() + timedelta(hours=1)
    at = f"{API}/conversations/{wrote.conversation_id}"
    await owner.patch(at, json={"snoozed_until": until.isoformat()})
    snoozed = await subscribers.conversation(wrote.conversation_id)
    assert (snoozed.first_response_due_at, snoozed.warn_at, len(snoozed.pauses)) == (None, None, 1)
    company.clock.advance(timedelta(hours=1, minutes=1))
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())
    woken = await subscribers.conversation(wrote.conversation_id)
    assert woken.status is Status.OPEN
    assert before is not None
    assert woken.pauses == [snoozed.pauses[0], until]
    assert woken.first_response_due_at == before + (until - snoozed.pauses[0])
    await owner.patch(at, json={"status": "waiting_client"})
    company.clock.advance(timedelta(hours=3))
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())
    waiting = await subscribers.conversation(wrote.conversation_id)
    assert (waiting.first_response_due_at, waiting.first_response_breached_at) == (None, None)
    await subscribers.write("Ну что там?", "601", ago=timedelta())
    asked = await subscribers.conversation(wrote.conversation_id)
    assert asked.status is Status.OPEN
    assert len(asked.pauses) == 4


async def test_a_warning_then_a_breach_that_the_head_hears_of_once(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    head = company.people["admin"].agent_id
    await owner.post(f"{API}/sla-policies", json={**POLICY, "workspace_id": company.workspace_id, "head_id": head})
    wrote = await subscribers.write("Где мой заказ?", "601", ago=11 * MINUTE)
    for length in (timedelta(), timedelta(), 5 * MINUTE, timedelta()):
        company.clock.advance(length)
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            await sweep(session, company.clock())
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        refs = await session.scalars(select(LiveEvent.ref).where(LiveEvent.kind == "sla").order_by(LiveEvent.seq))
        told = [(ref["clock"], ref["level"]) for ref in refs]
    assert told == [("first", "warning"), ("first", "breach")]
    due = (await subscribers.conversation(wrote.conversation_id)).first_response_due_at
    assert due is not None
    job = EscalateBreach(conversation_id=wrote.conversation_id, clock="first", due_at=due)
    for _ in range(2):
        await escalate(company.context, job)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        lines = list(await session.scalars(select(Activity).where(Activity.kind == "escalated")))
        name = await session.scalar(select(Agent.name).where(Agent.id == head))
    assert [line.details["heads"] for line in lines] == [name]


async def test_what_falls_due_at_once_is_swept_page_by_page_in_one_round(
    company: Company, subscribers: Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaching, "PAGE", 2)
    owner = await company.client_of("owner")
    await owner.post(f"{API}/sla-policies", json={**POLICY, "workspace_id": company.workspace_id})
    for number in range(5):
        await subscribers.write("Где мой заказ?", f"60{number}", ago=20 * MINUTE)
    await sweep_pages(company.context, company.clock(), asyncio.Event())
    assert await count_breached(company) == 5


async def test_the_hours_page_draws_saves_and_says_what_is_wrong(company: Company) -> None:
    browser = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings/hours"
    assert "10:00" in (await browser.get(at)).text
    form = {"name": "Часы", "time_zone": "Europe/Moscow", "holidays": "RU", "opens_0": ["10:00"], "closes_0": ["14:00"]}
    drawn = await browser.post(f"{at}/draft", data={**form, "act": "add:0"})
    assert 'value="15:00"' in drawn.text
    wrong = await browser.post(f"{at}/new", data={**form, "closes_0": [""]})
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    spans = {"opens_0": ["10:00", "20:00"], "closes_0": ["14:00", "08:00"]}
    days = {
        "day_first": ["2026-12-31"],
        "day_last": [""],
        "day_name": ["Короткий день"],
        "day_hours": ["10–12, 13-14:30"],
    }
    saved = await browser.post(f"{at}/new", data={**form, **spans, **days})
    assert saved.status_code == 303, saved.text
    client = await company.client_of("owner")
    (calendar,) = (await client.get(f"{API}/calendars", params={"workspace_id": company.workspace_id})).json()["items"]
    assert calendar["is_default"]
    assert calendar["intervals"][1] == {"weekday": 0, "opens": "20:00", "closes": "08:00"}
    assert calendar["days"][0]["spans"] == [
        {"opens": "10:00", "closes": "12:00"},
        {"opens": "13:00", "closes": "14:30"},
    ]
    promises = f"/w/{company.workspace_id}/settings/promises"
    page = await browser.post(
        f"{promises}/new",
        data={
            "name": "15 минут",
            "first_normal": "15",
            "next_normal": "30",
            "first_urgent": "3",
            "after_closed": "2,5",
        },
    )
    assert page.status_code == 303, page.text
    (policy,) = (await client.get(f"{API}/sla-policies")).json()["items"]
    assert (policy["after_closed_minutes"], policy["goals"][0]["next_response_minutes"]) == (150, 30)
    assert "15 минут" in (await browser.get(promises)).text

"""Off shift after idle: what counts as being there, whose setting holds, and what the person is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox.agents.models import Agent, ShiftState
from inbox.audit.models import AuditEntry
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.models import LiveEvent
from inbox.organisations.models import Membership, Role, Workspace
from inbox.sla.sweep import sweep
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside
HOUR = timedelta(minutes=60)


async def come(company: Company, *names: str) -> None:
    """On shift, by the switch."""
    for name in names:
        client = await company.client_of(name)
        assert (await client.patch("/api/v1/me", json={"shift_state": "on"})).status_code == 200


async def shifts(company: Company, *names: str) -> list[ShiftState]:
    """Their states, seen from outside: asking would count as doing something."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        ids = [company.people[name].agent_id for name in names]
        rows = await session.execute(select(Agent.id, Agent.shift_state).where(Agent.id.in_(ids)))
        found = dict(rows.all())
        return [found[agent_id] for agent_id in ids]


async def pass_time(company: Company, length: timedelta) -> None:
    """Time passes, and is swept."""
    company.clock.advance(length)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())


async def allow(company: Company, workspace_id: int, length: timedelta) -> None:
    """Another setting, written where no page would change anything else."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Workspace).where(Workspace.id == workspace_id).values(idle_off_after=length))


async def told(company: Company) -> list[tuple[int, dict[str, object]]]:
    """Live words on people: (workspace, what)."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.scalars(select(LiveEvent).where(LiveEvent.kind == "agent").order_by(LiveEvent.seq))
        return [(one.workspace_id, dict(one.ref)) for one in rows]


ON, OFF, BREAK = ShiftState.ON, ShiftState.OFF, ShiftState.BREAK


async def test_who_does_nothing_for_an_hour_is_off_and_who_does_anything_stays(company: Company) -> None:
    await come(company, "moderator", "colleague", "sales")
    client, browser = await company.client_of("colleague"), await company.browser_of("sales")
    await pass_time(company, HOUR - timedelta(minutes=2))
    await client.get("/api/v1/me")
    assert (await browser.post("/me/active")).status_code == 204
    assert await shifts(company, "moderator", "colleague", "sales") == [ON, ON, ON]
    await pass_time(company, timedelta(minutes=3))
    assert await shifts(company, "moderator", "colleague", "sales") == [OFF, ON, ON]
    agent_id = company.people["moderator"].agent_id
    events = [event for event in await told(company) if event[1]["agent_id"] == agent_id]
    assert events[-1] == (company.workspace_id, {"agent_id": agent_id, "shift_state": "off"})
    await pass_time(company, HOUR)
    assert await shifts(company, "colleague", "sales") == [OFF, OFF]


async def test_each_telling_of_a_page_counts_also_where_people_are_set_off_soon(company: Company) -> None:
    """A page tells every three minutes by its own clock, which is not ours."""
    await allow(company, company.workspace_id, timedelta(minutes=10))
    await come(company, "moderator")
    browser = await company.browser_of("moderator")
    for _ in range(5):
        await pass_time(company, timedelta(minutes=2, seconds=58))
        assert (await browser.post("/me/active")).status_code == 204
        async with company.context.database.session(EVERY_WORKSPACE) as session:
            agent = await session.get_one(Agent, company.people["moderator"].agent_id)
            assert agent.last_active_at is not None
            assert company.clock() - agent.last_active_at < timedelta(minutes=1)
    assert await shifts(company, "moderator") == [ON]


async def test_looking_at_pages_alone_is_no_activity_and_a_break_is_left_alone(company: Company) -> None:
    await come(company, "moderator")
    sales = await company.client_of("sales")
    await sales.patch("/api/v1/me", json={"shift_state": "break"})
    browser = await company.browser_of("moderator")
    for _ in range(4):
        await pass_time(company, timedelta(minutes=16))
        await browser.get(f"/w/{company.workspace_id}/inbox")
    assert await shifts(company, "moderator", "sales") == [OFF, BREAK]


async def test_the_presence_needs_the_pages_token(company: Company) -> None:
    guest = await company.guest()
    assert (await guest.post("/me/active")).status_code in {303, 401}
    browser = await company.browser_of("owner")
    bare = {name: value for name, value in browser.headers.items() if "csrf" not in name.lower()}
    assert (await guest.post("/me/active", headers=bare)).status_code == 403


async def test_whoever_was_set_off_is_told_once_and_comes_back_with_a_press(
    company: Company, subscribers: Subscribers
) -> None:
    await come(company, "moderator")
    wrote = await subscribers.write("Вопрос")
    client = await company.client_of("moderator")
    await client.post(f"/api/v1/conversations/{wrote.conversation_id}/claim")
    await pass_time(company, HOUR + timedelta(minutes=1))
    assert await shifts(company, "moderator") == [OFF]
    assert (await subscribers.conversation(wrote.conversation_id)).assignee_id == company.people["moderator"].agent_id
    browser = await company.browser_of("moderator")
    notice = await browser.post("/me/active", headers={"HX-Request": "true"})
    assert (notice.status_code, 'hx-post="/me"' in notice.text, "Back on shift" in notice.text) == (200, True, True)
    assert (await browser.post("/me/active")).status_code == 204
    back = await browser.post("/me", data={"shift_state": "on"}, headers={"HX-Request": "true"})
    assert back.status_code == 204
    assert await shifts(company, "moderator") == [ON]
    await browser.post("/me", data={"shift_state": "off"})
    await pass_time(company, HOUR * 2)
    assert (await browser.post("/me/active")).status_code == 204, "who left by hand is told nothing"


async def test_of_several_projects_the_longest_time_holds_and_never_keeps_for_good(company: Company) -> None:
    agent_id = company.people["moderator"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        organisation_id = (await session.get_one(Agent, agent_id)).organisation_id
        session.add(
            Membership(
                organisation_id=organisation_id, workspace_id=company.second_id, agent_id=agent_id, role=Role.MODERATOR
            )
        )  # fmt: skip
    await allow(company, company.workspace_id, timedelta(minutes=10))
    await allow(company, company.second_id, timedelta(minutes=30))
    await come(company, "moderator", "colleague", "neighbour")
    await pass_time(company, timedelta(minutes=20))
    assert await shifts(company, "moderator", "colleague", "neighbour") == [ON, OFF, ON]
    await allow(company, company.second_id, timedelta())
    await pass_time(company, timedelta(days=2))
    assert await shifts(company, "moderator", "neighbour") == [ON, ON]
    await allow(company, company.second_id, timedelta(minutes=30))
    before = len(await told(company))
    await pass_time(company, timedelta(minutes=1))
    assert await shifts(company, "moderator", "neighbour") == [OFF, OFF]
    off = {(workspace_id, ref["agent_id"]) for workspace_id, ref in (await told(company))[before:]}
    neighbour = company.people["neighbour"].agent_id
    assert off == {(company.workspace_id, agent_id), (company.second_id, agent_id), (company.second_id, neighbour)}


async def test_an_owner_chooses_the_time_on_the_page_of_people(company: Company) -> None:
    owner, moderator = await company.browser_of("owner"), await company.browser_of("moderator")
    at = f"/w/{company.workspace_id}/settings/people"
    assert 'name="minutes"' in (await owner.get(at)).text
    assert 'value="60"' in (await owner.get(at)).text
    assert 'value="90"' in (await owner.post(f"{at}/idle", data={"minutes": "90"})).text
    assert "At least 10 minutes" in (await owner.post(f"{at}/idle", data={"minutes": "9"})).text
    assert (await owner.post(f"{at}/idle", data={"minutes": "-1"})).status_code == 422
    assert (await moderator.post(f"{at}/idle", data={"minutes": "5"})).status_code == 403
    client = await company.client_of("owner")
    (place,) = (await client.get("/api/v1/me")).json()["workspaces"]
    assert place["idle_off_minutes"] == 90
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "workspace.changed"))).one()
        assert (entry.before, entry.after) == ({"idle_off_minutes": 60}, {"idle_off_minutes": 90})
        others = await session.scalars(select(Workspace.idle_off_after).where(Workspace.id != company.workspace_id))
        assert set(others) == {HOUR}

"""Who only reads reports: out of every team, handed nothing, and taken into none."""

import pytest
from sqlalchemy import delete, select, update

from inbox.agents.models import Agent, ShiftState
from inbox.conversations.models import Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import TeamMember
from routing.assignment.service import drain
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def test_who_only_reads_reports_is_out_of_the_teams_and_returns_open_cases(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос", "501")
    agent_id = company.people["sales"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        taken = {"assignee_id": agent_id, "team_id": company.team_ids["sales"]}
        await session.execute(update(Conversation).values(taken))
        await session.execute(update(Agent).where(Agent.id == agent_id).values(shift_state=ShiftState.ON))
    owner = await company.client_of("owner")
    assert (
        await owner.patch(f"/api/v1/workspaces/{company.workspace_id}/agents/{agent_id}", json={"role": "viewer"})
    ).status_code == 204
    assert (await subscribers.conversation(wrote.conversation_id)).assignee_id is None
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        assert list(await session.scalars(select(TeamMember).where(TeamMember.agent_id == agent_id))) == []
        assert await drain(session, company.workspace_id, company.clock()) == 0
    assert (await subscribers.conversation(wrote.conversation_id)).assignee_id is None


async def test_a_team_takes_nobody_who_only_reads_reports_and_one_who_is_in_it_hinders_no_other_change(
    company: Company,
) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    viewer, other = company.people["viewer"].agent_id, company.people["colleague"].agent_id
    at = f"/api/v1/teams/{company.team_ids['sales']}"
    refused = await owner.patch(at, json={"agent_ids": [other, viewer]})
    assert (refused.status_code, "may read reports only" in refused.json()["detail"]) == (422, True)
    new = {"workspace_id": company.workspace_id, "name": "Ночь", "agent_ids": [viewer]}
    assert (await owner.post("/api/v1/teams", json=new)).status_code == 422
    form = f"/w/{company.workspace_id}/settings/teams"
    chosen = {"name": "Продажи", "agent_ids": str(viewer)}
    page = (await browser.post(f"{form}/{company.team_ids['sales']}", data=chosen)).text
    assert "may read reports only" in page
    assert f'name="agent_ids" value="{viewer}"' not in page
    assert "Продажи" not in (await browser.get(form)).text
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(delete(TeamMember).where(TeamMember.team_id == company.team_ids["sales"]))
        left = {"workspace_id": company.workspace_id, "team_id": company.team_ids["sales"], "agent_id": viewer}
        session.add(TeamMember(**left))
    assert (await owner.patch(at, json={"name": "Продажи"})).status_code == 200
    assert (await owner.patch(at, json={"agent_ids": [viewer]})).status_code == 422
    assert (await owner.patch(at, json={"agent_ids": [other]})).json()["agent_ids"] == [other]

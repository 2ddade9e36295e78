"""People and teams: invitations and resets by one-time link, roles, leaving, and the end of an account."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from inbox.agents.models import Agent
from inbox.conversations.models import Activity, Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, OneTimeLink, Role, TeamMember
from tests.api.subscribers import Subscribers
from tests.company import Company, csrf_token_for

pytestmark = pytest.mark.outside
LONG = "another long password"


def people(company: Company, name: str = "") -> str:
    at = f"/api/v1/workspaces/{company.workspace_id}/agents"
    return f"{at}/{company.people[name].agent_id}" if name else at


async def invite(company: Company, email: str = "new@otklik.test", role: str = "moderator") -> httpx.Response:
    owner = await company.client_of("owner")
    body = {"workspace_id": company.workspace_id, "email": email, "role": role}
    return await owner.post("/api/v1/agents/invitations", json=body)


async def use(company: Company, url: str, **form: str) -> httpx.Response:
    """As a browser without a session does."""
    guest = await company.guest()
    guest.headers["Accept-Language"] = "en"
    path = re.sub(r"^https?://[^/]+", "", url)
    page = await guest.get(path)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token, page.text
    # The guest's cookie goes over TLS only; here it is carried by hand.
    cookie = page.headers["set-cookie"].split(";")[0]
    return await guest.post(path, data={"csrf_token": token[1], **form}, headers={"Cookie": cookie})


async def test_an_invitation_makes_an_account_once(company: Company) -> None:
    url = (await invite(company)).json()["url"]
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        stored = (await session.scalars(select(OneTimeLink))).one()
        assert url.rsplit("=", 1)[1] not in {stored.secret_hash, stored.email}
    assert "at least 8" in (await use(company, url, name="Нина", password="short")).text.replace(
        "не менее 8", "at least 8"
    )
    joined = await use(company, url, name="Нина", password=LONG)
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert "otklik" in joined.headers["set-cookie"]
    guest = await company.guest()
    assert (await guest.get(re.sub(r"^https?://[^/]+", "", url))).status_code == 410
    signed_in = await guest.post("/api/v1/auth/token", json={"email": "new@otklik.test", "password": LONG})
    assert signed_in.status_code == 200
    me = await guest.get("/api/v1/me", headers={"Authorization": f"Bearer {signed_in.json()['token']}"})
    assert [(one["id"], one["role"]) for one in me.json()["workspaces"]] == [(company.workspace_id, "moderator")]


async def test_a_link_ends_with_its_time(company: Company) -> None:
    url = (await invite(company)).json()["url"]
    company.clock.advance(timedelta(days=8))
    guest = await company.guest()
    assert (await guest.get(re.sub(r"^https?://[^/]+", "", url))).status_code == 410


async def test_who_is_known_joins_at_once_and_strangers_accounts_stay_theirs(company: Company) -> None:
    neighbour = await invite(company, company.people["neighbour"].email)
    assert neighbour.json() == {"url": None}
    assert (await invite(company, company.people["neighbour"].email)).status_code == 409
    assert (await invite(company, company.people["outsider"].email)).status_code == 409
    assert (await invite(company, "not an address")).status_code == 422


async def test_a_reset_ends_all_sessions_and_sets_the_password(company: Company) -> None:
    owner, moderator = await company.client_of("owner"), await company.client_of("moderator")
    first = (await owner.post(f"{people(company, 'moderator')}/reset")).json()["url"]
    second = (await owner.post(f"{people(company, 'moderator')}/reset")).json()["url"]
    guest = await company.guest()
    assert (await guest.get(re.sub(r"^https?://[^/]+", "", first))).status_code == 410
    assert (await moderator.get("/api/v1/me")).status_code == 200
    assert (await use(company, second, password=LONG)).status_code == 303
    assert (await moderator.get("/api/v1/me")).status_code == 401
    credentials = {"email": company.people["moderator"].email, "password": LONG}
    assert (await guest.post("/api/v1/auth/token", json=credentials)).status_code == 200


async def test_leaving_ends_the_session_at_once_and_returns_open_cases(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос", "501")
    agent_id = company.people["moderator"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=agent_id))
    owner, moderator = await company.client_of("owner"), await company.client_of("moderator")
    browser = await company.browser_of("moderator")
    assert (await owner.post(f"{people(company, 'moderator')}/deactivate")).status_code == 204
    assert (await moderator.get("/api/v1/me")).status_code == 401
    assert (await browser.get(f"/w/{company.workspace_id}/inbox")).status_code in {303, 401}
    assert (await subscribers.conversation(wrote.conversation_id)).assignee_id is None
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        lines = list(await session.scalars(select(Activity.kind)))
        connection = await session.connection()
        jobs = await connection.exec_driver_sql("select task_name from procrastinate_jobs")
        assert [row[0] for row in jobs] == ["routing.assignment.drain"]
        assert (await session.get_one(Agent, agent_id)).deactivated_at is not None
    assert lines == ["unassigned"]


async def test_out_of_the_project_is_out_of_its_teams(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос", "501")
    agent_id = company.people["sales"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=agent_id))
    owner = await company.client_of("owner")
    assert (await owner.delete(people(company, "sales"))).status_code == 204
    assert (await subscribers.conversation(wrote.conversation_id)).assignee_id is None
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.get(Membership, (company.workspace_id, agent_id)) is None
        assert list(await session.scalars(select(TeamMember).where(TeamMember.agent_id == agent_id))) == []
    sales = await company.client_of("sales")
    assert (await sales.get("/api/v1/me")).json()["workspaces"] == []


async def test_nobody_rises_above_whoever_appoints_them_and_an_owner_stays(company: Company) -> None:
    admin, owner = await company.client_of("admin"), await company.client_of("owner")
    moderator = await company.client_of("moderator")
    assert (await admin.patch(people(company, "sales"), json={"role": "owner"})).status_code == 403
    assert (await admin.post(f"{people(company, 'owner')}/reset")).status_code == 403
    assert (await admin.delete(people(company, "owner"))).status_code == 403
    assert (await moderator.patch(people(company, "sales"), json={"role": "viewer"})).status_code == 403
    assert (await owner.patch(people(company, "owner"), json={"role": "admin"})).status_code == 409
    assert (await owner.delete(people(company, "owner"))).status_code == 409
    assert (await owner.patch(people(company, "sales"), json={"role": "owner"})).status_code == 204
    assert (await owner.patch(people(company, "owner"), json={"role": "admin"})).status_code == 204


async def test_who_is_in_projects_of_others_is_removed_not_closed(company: Company) -> None:
    agent_id = company.people["sales"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        organisation_id = await session.scalar(select(Agent.organisation_id).where(Agent.id == agent_id))
        session.add(
            Membership(
                workspace_id=company.second_id, agent_id=agent_id, organisation_id=organisation_id, role=Role.SALES
            )
        )  # fmt: skip
    owner = await company.client_of("owner")
    assert (await owner.post(f"{people(company, 'sales')}/deactivate")).status_code == 403
    assert (await owner.post(f"{people(company, 'sales')}/reset")).status_code == 403


async def test_teams_are_made_and_hold_exactly_whom_they_are_given(company: Company) -> None:
    owner = await company.client_of("owner")
    one, other = company.people["moderator"].agent_id, company.people["colleague"].agent_id
    made = await owner.post(
        "/api/v1/teams", json={"workspace_id": company.workspace_id, "name": "Ночь", "agent_ids": [one]}
    )
    assert (made.status_code, made.json()["agent_ids"]) == (201, [one])
    at = f"/api/v1/teams/{made.json()['id']}"
    assert (await owner.patch(at, json={"agent_ids": [other]})).json()["agent_ids"] == [other]
    assert (await owner.patch(at, json={"name": "Sales"})).status_code == 409
    stranger = company.people["outsider"].agent_id
    assert (await owner.patch(at, json={"agent_ids": [stranger]})).status_code == 422
    moderator = await company.client_of("moderator")
    assert (await moderator.patch(at, json={"name": "x"})).status_code == 403


async def test_pages_of_people_and_teams(company: Company) -> None:
    owner = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings"
    shown = (await owner.post(f"{at}/people", data={"email": "new@otklik.test", "role": "sales"})).text
    url = re.search(r'value="(https?://[^"]+/welcome\?key=[^"]+)"', shown)
    assert url
    assert (await use(company, url[1], name="Нина", password=LONG)).status_code == 303
    assert "Нина" in (await owner.get(f"{at}/people")).text
    wrong = (await owner.post(f"{at}/people/{company.people['owner'].agent_id}/role", data={"role": "viewer"})).text
    assert "only owner" in wrong
    reset = (await owner.post(f"{at}/people/{company.people['sales'].agent_id}/reset")).text
    assert "/welcome?key=" in reset
    assert (await owner.post(f"{at}/teams", data={"name": "Ночь"})).status_code == 303
    page = (await owner.get(f"{at}/teams")).text
    assert "Ночь" in page
    team = f"{at}/teams/{company.team_ids['sales']}"
    chosen = {"name": "Продажи", "agent_ids": str(company.people["moderator"].agent_id)}
    assert (await owner.post(team, data=chosen)).status_code == 303
    assert csrf_token_for(company.people["owner"].cookie) in page
    admin = await company.browser_of("admin")
    gone = f"{at}/people/{company.people['colleague'].agent_id}"
    assert (await admin.post(f"{gone}/account/remove")).status_code == 303
    moderator = await company.browser_of("moderator")
    assert (await moderator.get(f"{at}/people")).status_code == 403

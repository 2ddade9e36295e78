"""Projects made, renamed, archived and brought back by their owners."""

import json

import httpx
import pytest
from sqlalchemy import select

from inbox.audit.models import AuditEntry
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import (
    FurnishProject,
)  # fmt: skip
from inbox.organisations.models import Team, Workspace
from routing.rules.models import Rule
from routing.rules.ready import furnish
from tests.api.archiving import API, archive, jobs
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def names(client: httpx.AsyncClient) -> list[str]:
    """The projects that somebody has."""
    return [one["name"] for one in (await client.get("/api/v1/me")).json()["workspaces"]]


async def test_an_owner_makes_a_project_that_begins_as_the_first_one_does(company: Company) -> None:
    owner = await company.client_of("owner")
    answer = await owner.post(API, json={"name": "  Кухни   «Уют» ", "time_zone": "Asia/Omsk"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["time_zone"], made["role"], made["archived_at"]) == (
        "Кухни «Уют»", "Asia/Omsk", "owner", None,
    )  # fmt: skip
    assert await names(owner) == ["Кухни «Уют»", "Мебель «Лад»"]
    assert await jobs(company) == [FurnishProject.name]
    for _ in range(2):
        await furnish(company.context, FurnishProject(workspace_id=made["id"]))
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        teams = await session.scalars(select(Team.purpose).where(Team.workspace_id == made["id"]).order_by(Team.id))
        assert list(teams) == ["sales", "support", "moderators"], "once"
        assert len((await session.scalars(select(Rule).where(Rule.workspace_id == made["id"]))).all()) > 3
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.workspace_id == made["id"]))).one()
    assert (entry.action, entry.agent_id) == ("workspace.created", company.people["owner"].agent_id)
    taken = await owner.post(API, json={"name": "Кофейня «Зерно»"})
    assert taken.status_code == 409, "also of a project of the organisation that one is not in"
    for bad in ({"name": "  "}, {"name": "Б", "time_zone": "Europe/Atlantis"}, {"name": "Б" * 61}, {"name": "\x00"}):
        assert (await owner.post(API, json=bad)).status_code == 422
    outsider = await company.client_of("outsider")
    assert (await outsider.post(API, json={"name": "Кофейня «Зерно»"})).status_code == 201, "names are one's own"


@pytest.mark.parametrize("name", ["admin", "moderator", "viewer"])
async def test_nobody_but_an_owner_makes_renames_or_archives(company: Company, name: str) -> None:
    client, browser = await company.client_of(name), await company.browser_of(name)
    at = f"/w/{company.workspace_id}/settings"
    assert (await client.post(API, json={"name": "Ещё"})).status_code == 403
    for patch in ({"name": "Ещё"}, {"time_zone": "UTC"}, {"archived": True}, {"archived": False}):
        assert (await client.patch(f"{API}/{company.workspace_id}", json=patch)).status_code == 403
    assert (await browser.get(f"{at}/projects")).status_code == 403
    assert (await browser.post("/projects", data={"name": "Ещё", "time_zone": "UTC"})).status_code == 403
    assert (await browser.post(f"{at}/project/about", data={"name": "Ещё", "time_zone": "UTC"})).status_code == 403
    assert (await browser.post(f"{at}/project/archive")).status_code == 403
    await archive(company)
    assert (await browser.post(f"/projects/{company.workspace_id}/resume")).status_code == 403
    assert (await client.get(API)).json()["items"] == [], "what is archived is its owners' to see"
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert (await session.get_one(Workspace, company.workspace_id)).name == "Мебель «Лад»"


async def test_an_owner_renames_it_and_no_two_have_one_name(company: Company) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings/project"
    page = (await browser.post(f"{at}/about", data={"name": "Лад и Ко", "time_zone": "Europe/Moscow"})).text
    assert "Лад и Ко" in page
    assert await names(await company.client_of("viewer")) == ["Лад и Ко"]
    taken = await browser.post(f"{at}/about", data={"name": "Кофейня «Зерно»", "time_zone": "Europe/Moscow"})
    assert 'role="alert"' in taken.text
    assert (await owner.patch(f"{API}/{company.workspace_id}", json={"name": "Лад и Ко"})).status_code == 200
    assert await names(owner) == ["Лад и Ко"]
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        (entry,) = await session.scalars(select(AuditEntry).where(AuditEntry.action == "workspace.changed"))
    assert (entry.before, entry.after) == ({"name": "Мебель «Лад»"}, {"name": "Лад и Ко"})


async def test_another_time_zone_is_what_its_people_read_times_by(company: Company) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings/project"
    page = (await browser.post(f"{at}/about", data={"name": "Мебель «Лад»", "time_zone": "Asia/Omsk"})).text
    assert 'value="Asia/Omsk" selected' in page
    for bad in ("Europe/Atlantis", ""):
        refused = await browser.post(f"{at}/about", data={"name": "Другое", "time_zone": bad})
        assert refused.status_code == 422 or 'role="alert"' in refused.text
        assert (await owner.patch(f"{API}/{company.workspace_id}", json={"time_zone": bad})).status_code == 422
    assert await names(owner) == ["Мебель «Лад»"], "neither is written when one is wrong"
    moved = await owner.patch(f"{API}/{company.workspace_id}", json={"time_zone": "Asia/Vladivostok"})
    assert (moved.json()["time_zone"], moved.json()["name"]) == ("Asia/Vladivostok", "Мебель «Лад»")
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entries = await session.scalars(select(AuditEntry).where(AuditEntry.action == "workspace.changed"))
        assert [(entry.before, entry.after) for entry in entries] == [
            ({"time_zone": "Europe/Moscow"}, {"time_zone": "Asia/Omsk"}),
            ({"time_zone": "Asia/Omsk"}, {"time_zone": "Asia/Vladivostok"}),
        ]


async def test_the_pages_make_archive_and_bring_back(company: Company) -> None:
    browser = await company.browser_of("owner")
    made = await browser.post("/projects", data={"name": "Вторая", "time_zone": "Europe/Samara"})
    assert made.status_code == 303
    assert (await browser.get(made.headers["location"])).status_code == 200
    again = await browser.post("/projects", data={"name": "Вторая", "time_zone": "Europe/Samara"})
    assert again.status_code == 409
    assert 'role="alert"' in again.text
    gone = await browser.post(f"/w/{company.workspace_id}/settings/project/archive")
    assert gone.headers["location"] == "/w/all/settings/projects"
    page = (await browser.get(gone.headers["location"])).text
    assert f'action="/projects/{company.workspace_id}/resume"' in page
    assert f'href="/w/{company.workspace_id}/inbox"' not in (await browser.get("/w/all/more")).text
    assert (await browser.get(f"/w/{company.workspace_id}/inbox")).status_code == 404
    back = await browser.post(f"/projects/{company.workspace_id}/resume")
    assert back.headers["location"] == f"/w/{company.workspace_id}/inbox"
    assert (await browser.get(back.headers["location"])).status_code == 200
    assert (await browser.post("/w/all/settings/project/archive")).status_code == 404, "one at a time, by its address"


async def test_what_is_archived_is_out_of_sight_and_its_owner_has_the_way_back(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner, moderator = await company.client_of("owner"), await company.client_of("moderator")
    await archive(company)
    for client in (owner, moderator):
        assert await names(client) == []
        assert (await client.get("/api/v1/conversations")).json()["items"] == []
        assert (await client.get(f"/api/v1/conversations/{wrote.conversation_id}")).status_code == 404
        answer = {"text": "Ответ"}
        path = f"/api/v1/conversations/{wrote.conversation_id}/messages"
        assert (await client.post(path, json=answer)).status_code == 404
    (shown,) = (await owner.get(API)).json()["items"]
    assert (shown["id"], shown["role"]) == (company.workspace_id, "owner")
    browser = await company.browser_of("owner")
    home = (await browser.get("/")).text
    assert "/w/all/settings/projects" in home
    assert f"/projects/{company.workspace_id}/resume" in (await browser.get("/w/all/settings/projects")).text
    assert "/w/all/settings/projects" not in (await (await company.browser_of("moderator")).get("/")).text
    await archive(company, archived=False)
    assert await names(moderator) == ["Мебель «Лад»"]
    assert (await moderator.get(f"/api/v1/conversations/{wrote.conversation_id}")).status_code == 200
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entries = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
    assert list(entries) == ["workspace.archived", "workspace.resumed"]


async def test_an_account_is_closed_by_who_owns_also_its_archived_projects(company: Company) -> None:
    owner = await company.client_of("owner")
    second = (await owner.post(API, json={"name": "Вторая"})).json()["id"]
    viewer = company.people["viewer"].agent_id
    invited = {"workspace_id": second, "email": company.people["viewer"].email, "role": "owner"}
    assert (await owner.post("/api/v1/agents/invitations", json=invited)).status_code == 201
    assert (await owner.patch(f"{API}/{second}", json={"archived": True})).status_code == 200
    admin = await company.client_of("admin")
    at = f"{API}/{company.workspace_id}/agents/{viewer}"
    assert (await admin.post(f"{at}/reset")).status_code == 403, "by it an archived project could be taken"
    assert (await owner.post(f"{at}/deactivate")).status_code == 204
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entries = await session.execute(
            select(AuditEntry.workspace_id).where(AuditEntry.action == "agent.deactivated").order_by(AuditEntry.id)
        )
    assert json.dumps([one for (one,) in entries]) == json.dumps([company.workspace_id, second])

"""Who sees which conversations, and what each role may do with them."""

import pytest
from sqlalchemy import update

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.tokens import load_caller
from inbox.conversations.access import sees
from inbox.conversations.models import Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Workspace
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside

PLACES = {
    "free": (None, None),
    "sales free": (None, "sales"),
    "sales own": ("sales", "sales"),
    "sales colleague": ("owner", "sales"),
    "support free": (None, "support"),
    "support taken": ("colleague", "support"),
    "moderators taken": ("owner", "moderators"),
    "moderator own": ("moderator", None),
}
"""name → (assignee, team)."""
VISIBLE = {
    "owner": set(PLACES),
    "admin": set(PLACES),
    "moderator": {"free", "sales free", "support free", "moderators taken", "moderator own"},
    "colleague": {"free", "sales free", "support free", "support taken"},
    "sales": {"sales free", "sales own"},
    "viewer": set(),
    "neighbour": set(),
    "outsider": set(),
}


async def fill(company: Company, subscribers: Subscribers) -> dict[int, str]:
    """A conversation of each kind; id → name."""
    ids: dict[int, str] = {}
    for number, (name, (assignee, team)) in enumerate(PLACES.items()):
        wrote = await subscribers.write("Вопрос", str(600 + number))
        ids[wrote.conversation_id] = name
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(
                update(Conversation)
                .where(Conversation.id == wrote.conversation_id)
                .values(
                    assignee_id=company.people[assignee].agent_id if assignee else None,
                    team_id=company.team_ids[team] if team else None,
                )
            )
    return ids


async def caller_of(company: Company, name: str) -> Caller:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        agent = await session.get_one(Agent, company.people[name].agent_id)
        return await load_caller(session, agent, 0)


async def test_each_role_sees_what_is_its_own_business(company: Company, subscribers: Subscribers) -> None:
    ids = await fill(company, subscribers)
    for name, expected in VISIBLE.items():
        client = await company.client_of(name)
        listed = {ids[item["id"]] for item in (await client.get("/api/v1/conversations")).json()["items"]}
        assert listed == expected, name
        opened = {
            place for one, place in ids.items() if (await client.get(f"/api/v1/conversations/{one}")).status_code == 200
        }
        assert opened == expected, name
        caller = await caller_of(company, name)
        told = {
            place
            for place, (assignee, team) in PLACES.items()
            if sees(
                caller,
                company.workspace_id,
                company.people[assignee].agent_id if assignee else None,
                company.team_ids[team] if team else None,
            )
        }
        assert told == expected, "live events follow the same rule"


async def test_a_workspace_may_show_its_moderators_everything(company: Company, subscribers: Subscribers) -> None:
    ids = await fill(company, subscribers)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Workspace).values(sees_all=True))
    for name, expected in (("moderator", set(PLACES)), ("sales", VISIBLE["sales"]), ("viewer", set())):
        client = await company.client_of(name)
        listed = {ids[item["id"]] for item in (await client.get("/api/v1/conversations")).json()["items"]}
        assert listed == expected, name


async def test_a_viewer_reads_no_conversations_and_is_told_so(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    viewer = await company.client_of("viewer")
    params = {"workspace_id": company.workspace_id}
    assert (await viewer.get("/api/v1/conversations", params=params)).status_code == 403
    assert (await viewer.get(f"/api/v1/messages/{wrote.message_id}")).status_code == 404
    assert (await viewer.get("/api/v1/agents", params=params)).status_code == 200


async def test_sales_answer_and_assign_but_do_not_moderate(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Хочу купить")
    owner, sales = await company.client_of("owner"), await company.client_of("sales")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    await owner.patch(path, json={"team_id": company.team_ids["sales"]})
    assert (await sales.post(f"{path}/claim")).status_code == 200
    moderate = {"action": "delete", "reason": "spam"}
    assert (await sales.post(f"/api/v1/messages/{wrote.message_id}/moderate", json=moderate)).status_code == 403
    handed = await sales.patch(path, json={"assignee_id": company.people["owner"].agent_id})
    assert handed.status_code == 200
    assert (await sales.get(path)).status_code == 404, "handed over, it is no longer the seller's"


async def test_people_and_teams_are_those_of_ones_own_workspaces(company: Company) -> None:
    owner = await company.client_of("owner")
    agents = (await owner.get("/api/v1/agents")).json()["items"]
    names = {"Owner", "Admin", "Moderator", "Colleague", "Sales", "Viewer"}
    assert {one["name"] for one in agents} == names
    assert {one["workspace_id"] for one in agents} == {company.workspace_id}
    teams = (await owner.get("/api/v1/teams")).json()["items"]
    assert {one["name"]: one["agent_ids"] for one in teams}["Sales"] == [company.people["sales"].agent_id]
    first = (await owner.get("/api/v1/agents", params={"limit": 4})).json()
    rest = (await owner.get("/api/v1/agents", params={"limit": 4, "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [one["id"] for one in agents]

"""Rules over the API and as pages: written, put in order, refused when they make no sense, and tried on what was."""

import httpx
import pytest
from sqlalchemy import select

from inbox.conversations.models import Conversation
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from routing.rules.conditions import CONDITIONS
from routing.rules.wording import ACTION_TITLES, CONDITION_TITLES
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside
LEADS = {"field": "intent", "any_of": ["lead"]}


async def add(client: httpx.AsyncClient, company: Company, name: str, **fields: object) -> dict[str, object]:
    body = {"workspace_id": company.workspace_id, "name": name, "conditions": [LEADS], "actions": [{"do": "hold"}]}
    answer = await client.post("/api/v1/rules", json=body | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


async def order(client: httpx.AsyncClient) -> list[str]:
    return [one["name"] for one in (await client.get("/api/v1/rules")).json()["items"]]


async def test_rules_are_written_moved_and_deleted(company: Company) -> None:
    owner = await company.client_of("owner")
    first = await add(owner, company, "а")
    await add(owner, company, "б")
    await add(owner, company, "в", position=99)
    assert await order(owner) == ["б", "а", "в"]
    at = f"/api/v1/rules/{first['id']}"
    moved = await owner.patch(at, json={"position": 2, "enabled": False, "stops": False})
    assert (moved.json()["enabled"], moved.json()["stops"]) == (False, False)
    assert await order(owner) == ["б", "в", "а"]
    assert (await owner.delete(at)).status_code == 204
    assert await order(owner) == ["б", "в"]
    assert (await owner.get(at)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"conditions": [{"field": "expression", "pattern": "(?=x)"}]}, 422),
        ({"conditions": [{"field": "weather"}]}, 422),
        ({"actions": []}, 422),
        ({"actions": [{"do": "team", "team_id": 987654}]}, 422),
        ({"actions": [{"do": "assign", "to": "agent"}]}, 422),
        ({"conditions": [{"field": "channel", "any_of": [987654]}]}, 422),
        ({"name": "занято"}, 409),
        ({"name": "   "}, 422),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(company: Company, fields: dict[str, object], status: int) -> None:
    owner = await company.client_of("owner")
    await add(owner, company, "занято")
    body = {"workspace_id": company.workspace_id, "name": "новое", "conditions": [], "actions": [{"do": "hold"}]}
    answer = await owner.post("/api/v1/rules", json=body | fields)
    assert answer.status_code == status, answer.text


async def test_another_clients_channel_or_team_cannot_be_named(company: Company) -> None:
    owner = await company.client_of("owner")
    body = {"workspace_id": company.workspace_id, "name": "новое", "actions": [{"do": "hold"}]}
    foreign = [{"field": "channel", "any_of": [company.foreign_channel_id]}]
    assert (await owner.post("/api/v1/rules", json=body | {"conditions": foreign})).status_code == 422


async def test_a_dry_run_lists_what_would_have_happened_and_changes_nothing(
    company: Company, subscribers: Subscribers
) -> None:
    lead = await subscribers.write("Сколько стоит кухня?", "501", intent=Intent.LEAD)
    bulk = await subscribers.write("Нужно оптом, какая цена?", "502", intent=Intent.LEAD)
    await subscribers.write("Спасибо", "503", intent=Intent.PRAISE)
    owner = await company.client_of("owner")
    words = [{"field": "words", "any_of": ["опт*"]}]
    await add(owner, company, "опт", conditions=words)
    second = await add(owner, company, "лиды", position=1)
    body: dict[str, object] = {
        "workspace_id": company.workspace_id,
        "conditions": [LEADS],
        "actions": [{"do": "close"}],
    }
    draft = (await owner.post("/api/v1/rules/dry-run", json=body)).json()
    assert (draft["looked_at"], draft["matched"], draft["conversations"]) == (3, 2, 2)
    assert [one["message_id"] for one in draft["items"]] == [bulk.message_id, lead.message_id]
    assert draft["items"][0]["actions"] == [{"do": "close"}]
    in_place = (await owner.post("/api/v1/rules/dry-run", json=body | {"rule_id": second["id"]})).json()
    assert [one["message_id"] for one in in_place["items"]] == [lead.message_id]
    assert in_place["overtaken"] == 1
    everything = (await owner.post("/api/v1/rules/dry-run", json={"workspace_id": company.workspace_id})).json()
    assert {(one["message_id"], one["rule"]) for one in everything["items"]} == {
        (lead.message_id, "лиды"), (bulk.message_id, "опт"),
    }  # fmt: skip
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        states = await session.scalars(select(Conversation.status).where(Conversation.held.is_(False)))
        assert len(list(states)) == 3


async def test_a_dry_run_knows_what_was_before(company: Company, subscribers: Subscribers) -> None:
    first = await subscribers.write("Вопрос", "501")
    owner = await company.client_of("owner")
    await owner.patch(f"/api/v1/conversations/{first.conversation_id}", json={"status": "closed"})
    again = await subscribers.write("Ещё вопрос", "501", ago=-(company.clock.offset))
    for state, expected in (("new", [first.message_id]), ("closed", [again.message_id])):
        conditions = [{"field": "previous_state", "any_of": [state]}]
        body = {"workspace_id": company.workspace_id, "conditions": conditions, "actions": []}
        run = (await owner.post("/api/v1/rules/dry-run", json=body)).json()
        assert [one["message_id"] for one in run["items"]] == expected


async def test_the_editor_offers_every_part_and_saves_what_it_shows(company: Company, subscribers: Subscribers) -> None:
    await subscribers.write("Сколько стоит?", "501", intent=Intent.LEAD)
    owner = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings/rules"
    assert "Begin with one" in (await owner.get(at)).text
    for role, offered in (("c", CONDITION_TITLES), ("a", ACTION_TITLES)):
        for field in offered:
            part = await owner.get(f"{at}/part", params={"role": role, "field": field}, headers={"hx-request": "true"})
            assert f':{field}"' in part.text
    form = {
        "name": "Опт", "part": ["c:1:intent", "c:2:words", "c:3:needs_answer", "a:4:team", "a:5:label"],
        "1.any_of": ["lead", "question"], "1.percent": "70", "2.any_of": "цен*, сколько стоит", "3.gone": "1",
        "4.team_id": str(company.team_ids["sales"]), "4.choose": "sticky", "5.names": "опт", "stops": "1",
    }  # fmt: skip
    dry = await owner.post(f"{at}/dry-run", data=form, headers={"hx-request": "true"})
    assert "It would have acted on 1 message" in dry.text
    assert "Person 501" in dry.text
    assert (await owner.post(f"{at}/new", data=form)).status_code == 303
    page = (await owner.get(at)).text
    assert "hand to the team «Sales», to the same person as before; add the label «опт»" in page
    assert "the subscriber wants: lead or question (surely by 70%)" in page
    again = await owner.post(f"{at}/new", data=form)
    assert again.status_code == 200
    assert "There is a rule of this name already." in again.text
    broken = await owner.post(f"{at}/new", data={"name": "x", "part": ["c:1:expression", "a:2:hold"], "1.pattern": "("})
    assert "cannot be used" in broken.text


async def test_pages_switch_move_and_delete(company: Company) -> None:
    owner = await company.browser_of("owner")
    client = await company.client_of("owner")
    rule = await add(client, company, "а")
    await add(client, company, "б", position=5)
    at = f"/w/{company.workspace_id}/settings/rules/{rule['id']}"
    await owner.post(f"{at}/move", data={"to": "1"})
    assert await order(client) == ["б", "а"]
    await owner.post(f"{at}/switch", data={"on": ""})
    assert "switched off" in (await owner.get(f"/w/{company.workspace_id}/settings/rules")).text
    await owner.post(f"{at}/remove")
    assert await order(client) == ["б"]
    moderator = await company.browser_of("moderator")
    assert (await moderator.get(f"/w/{company.workspace_id}/settings/rules")).status_code == 403


def test_every_condition_and_action_has_words() -> None:
    schema = CONDITIONS.json_schema()
    fields = {
        part["properties"]["field"]["const"]
        for part in schema["$defs"].values()
        if "field" in part.get("properties", {})
    }
    assert fields == set(CONDITION_TITLES)

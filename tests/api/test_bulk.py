"""One deed on many conversations over the API: what it changes, what it tells, and how it is undone."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from inbox.audit.models import AuditEntry
from inbox.conversations.bulk import KEPT, MOST, forget_bulks
from inbox.conversations.models import Activity, BulkChange, BulkStep
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers
from tests.api.test_list import counted
from tests.company import Company

pytestmark = pytest.mark.outside

Done = dict[str, list[int]]


async def write_some(subscribers: Subscribers, count: int, first: int = 501) -> list[int]:
    """As many conversations that wait for an answer."""
    return [(await subscribers.write("Вопрос", str(first + n))).conversation_id for n in range(count)]


async def bulk(client: httpx.AsyncClient, ids: list[int], **change: object) -> dict[str, object]:
    """The deed's answer."""
    answer = await client.post("/api/v1/conversations/bulk", json={"conversation_ids": ids, "change": change})
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


async def undo(client: httpx.AsyncClient, done: dict[str, object]) -> dict[str, object]:
    """The answer to undoing it."""
    answer = await client.post(f"/api/v1/conversations/bulk/{done['id']}/undo")
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


async def shown(client: httpx.AsyncClient, ids: list[int]) -> list[dict[str, object]]:
    """The conversations as the API shows them."""
    return [(await client.get(f"/api/v1/conversations/{one}")).json() for one in ids]


async def test_many_are_closed_in_one_call_and_undone_to_the_last_detail(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    ids = await write_some(subscribers, 3)
    automatic = (await subscribers.write("Заработок", "601", intent=Intent.SPAM)).conversation_id
    until = (company.clock() + timedelta(hours=2)).isoformat()
    assert (await owner.patch(f"/api/v1/conversations/{ids[1]}", json={"snoozed_until": until})).status_code == 200
    everything = [*ids, automatic]
    before = await shown(owner, everything)
    done = await bulk(owner, everything, status="closed")
    assert (done["changed"], done["unchanged"], done["refused"], done["not_found"]) == (everything, [], [], [])
    assert {(one["status"], one["outcome"]) for one in await shown(owner, everything)} == {
        ("closed", "no_answer_needed")
    }
    undone = await undo(owner, done)
    assert (undone["changed"], undone["refused"], undone["id"]) == (everything, [], None)
    assert await shown(owner, everything) == before


async def test_each_field_of_a_deed_is_undone(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    ids = await write_some(subscribers, 2)
    assert (await owner.patch(f"/api/v1/conversations/{ids[0]}", json={"labels": ["vip"]})).status_code == 200
    before = await shown(owner, ids)
    until = (company.clock() + timedelta(hours=2)).isoformat()
    for change in (
        {"assignee_id": "me"},
        {"team_id": company.team_ids["sales"]},
        {"priority": "high"},
        {"add_labels": ["vip", "опт"]},
        {"remove_labels": ["vip"]},
        {"snoozed_until": until},
        {"needs_answer": False},
        {"status": "waiting_client"},
    ):
        done = await bulk(owner, ids, **change)
        assert await shown(owner, ids) != before, change
        await undo(owner, done)
        assert await shown(owner, ids) == before, change


async def test_what_was_so_already_is_told_apart(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    ids = await write_some(subscribers, 2)
    await bulk(owner, ids[:1], status="closed")
    done = await bulk(owner, [*ids, ids[0]], status="closed")
    assert (done["changed"], done["unchanged"]) == ([ids[1]], [ids[0]])
    nothing = await bulk(owner, ids, status="closed")
    assert (nothing["id"], nothing["changed"]) == (None, [])


async def test_undoing_overwrites_nothing_that_changed_since(company: Company, subscribers: Subscribers) -> None:
    owner, colleague = await company.client_of("owner"), await company.client_of("admin")
    ids = await write_some(subscribers, 3)
    done = await bulk(owner, ids, status="closed")
    await colleague.patch(f"/api/v1/conversations/{ids[0]}", json={"status": "waiting_client"})
    await subscribers.write("И ещё вопрос", "502", ago=-timedelta(seconds=1))
    undone = await undo(owner, done)
    assert undone["changed"] == [ids[2]]
    assert undone["unchanged"] == [ids[1]], "the subscriber had reopened it"
    assert undone["refused"] == [{"conversation_id": ids[0], "detail": "somebody has changed it since"}]
    assert [one["status"] for one in await shown(owner, ids)] == ["waiting_client", "open", "open"]
    again = await owner.post(f"/api/v1/conversations/bulk/{done['id']}/undo")
    assert (again.status_code, again.json()["detail"]) == (409, "This was undone already.")


async def test_a_question_that_came_meanwhile_survives_the_undoing(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    (one,) = await write_some(subscribers, 1)
    await owner.patch(f"/api/v1/conversations/{one}", json={"status": "closed"})
    done = await bulk(owner, [one], status="open")
    await subscribers.write("И ещё вопрос", "501", ago=-timedelta(seconds=1))
    await undo(owner, done)
    (now,) = await shown(owner, [one])
    assert (now["status"], now["needs_answer"]) == ("open", True)


async def test_rows_of_others_are_not_there(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    own = (await subscribers.write("Вопрос")).conversation_id
    second = (await subscribers.write("Вопрос", channel=subscribers.second)).conversation_id
    foreign = (await subscribers.write("Вопрос", channel=subscribers.foreign)).conversation_id
    done = await bulk(owner, [second, own, foreign, 10**12], status="closed")
    assert (done["changed"], done["not_found"]) == ([own], [second, foreign, 10**12])
    assert (await subscribers.conversation(foreign)).status == "open"
    assert (await subscribers.conversation(second)).status == "open"


async def test_a_deed_spans_the_projects_of_its_person(company: Company, subscribers: Subscribers) -> None:
    neighbour = await company.client_of("neighbour")
    roles = (await neighbour.get("/api/v1/me")).json()
    assert roles["workspaces"], "the neighbour belongs to the second project"
    second = (await subscribers.write("Вопрос", channel=subscribers.second)).conversation_id
    done = await bulk(neighbour, [second], add_labels=["опт"])
    assert done["changed"] == [second]
    owner = await company.client_of("owner")
    stranger = await owner.post(f"/api/v1/conversations/bulk/{done['id']}/undo")
    assert stranger.status_code == 404


async def test_roles_hold_for_each_row(company: Company, subscribers: Subscribers) -> None:
    owner, sales, viewer = [await company.client_of(name) for name in ("owner", "sales", "viewer")]
    ids = await write_some(subscribers, 2)
    await owner.patch(f"/api/v1/conversations/{ids[0]}", json={"assignee_id": company.people["sales"].agent_id})
    done = await bulk(sales, ids, status="closed")
    assert (done["changed"], done["not_found"]) == ([ids[0]], [ids[1]]), "sales see their own ones only"
    assert (await bulk(viewer, ids, status="closed"))["not_found"] == ids


async def test_who_cannot_be_given_a_conversation_refuses_each_row(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    ids = await write_some(subscribers, 2)
    given = await bulk(owner, ids, assignee_id=company.people["outsider"].agent_id)
    refused = given["refused"]
    assert isinstance(refused, list)
    assert [one["conversation_id"] for one in refused] == ids
    assert {one["detail"] for one in refused} == {"There is no such person in this workspace."}


@pytest.mark.parametrize(
    "body",
    [
        {"conversation_ids": [], "change": {"status": "closed"}},
        {"conversation_ids": list(range(1, MOST + 2)), "change": {"status": "closed"}},
        {"conversation_ids": [1], "change": {}},
        {"conversation_ids": [1], "change": {"status": None}},
        {"conversation_ids": [1], "change": {"labels": ["vip"]}},
        {"conversation_ids": [0], "change": {"status": "closed"}},
        {"change": {"status": "closed"}},
    ],
)
async def test_a_deed_that_makes_no_sense_is_refused(company: Company, body: dict[str, object]) -> None:
    owner = await company.client_of("owner")
    assert (await owner.post("/api/v1/conversations/bulk", json=body)).status_code == 422


async def test_traces_are_those_of_single_changes(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    ids = await write_some(subscribers, 2)
    await undo(owner, await bulk(owner, ids, status="closed"))
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        lines = await session.execute(
            select(Activity.conversation_id, Activity.kind).order_by(Activity.conversation_id, Activity.id)
        )
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [tuple(line) for line in lines] == [(one, kind) for one in ids for kind in ("no_answer_needed", "undone")]
    assert [(one.row_id, (one.before or {})["status"], (one.after or {})["status"]) for one in entries] == [
        *((one, "open", "closed") for one in ids),
        *((one, "closed", "open") for one in ids),
    ]


async def test_what_is_asked_of_the_database_does_not_grow_with_the_rows(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    ids = await write_some(subscribers, 22)
    asked = []
    await bulk(owner, ids, priority="high")  # the first deed of a workspace begins its counter
    for part in (ids[:2], ids[2:]):
        with counted(company) as statements:
            done = await bulk(owner, part, status="closed", add_labels=["опт"], assignee_id="me")
        with counted(company) as back:
            await undo(owner, done)
        asked.append((len(statements), len(back)))
    assert asked[0] == asked[1]


async def test_a_deed_is_forgotten_after_a_day(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    done = await bulk(owner, await write_some(subscribers, 1), status="closed")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await forget_bulks(session, company.clock() + KEPT + timedelta(minutes=1))
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert list(await session.scalars(select(BulkChange))) == []
        assert list(await session.scalars(select(BulkStep))) == []
    assert (await owner.post(f"/api/v1/conversations/bulk/{done['id']}/undo")).status_code == 404

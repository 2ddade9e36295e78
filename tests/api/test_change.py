"""Changing a conversation: what each field does, what contradicts itself, and the traces it leaves."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from inbox.audit.models import AuditEntry
from inbox.conversations.models import Activity
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.models import LiveEvent
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def patched(client: httpx.AsyncClient, conversation_id: int, **fields: object) -> dict[str, object]:
    """The conversation after a change that is accepted."""
    answer = await client.patch(f"/api/v1/conversations/{conversation_id}", json=fields)
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


async def kinds(company: Company, conversation_id: int) -> list[str]:
    """The grey lines of a conversation."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.scalars(
            select(Activity.kind).where(Activity.conversation_id == conversation_id).order_by(Activity.id)
        )
        return list(rows)


async def test_only_what_is_given_changes(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    before = await patched(owner, wrote.conversation_id)
    after = await patched(owner, wrote.conversation_id, priority="high")
    assert {name for name in before if before[name] != after[name]} == {"priority"}
    assert await kinds(company, wrote.conversation_id) == ["priority"]


async def test_no_answer_needed_settles_and_is_undone(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Спасибо!")
    owner = await company.client_of("owner")
    open_one = await patched(owner, wrote.conversation_id)
    closed = await patched(owner, wrote.conversation_id, needs_answer=False)
    assert (closed["status"], closed["outcome"], closed["needs_answer"]) == ("closed", "no_answer_needed", False)
    assert (closed["waiting_since_at"], closed["closed_at"] is None) == (None, False)
    undone = await patched(owner, wrote.conversation_id, needs_answer=True)
    assert (undone["status"], undone["outcome"], undone["needs_answer"]) == ("open", None, True)
    assert undone["waiting_since_at"] == open_one["waiting_since_at"]
    assert undone["clocks"] == open_one["clocks"]
    assert await kinds(company, wrote.conversation_id) == ["no_answer_needed", "needs_answer"]


async def test_reopening_brings_back_the_wait_as_it_was(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    before = await patched(owner, wrote.conversation_id)
    await patched(owner, wrote.conversation_id, status="closed", outcome="spam")
    assert await patched(owner, wrote.conversation_id, status="open") == before


async def test_what_the_program_settled_can_be_made_to_need_an_answer(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Заработок", intent=Intent.SPAM)
    owner = await company.client_of("owner")
    before = await patched(owner, wrote.conversation_id)
    assert (before["status"], before["outcome"]) == ("closed", "no_answer_needed_automatic")
    after = await patched(owner, wrote.conversation_id, needs_answer=True)
    assert (after["status"], after["needs_answer"], after["needs_answer_why"]) == ("open", True, "person")
    assert after["waiting_since_at"] is not None


async def test_an_open_conversation_may_need_no_answer(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Напишу позже")
    owner = await company.client_of("owner")
    after = await patched(owner, wrote.conversation_id, needs_answer=False, status="waiting_subscriber")
    assert (after["status"], after["needs_answer"]) == ("waiting_subscriber", False)
    assert after["needs_answer_why"] == "settled"
    again = await subscribers.write("Вот и я", ago=-timedelta(seconds=1))
    reopened = await patched(owner, again.conversation_id)
    assert (reopened["status"], reopened["needs_answer"], reopened["needs_answer_why"]) == ("open", True, "direct")


async def test_a_newer_message_reopens_what_was_closed_and_an_older_one_does_not(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    await patched(owner, wrote.conversation_id, status="closed")
    await subscribers.write("Написано раньше, пришло позже", ago=timedelta(minutes=2))
    assert (await patched(owner, wrote.conversation_id))["status"] == "closed"
    await subscribers.write("Ещё вопрос", ago=-timedelta(seconds=1))
    reopened = await patched(owner, wrote.conversation_id)
    assert (reopened["status"], reopened["outcome"], reopened["needs_answer"]) == ("open", None, True)


async def test_snoozing_needs_a_time_to_come_and_wakes_on_demand(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    past = (company.clock() - timedelta(minutes=1)).isoformat()
    for wrong in ({"status": "snoozed"}, {"snoozed_until": past}, {"snoozed_until": "2030-01-01T00:00:00"}):
        answer = await owner.patch(path, json=wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, "snoozed_until"), wrong
    until = company.clock() + timedelta(hours=3)
    asleep = await patched(owner, wrote.conversation_id, snoozed_until=until.isoformat())
    assert (asleep["status"], asleep["needs_answer"]) == ("snoozed", True)
    assert asleep["snoozed_until"] == until.isoformat().replace("+00:00", "Z")
    awake = await patched(owner, wrote.conversation_id, snoozed_until=None)
    assert (awake["status"], awake["snoozed_until"]) == ("open", None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"outcome": "answered"}, "outcome"),
        ({"status": "closed", "outcome": "no_answer_needed_automatic"}, "outcome"),
        ({"status": "closed", "needs_answer": True}, "needs_answer"),
        ({"status": "closed", "needs_answer": False, "outcome": "answered"}, "outcome"),
        ({"status": "open", "snoozed_until": "2099-01-01T00:00:00Z"}, "snoozed_until"),
        ({"snoozed_until": "2999-01-01T00:00:00Z"}, "snoozed_until"),
        ({"status": None}, "status"),
        ({"priority": "huge"}, "priority"),
        ({"labels": [" "]}, "labels"),
        ({"labels": ["x" * 61]}, "labels"),
        ({"assignee_id": 2**80}, "assignee_id"),
        ({"assignee": 5}, "assignee"),
    ],
)
async def test_a_change_that_contradicts_itself_is_refused_and_nothing_changes(
    company: Company, subscribers: Subscribers, fields: dict[str, object], field: str
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    before = await patched(owner, wrote.conversation_id)
    answer = await owner.patch(f"/api/v1/conversations/{wrote.conversation_id}", json=fields)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"].startswith(field)
    assert await patched(owner, wrote.conversation_id) == before


async def test_only_people_who_answer_here_and_teams_of_here_can_be_chosen(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    for name in ("viewer", "neighbour", "outsider"):
        answer = await owner.patch(path, json={"assignee_id": company.people[name].agent_id})
        assert (answer.status_code, answer.json()["field"]) == (422, "assignee_id"), name
    assert (await owner.patch(path, json={"team_id": 10**6})).json()["field"] == "team_id"
    sales = company.people["sales"]
    given = await patched(owner, wrote.conversation_id, assignee_id=sales.agent_id, team_id=company.team_ids["sales"])
    assert given["assignee"] == {"id": sales.agent_id, "name": sales.name}
    assert given["team"] == {"id": company.team_ids["sales"], "name": "Sales"}
    taken = await patched(owner, wrote.conversation_id, assignee_id=None, team_id=None)
    assert (taken["assignee"], taken["team"]) == (None, None)
    mine = await patched(owner, wrote.conversation_id, assignee_id="me")
    assert mine["assignee_id"] == company.people["owner"].agent_id
    assert await kinds(company, wrote.conversation_id) == ["team", "assigned", "team", "unassigned", "assigned"]


async def test_labels_are_made_as_they_are_used_and_are_one_for_the_workspace(
    company: Company, subscribers: Subscribers
) -> None:
    first, second = await subscribers.write("Раз", "501"), await subscribers.write("Два", "502")
    owner = await company.client_of("owner")
    made = await owner.post("/api/v1/labels", json={"workspace_id": company.workspace_id, "name": " опт  клиент "})
    assert (made.status_code, made.json()["name"]) == (201, "опт клиент")
    assert (await patched(owner, first.conversation_id, labels=["опт клиент", "vip"]))["labels"] == [
        "vip", "опт клиент",
    ]  # fmt: skip
    assert (await patched(owner, second.conversation_id, labels=["vip"]))["labels"] == ["vip"]
    assert (await patched(owner, first.conversation_id, labels=[]))["labels"] == []
    names = [one["name"] for one in (await owner.get("/api/v1/labels")).json()["items"]]
    assert names == ["опт клиент", "vip"]


async def test_a_change_is_audited_with_before_and_after_and_heard_by_old_and_new_readers(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    sales, colleague = company.people["sales"].agent_id, company.people["colleague"].agent_id
    await patched(owner, wrote.conversation_id, assignee_id=sales)
    await patched(owner, wrote.conversation_id, assignee_id=colleague, status="waiting_client")
    await patched(owner, wrote.conversation_id, status="waiting_client")
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
        heard = list(await session.scalars(select(LiveEvent).order_by(LiveEvent.seq)))
    assert [(entry.before, entry.after) for entry in entries] == [
        ({"assignee_id": None}, {"assignee_id": sales}),
        ({"assignee_id": sales, "status": "open"}, {"assignee_id": colleague, "status": "waiting_client"}),
    ]
    assert {entry.agent_id for entry in entries} == {company.people["owner"].agent_id}
    assert [event.ref["assignee_id"] for event in heard] == [None, sales, sales, colleague]

"""What is done to one conversation in the panel is undone from the server's memory: exactly, once, by its person."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from inbox.conversations.models import BulkStep, Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, Role
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def act(browser: httpx.AsyncClient, talk: str, deed: str, **fields: str) -> str:
    """Where the toast's undo leads; the page carries nothing else of what was before."""
    answer = await browser.post(f"{talk}/{deed}", data=fields)
    assert answer.status_code == 200, answer.text
    (form,) = re.findall(r'<form hx-post="([^"]+)"[^>]*data-undo.*?</form>', answer.text, re.DOTALL)
    whole = re.search(r"data-undo.*?</form>", answer.text, re.DOTALL)
    assert whole is not None
    assert "<input" not in whole[0]
    return str(form)


async def shown(client: httpx.AsyncClient, conversation_id: int) -> dict[str, object]:
    """As the API shows it."""
    body: dict[str, object] = (await client.get(f"/api/v1/conversations/{conversation_id}")).json()
    return body


async def test_each_deed_of_the_header_is_undone_to_the_last_detail(company: Company, subscribers: Subscribers) -> None:
    browser, owner = await company.browser_of("owner"), await company.client_of("owner")
    one = (await subscribers.write("Вопрос")).conversation_id
    await owner.patch(f"/api/v1/conversations/{one}", json={"labels": ["vip"], "priority": "low"})
    talk = f"/w/{company.workspace_id}/inbox/{one}"
    before = await shown(owner, one)
    sales = str(company.people["sales"].agent_id)
    for deed, fields in (
        ("close", {}), ("no-answer", {}), ("wait", {"status": "waiting_client"}), ("snooze", {"until": "tomorrow"}),
        ("assign", {"assignee": sales}), ("team", {"team": str(company.team_ids["sales"])}), ("take", {}),
        ("priority", {"priority": "urgent"}), ("labels", {"labels": "опт, vip"}),
    ):  # fmt: skip
        address = await act(browser, talk, deed, **fields)
        assert await shown(owner, one) != before, deed
        undone = await browser.post(address)
        assert undone.status_code == 200, undone.text
        assert await shown(owner, one) == before, deed


async def test_reopening_is_undone_to_the_very_closing(company: Company, subscribers: Subscribers) -> None:
    browser, owner = await company.browser_of("owner"), await company.client_of("owner")
    one = (await subscribers.write("Вопрос")).conversation_id
    talk = f"/w/{company.workspace_id}/inbox/{one}"
    await browser.post(f"{talk}/no-answer")
    before = await shown(owner, one)
    address = await act(browser, talk, "reopen")
    company.clock.advance(timedelta(minutes=5))
    await browser.post(address)
    assert await shown(owner, one) == before


async def test_what_changed_since_is_kept_and_said(company: Company, subscribers: Subscribers) -> None:
    browser, owner = await company.browser_of("owner"), await company.client_of("owner")
    colleague = await company.client_of("admin")
    one = (await subscribers.write("Вопрос")).conversation_id
    address = await act(browser, f"/w/{company.workspace_id}/inbox/{one}", "priority", priority="urgent")
    await colleague.patch(f"/api/v1/conversations/{one}", json={"priority": "low"})
    refused = await browser.post(address, headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert (await shown(owner, one))["priority"] == "low"


async def test_an_undo_works_once_and_for_its_person_in_its_project_alone(
    company: Company, subscribers: Subscribers
) -> None:
    await join_second(company, Role.OWNER)
    browser, other = await company.browser_of("owner"), await company.browser_of("admin")
    one = (await subscribers.write("Вопрос")).conversation_id
    address = await act(browser, f"/w/{company.workspace_id}/inbox/{one}", "priority", priority="urgent")
    assert (await other.post(address)).status_code == 404
    elsewhere = address.replace(f"/w/{company.workspace_id}/", f"/w/{company.second_id}/")
    assert (await browser.post(elsewhere)).status_code == 404
    assert (await browser.post(address)).status_code == 200
    assert (await browser.post(address)).status_code == 409


async def test_what_one_gave_away_out_of_sight_comes_back(company: Company, subscribers: Subscribers) -> None:
    browser, owner = await company.browser_of("moderator"), await company.client_of("owner")
    one = (await subscribers.write("Вопрос")).conversation_id
    talk = f"/w/{company.workspace_id}/inbox/{one}"
    address = await act(browser, talk, "assign", assignee=str(company.people["sales"].agent_id))
    assert (await browser.get(talk)).status_code == 404, "a colleague's, of another team"
    assert (await browser.post(address)).status_code == 200
    assert (await shown(owner, one))["assignee_id"] is None


async def test_a_deed_that_changes_nothing_offers_no_undo(company: Company, subscribers: Subscribers) -> None:
    browser = await company.browser_of("owner")
    one = (await subscribers.write("Вопрос")).conversation_id
    answer = await browser.post(f"/w/{company.workspace_id}/inbox/{one}/assign", data={"assignee": "none"})
    assert answer.status_code == 200
    assert "data-undo" not in answer.text


async def join_second(company: Company, role: Role) -> None:
    """The owner works in the second project, too."""
    agent_id = company.people["owner"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        own = await session.scalar(select(Membership).where(Membership.agent_id == agent_id))
        assert own is not None
        session.add(
            Membership(
                organisation_id=own.organisation_id, workspace_id=company.second_id, agent_id=agent_id, role=role
            )
        )


async def close_in_both(company: Company, subscribers: Subscribers) -> tuple[list[int], str]:
    """A conversation of each project, closed in one deed on all projects; and where it is undone from the first."""
    browser = await company.browser_of("owner")
    ids = [
        (await subscribers.write("Вопрос", channel=channel)).conversation_id
        for channel in (subscribers.own, subscribers.second)
    ]
    answer = await browser.post("/w/all/bulk", data={"deed": "close", "ids": ",".join(map(str, ids))})
    assert answer.status_code == 200
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        deed = await session.scalar(select(BulkStep.bulk_change_id).where(BulkStep.conversation_id == ids[1]))
    return ids, f"/w/{company.workspace_id}/bulk/{deed}/undo"


async def statuses(company: Company, ids: list[int]) -> list[str]:
    """Of these conversations."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.execute(select(Conversation.id, Conversation.status))
        found = {row.id: row.status.value for row in rows}
    return [found[one] for one in ids]


async def test_a_deed_on_all_projects_is_undone_whole_from_one_of_them(
    company: Company, subscribers: Subscribers
) -> None:
    await join_second(company, Role.OWNER)
    ids, address = await close_in_both(company, subscribers)
    browser = await company.browser_of("owner")
    assert "Undone: 2" in (await browser.post(address)).text
    assert await statuses(company, ids) == ["open", "open"]


async def test_a_headers_undo_takes_no_half_of_a_deed_on_all_projects(
    company: Company, subscribers: Subscribers
) -> None:
    await join_second(company, Role.OWNER)
    ids, address = await close_in_both(company, subscribers)
    browser = await company.browser_of("owner")
    by_hand = address.replace("/bulk/", "/undo/").removesuffix("/undo")
    assert (await browser.post(by_hand)).status_code == 404
    assert "Undone: 2" in (await browser.post(address)).text
    assert await statuses(company, ids) == ["open", "open"]


async def test_in_a_project_that_one_has_left_it_stays_and_that_is_said(
    company: Company, subscribers: Subscribers
) -> None:
    await join_second(company, Role.OWNER)
    ids, address = await close_in_both(company, subscribers)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        there = await session.scalar(
            select(Membership).where(
                Membership.workspace_id == company.second_id,
                Membership.agent_id == company.people["owner"].agent_id,
            )
        )
        await session.delete(there)
    browser = await company.browser_of("owner")
    assert (
        await browser.post(address.replace(f"/w/{company.workspace_id}/", f"/w/{company.second_id}/"))
    ).status_code == 404
    said = (await browser.post(address)).text
    assert "Undone: 1. Could not: 1 (in projects that you have left)" in said
    assert await statuses(company, ids) == ["open", "closed"]

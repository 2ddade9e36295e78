"""Projects made, renamed, archived and brought back by their owners; what rests in the archive, what is not lost."""

import json
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, text, update

from bots.runner import BotsRunner
from inbox.agents.models import Agent, ShiftState
from inbox.audit.models import AuditEntry
from inbox.channels.models import Channel, ChannelStatus, ReceiveMode
from inbox.channels.status import queue_checks
from inbox.conversations.models import Conversation, Delivery, Message, Status
from inbox.conversations.preparing import Preparer
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import CheckChannel, DeliverMessage, DrainQueue, FurnishProject, RecomputeClocks
from inbox.core.stream import Entry, as_json
from inbox.organisations.models import Membership, Role, Team, Workspace
from inbox.organisations.projects import TOO_LATE
from inbox.sla.recomputing import recompute_clocks
from inbox.sla.sweep import sweep
from routing.alerts.service import wanted_kinds
from routing.rules.models import Rule
from routing.rules.ready import furnish
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside
API = "/api/v1/workspaces"


async def jobs(company: Company) -> list[str]:
    """The names of what waits, oldest first; forgotten by this."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        found = await session.scalars(text("select task_name from procrastinate_jobs order by id"))
        names = list(found)
        await session.execute(text("delete from procrastinate_jobs"))
        return names


async def archive(company: Company, *, archived: bool = True) -> None:
    owner = await company.client_of("owner")
    answer = await owner.patch(f"{API}/{company.workspace_id}", json={"archived": archived})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["archived_at"] is not None) is archived


async def sweep_now(company: Company) -> None:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())


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
    for patch in ({"name": "Ещё"}, {"archived": True}, {"archived": False}):
        assert (await client.patch(f"{API}/{company.workspace_id}", json=patch)).status_code == 403
    assert (await browser.get(f"{at}/projects")).status_code == 403
    assert (await browser.post("/projects", data={"name": "Ещё", "time_zone": "UTC"})).status_code == 403
    assert (await browser.post(f"{at}/project/name", data={"name": "Ещё"})).status_code == 403
    assert (await browser.post(f"{at}/project/archive")).status_code == 403
    await archive(company)
    assert (await browser.post(f"/projects/{company.workspace_id}/resume")).status_code == 403
    assert (await client.get(API)).json()["items"] == [], "what is archived is its owners' to see"
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert (await session.get_one(Workspace, company.workspace_id)).name == "Мебель «Лад»"


async def test_an_owner_renames_it_and_no_two_have_one_name(company: Company) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings/project"
    page = (await browser.post(f"{at}/name", data={"name": "Лад и Ко"})).text
    assert "Лад и Ко" in page
    assert await names(await company.client_of("viewer")) == ["Лад и Ко"]
    taken = await browser.post(f"{at}/name", data={"name": "Кофейня «Зерно»"})
    assert 'role="alert"' in taken.text
    assert (await owner.patch(f"{API}/{company.workspace_id}", json={"name": "Лад и Ко"})).status_code == 200
    assert await names(owner) == ["Лад и Ко"]
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        (entry,) = await session.scalars(select(AuditEntry).where(AuditEntry.action == "workspace.changed"))
    assert (entry.before, entry.after) == ({"name": "Мебель «Лад»"}, {"name": "Лад и Ко"})


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


async def test_channels_of_an_archived_project_are_neither_received_for_nor_looked_at(company: Company) -> None:
    await archive(company)
    runner = BotsRunner(company.context)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(
            update(Channel).values(
                credentials_encrypted=company.context.cipher.encrypt_fields({"token": "7:A", "webhook_secret": "s"}),
                status=ChannelStatus.ATTENTION, status_at=company.clock() - timedelta(hours=1),
            )
        )  # fmt: skip
        assert await queue_checks(session, company.clock()) == 2, "the other two"
        assert await wanted_kinds(session, {company.workspace_id}) == {}
        await session.execute(update(Channel).values(status=ChannelStatus.ACTIVE))
    received = await runner._load_accounts()  # what a look begins with
    assert sorted(received) == [company.second_channel_id, company.foreign_channel_id]
    await archive(company, archived=False)
    assert len(await runner._load_accounts()) == 3
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).values(mode=ReceiveMode.WEBHOOK))
    guest, at = await company.guest(), f"/webhooks/telegram/{company.channel_id}"
    secret = {"X-Telegram-Bot-Api-Secret-Token": "s"}
    assert (await guest.post(at, json={"update_id": 5}, headers=secret)).status_code == 200
    await archive(company)
    assert (await guest.post(at, json={"update_id": 6}, headers=secret)).status_code == 401, "Telegram keeps it"


async def test_no_clock_rings_in_the_archive_and_the_time_there_counts_against_nobody(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос", ago=timedelta(minutes=5))
    before = await subscribers.conversation(wrote.conversation_id)
    assert before.first_response_due_at is not None
    await archive(company)
    company.clock.advance(timedelta(days=2))
    await sweep_now(company)
    resting = await subscribers.conversation(wrote.conversation_id)
    assert resting.first_response_breached_at is None
    assert await jobs(company) == []
    await archive(company, archived=False)
    await sweep_now(company)
    assert (await subscribers.conversation(wrote.conversation_id)).first_response_breached_at is None
    assert RecomputeClocks.name in await jobs(company)
    await recompute_clocks(company.context, RecomputeClocks(workspace_id=company.workspace_id))
    after = await subscribers.conversation(wrote.conversation_id)
    assert after.first_response_due_at is not None
    rested = after.first_response_due_at - before.first_response_due_at
    assert timedelta(days=2) <= rested < timedelta(days=2, minutes=1)
    company.clock.advance(timedelta(hours=1))
    await sweep_now(company)
    assert (await subscribers.conversation(wrote.conversation_id)).first_response_breached_at is not None


async def test_a_broken_promise_stays_broken_and_what_was_snoozed_wakes_afterwards(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    late = await subscribers.write("Давно жду", ago=timedelta(hours=3))
    asleep = await subscribers.write("Потом", "502")
    until = (company.clock() + timedelta(hours=1)).isoformat()
    await owner.patch(f"/api/v1/conversations/{asleep.conversation_id}", json={"snoozed_until": until})
    await sweep_now(company)
    broken = await subscribers.conversation(late.conversation_id)
    assert broken.first_response_breached_at is not None
    await archive(company)
    company.clock.advance(timedelta(hours=5))
    await sweep_now(company)
    assert (await subscribers.conversation(asleep.conversation_id)).status is Status.SNOOZED
    await archive(company, archived=False)
    await sweep_now(company)
    assert (await subscribers.conversation(asleep.conversation_id)).status is Status.OPEN
    stays = await subscribers.conversation(late.conversation_id)
    assert (stays.first_response_due_at, stays.first_response_breached_at) == (
        broken.first_response_due_at, broken.first_response_breached_at,
    )  # fmt: skip


async def test_answers_under_way_go_out_and_those_for_later_wait_for_a_person(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner, path = await company.client_of("owner"), f"/api/v1/conversations/{wrote.conversation_id}/messages"
    soon = (company.clock() + timedelta(hours=1)).isoformat()
    later = (company.clock() + timedelta(days=9)).isoformat()
    made = [
        await owner.post(path, json={"text": "Ответ", **more}) for more in ({}, {"send_at": soon}, {"send_at": later})
    ]
    now_id, soon_id, later_id = (one.json()["id"] for one in made)
    await archive(company)
    company.clock.advance(timedelta(hours=2))
    await sweep_now(company)
    assert await jobs(company) == [DeliverMessage.name], "of the first, which was there already"
    await archive(company, archived=False)
    await sweep_now(company)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        found = {one.id: one for one in await session.scalars(select(Message))}
        talk = await session.get_one(Conversation, wrote.conversation_id)
    assert found[now_id].delivery is Delivery.QUEUED
    assert (found[soon_id].delivery, found[soon_id].failure) == (Delivery.FAILED, TOO_LATE)
    assert (found[later_id].delivery, found[later_id].send_at is None) == (Delivery.QUEUED, False)
    assert talk.undelivered is Delivery.FAILED, "it stands in the view of what did not arrive"
    expected = {RecomputeClocks.name, DrainQueue.name, CheckChannel.name}
    assert set(await jobs(company)) == expected


async def test_what_was_written_while_it_was_archived_is_kept_and_nothing_is_done_about_it_by_itself(
    company: Company,
) -> None:
    async def arrives(sent_at: datetime) -> bool:
        """Whether it is taken in as what was there before the channel was connected."""
        raw = {
            "update_id": 5,
            "message": {
                "message_id": 5, "date": int(sent_at.timestamp()), "text": "Есть кто?",
                "from": {"id": 501, "is_bot": False, "first_name": "Анна"}, "chat": {"id": 501, "type": "private"},
            },
        }  # fmt: skip
        preparer = Preparer(company.context)
        work = await preparer.prepare([Entry("1-1", company.channel_id, company.clock(), "poll", as_json(raw))])
        preparer.close()
        (arrived,) = work.arrived
        return arrived.before_connection

    assert not await arrives(company.clock())
    await archive(company)
    company.clock.advance(timedelta(hours=1))
    written = company.clock()
    assert await arrives(written)
    company.clock.advance(timedelta(hours=1))
    await archive(company, archived=False)
    assert await arrives(written)
    assert not await arrives(company.clock() + timedelta(seconds=1))


async def test_a_shift_goes_by_the_projects_at_work(company: Company) -> None:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        moderator = await session.get_one(Agent, company.people["moderator"].agent_id)
        session.add(
            Membership(
                workspace_id=company.second_id, agent_id=moderator.id, organisation_id=moderator.organisation_id,
                role=Role.MODERATOR,
            )
        )  # fmt: skip
        (await session.get_one(Workspace, company.workspace_id)).idle_off_after = timedelta()
        (await session.get_one(Workspace, company.second_id)).idle_off_after = timedelta(minutes=30)
    client = await company.client_of("moderator")
    assert (await client.patch("/api/v1/me", json={"shift_state": "on"})).status_code == 200
    await archive(company)
    company.clock.advance(timedelta(hours=1))
    await sweep_now(company)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        state = (await session.get_one(Agent, company.people["moderator"].agent_id)).shift_state
    assert state is ShiftState.OFF, "the archived one kept them for ever"


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

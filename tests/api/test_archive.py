"""What rests in a project's archive, what counts against nobody, and what is not lost when it is brought back."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from bots.runner import BotsRunner
from inbox.agents.models import Agent, ShiftState
from inbox.channels.models import Channel, ChannelStatus, ReceiveMode
from inbox.channels.status import queue_checks
from inbox.conversations.models import (
    Conversation,
    Delivery,
    Message,
    MessageEdit,
    ModerationAction,
    ReviewAction,
    ReviewState,
    Status,
)
from inbox.conversations.preparing import Preparer
from inbox.conversations.refresh import refresh
from inbox.conversations.waiting import requeue_waiting
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import (
    CheckChannel,
    DeliverMessage,
    DrainQueue,
    RecomputeClocks,
    RetimeLeads,
)  # fmt: skip
from inbox.core.stream import Entry, as_json
from inbox.organisations.models import Membership, Role, Workspace
from inbox.organisations.projects import TOO_LATE
from inbox.sla.recomputing import recompute_clocks
from inbox.sla.sweep import sweep
from routing.alerts.service import wanted_kinds
from tests.api.archiving import archive, jobs
from tests.api.subscribers import Subscribers
from tests.company import Company
from tests.desk import until

pytestmark = pytest.mark.outside


async def sweep_now(company: Company) -> None:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())


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


async def test_answers_under_way_go_out_and_those_for_later_or_for_a_key_wait_for_a_person(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner, path = await company.client_of("owner"), f"/api/v1/conversations/{wrote.conversation_id}/messages"
    parked_id = (await owner.post(path, json={"text": "Ждёт ключа"})).json()["id"]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("delete from procrastinate_jobs"))
    soon = (company.clock() + timedelta(hours=1)).isoformat()
    later = (company.clock() + timedelta(days=9)).isoformat()
    made = [
        await owner.post(path, json={"text": "Ответ", **more}) for more in ({}, {"send_at": soon}, {"send_at": later})
    ]
    now_id, soon_id, later_id = (one.json()["id"] for one in made)
    await archive(company)
    company.clock.advance(timedelta(hours=2))
    await sweep_now(company)
    await archive(company, archived=False)
    await sweep_now(company)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        found = {one.id: one for one in await session.scalars(select(Message))}
        talk = await session.get_one(Conversation, wrote.conversation_id)
    assert found[now_id].delivery is Delivery.QUEUED
    assert (found[parked_id].delivery, found[parked_id].failure) == (Delivery.FAILED, TOO_LATE)
    assert (found[soon_id].delivery, found[soon_id].failure) == (Delivery.FAILED, TOO_LATE)
    assert (found[later_id].delivery, found[later_id].send_at is None) == (Delivery.QUEUED, False)
    assert talk.undelivered is Delivery.FAILED, "it stands in the view of what did not arrive"
    first, *others = await jobs(company)
    assert first == DeliverMessage.name, "of the answer under way, which was there already"
    assert set(others) == {RecomputeClocks.name, RetimeLeads.name, DrainQueue.name, CheckChannel.name}


async def test_reviews_that_waited_for_a_key_are_not_done_by_themselves(
    company: Company, subscribers: Subscribers
) -> None:
    wrote, other = await subscribers.write("Реклама"), await subscribers.write("Дурак", "502")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        for place, action in ((wrote, ReviewAction.DELETE), (other, ReviewAction.BAN), (other, ReviewAction.UNBAN)):
            talk = await session.get_one(Conversation, place.conversation_id)
            is_undone = action is ReviewAction.BAN
            session.add(
                ModerationAction(
                    workspace_id=company.workspace_id, conversation_id=talk.id, message_id=place.message_id,
                    channel_id=talk.channel_id, identity_id=talk.identity_id, action=action, asked_at=company.clock(),
                    state=ReviewState.DONE if is_undone else ReviewState.WAITING,
                )
            )  # fmt: skip
        (await session.get_one(Message, wrote.message_id)).deleted_at = company.clock()
        await session.flush()
        ban, unban = [
            (await session.scalars(select(ModerationAction).where(ModerationAction.action == action))).one()
            for action in (ReviewAction.BAN, ReviewAction.UNBAN)
        ]
        ban.undone_at = unban.asked_at
    await archive(company)
    await jobs(company)
    company.clock.advance(timedelta(days=5))
    await archive(company, archived=False)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        assert await requeue_waiting(session, company.channel_id) == 0, "what a living key would have done"
        states = [one.state for one in await session.scalars(select(ModerationAction).order_by(ModerationAction.id))]
        assert states == [ReviewState.CANCELLED, ReviewState.DONE, ReviewState.CANCELLED]
        bans = await session.scalars(select(ModerationAction).where(ModerationAction.action == ReviewAction.BAN))
        assert bans.one().undone_at is None, "it stands, for nothing lifted it"
        assert (await session.get_one(Message, wrote.message_id)).deleted_at is None
    browser = await company.browser_of("owner")
    page = (await browser.get(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}")).text
    assert "while the project was archived" in page


async def test_bringing_it_back_holds_talks_in_their_order_and_waits_for_who_holds_one(
    company: Company, subscribers: Subscribers
) -> None:
    """Who holds the first and then wants the second would end in a deadlock, were the second held before."""
    first, second = await subscribers.write("Вопрос"), await subscribers.write("Вопрос", "502")
    owner, path = await company.client_of("owner"), f"/api/v1/conversations/{second.conversation_id}/messages"
    soon = (company.clock() + timedelta(hours=1)).isoformat()
    await owner.post(path, json={"text": "Ответ", "send_at": soon})
    await archive(company)
    company.clock.advance(timedelta(hours=2))
    context = company.context
    waiting = text("select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = :name)")

    async def is_waiting() -> bool:
        async with context.database.engine.connect() as connection:
            name = connection.engine.url.database
            return bool((await connection.execute(waiting, {"name": name})).scalar_one())

    async with asyncio.timeout(30), asyncio.TaskGroup() as group, context.transaction(EVERY_WORKSPACE) as batch:
        for place in (first, second):
            await batch.get_one(Conversation, place.conversation_id, with_for_update={"key_share": True})
            if place is first:
                group.create_task(archive(company, archived=False))
                await until(is_waiting, 10)
    assert (await subscribers.conversation(second.conversation_id)).undelivered is Delivery.FAILED


async def test_what_was_written_while_it_was_archived_is_kept_and_nothing_is_done_about_it_by_itself(
    company: Company,
) -> None:
    async def arrives(sent_at: datetime, edited_at: datetime | None = None) -> tuple[bool, bool]:
        """Whether it has no clock, as what was there before the channel was connected; whether nothing is done."""
        edited = {} if edited_at is None else {"edit_date": int(edited_at.timestamp())}
        raw = {
            "update_id": 5,
            "edited_message" if edited else "message": {
                "message_id": 5, "date": int(sent_at.timestamp()), "text": "Есть кто?", **edited,
                "from": {"id": 501, "is_bot": False, "first_name": "Анна"}, "chat": {"id": 501, "type": "private"},
            },
        }  # fmt: skip
        preparer = Preparer(company.context)
        work = await preparer.prepare([Entry("1-1", company.channel_id, company.clock(), "poll", as_json(raw))])
        preparer.close()
        (arrived,) = work.arrived
        return arrived.before_connection, arrived.is_quiet

    before = company.clock()
    assert await arrives(before) == (False, False)
    await archive(company)
    company.clock.advance(timedelta(hours=1))
    written = company.clock()
    assert await arrives(written) == (True, True)
    assert await arrives(before) == (False, True), "it was on its way when the project was archived"
    assert await arrives(before, edited_at=written) == (False, True), "an edit's clock is the edit's affair"
    company.clock.advance(timedelta(hours=1))
    await archive(company, archived=False)
    after = company.clock() + timedelta(seconds=1)
    for _ in range(2):
        assert await arrives(written) == (True, True)
        assert await arrives(before, edited_at=written) == (False, True)
        assert await arrives(after) == (False, False)
        assert await arrives(before) == (False, False)
        assert await arrives(written, edited_at=after) == (True, False), "something is done about an edit of our time"
        company.clock.advance(timedelta(hours=1))
        await archive(company)
        await archive(company, archived=False)


async def test_a_question_that_an_edit_made_in_the_archive_has_no_clock(
    company: Company, subscribers: Subscribers
) -> None:
    since: list[datetime | None] = []
    edits: list[datetime] = []
    for who, days in (("501", 1), ("502", 3)):
        wrote = await subscribers.write("Спасибо", who)
        edited_at = company.clock() + timedelta(days=days)
        edits.append(edited_at)
        if who == "501":
            await archive(company)
            company.clock.advance(timedelta(days=2))
            await archive(company, archived=False)
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            message = await session.get_one(Message, wrote.message_id)
            session.add(
                MessageEdit(
                    workspace_id=message.workspace_id, message_id=message.id, edited_at=message.sent_at,
                    text=message.text, needs_answer=False,
                )
            )  # fmt: skip
            message.text, message.edited_at, message.needs_answer = "Сколько стоит диван?", edited_at, True
            await session.flush()
            (talk,) = await refresh(session, [wrote.conversation_id])
            assert talk.needs_answer
            since.append(talk.first_response_since_at)
    assert since == [None, edits[1]]


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

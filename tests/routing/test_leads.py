"""Leads: made by what people write, rung at their owner's, handed on when they lie, seen by Sales as their own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, text, update

from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import Permission
from inbox.audit.models import AuditEntry
from inbox.channels.events import Author, MessageReceived
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation
from inbox.conversations.needs_answer import NeedsAnswer, Why
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import PressButton, RetimeLeads
from inbox.core.i18n import words_in
from inbox.core.models import LiveEvent
from inbox.organisations.models import Membership, Role, TeamMember, Workspace
from inbox.replies.service import Draft, compose
from routing.alerts.models import AlertKind
from routing.alerts.pressing import run_press
from routing.leads.export import write_csv, write_xlsx
from routing.leads.listing import Filters, access_lead, list_leads, sum_up
from routing.leads.models import Lead, Stage
from routing.leads.phones import find_phone
from routing.leads.ringing import LEAD_DEEDS
from routing.leads.service import change_lead, is_of_sales, note_phones
from routing.leads.sweeping import hand_on_missed, retime_leads, sweep_leads
from tests.desk import until
from tests.routing.rung import HELPER, MoodTagger, Rung, open_rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside
MOSCOW = ZoneInfo("Europe/Moscow")
FRIDAY = datetime(2026, 11, 20, 18, 50, tzinfo=MOSCOW).astimezone(UTC)


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_rung(servers, FRIDAY) as opened:
        await opened.bridge.open_hours(*[(day, 10 * 60, 19 * 60) for day in range(5)])
        yield opened


async def told(rung: Rung) -> tuple[int, int]:
    """How often panels were told of leads, and how many entries the journal has of them."""
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        live = await session.scalars(select(LiveEvent.seq).where(LiveEvent.kind == "lead"))
        entries = await session.scalars(select(AuditEntry.id).where(AuditEntry.action == "lead.changed"))
        return len(live.all()), len(entries.all())


async def sweep(rung: Rung) -> None:
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await sweep_leads(session, rung.bridge.clock.now)
        await hand_on_missed(session, rung.bridge.clock.now)
    await rung.bridge.work()


async def lead(rung: Rung) -> Lead:
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.scalars(select(Lead))).one()


async def go(rung: Rung, agent_id: int, state: ShiftState) -> None:
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Agent).where(Agent.id == agent_id).values(shift_state=state))


async def test_who_asks_for_a_price_is_a_lead_with_a_phone_and_a_clock_in_working_time(rung: Rung) -> None:
    seller = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.link(seller, HELPER)
    await rung.bridge.say("какая цена дивана? звоните 8 (999) 123-45-67")
    await rung.bridge.say("и ещё какая цена кресла?")
    made = await lead(rung)
    assert (made.stage, made.phone, made.owner_id) == (Stage.NEW, "+79991234567", None)
    await sweep(rung)
    owned = await lead(rung)
    assert owned.owner_id == seller
    assert owned.take_up_due_at == datetime(2026, 11, 23, 10, 5, tzinfo=MOSCOW)
    ring = (await rung.chat("direct", HELPER))[-1]
    assert list(ring.buttons) == ["Взять", "Не лид", "Передать"]
    assert "+79991234567" in ring.text
    before = await told(rung)
    await rung.press(ring, "Взять", HELPER)
    assert await told(rung) == (before[0] + 1, before[1] + 1), "panels hear of it, and the journal says it once"
    taken = await lead(rung)
    assert (taken.stage, taken.taken_up_by_id, taken.take_up_due_at) == (Stage.TAKEN_UP, seller, None)
    assert "Взяли" in (await rung.chat("direct", HELPER))[-1].text


async def test_what_lies_goes_to_the_next_on_shift_and_the_head_is_told(rung: Rung) -> None:
    first = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    second = await rung.hire("Артём", Role.SALES, ["sales"])
    rung.bridge.clock.now = datetime(2026, 11, 23, 10, 4, tzinfo=MOSCOW).astimezone(UTC)
    await sweep(rung)
    assert (await lead(rung)).owner_id == first
    rung.bridge.clock.advance(timedelta(minutes=2))
    await sweep(rung)
    handed = await lead(rung)
    assert (handed.owner_id, handed.missed) == (second, 1)
    assert handed.take_up_due_at == rung.bridge.clock.now + timedelta(minutes=15)
    (told,) = await rung.alerts(AlertKind.LEAD)
    assert told.details["missed_by"] == "Мария"
    await go(rung, first, ShiftState.OFF)
    rung.bridge.clock.advance(timedelta(minutes=16))
    await sweep(rung)
    await sweep(rung)
    left = await lead(rung)
    assert (left.owner_id, left.missed, left.take_up_due_at) == (second, 2, None)


@pytest.mark.parametrize("is_told", [True, False])
async def test_the_time_in_the_archive_is_none_of_a_leads_and_it_is_handed_on_afterwards(
    rung: Rung, is_told: bool
) -> None:
    """Of fifteen minutes five passed before it; also where the sweep comes before the job that tells of it."""
    first, clock, context = await rung.hire("Мария", Role.SALES, ["sales"]), rung.bridge.clock, rung.bridge.desk.context
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    second = await rung.hire("Артём", Role.SALES, ["sales"])
    archived_at = FRIDAY + timedelta(minutes=5)

    async def write(**values: object) -> None:
        async with context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(update(Workspace).values(values))

    await write(archived_at=archived_at)
    clock.now = datetime(2026, 11, 24, 12, 0, tzinfo=MOSCOW).astimezone(UTC)
    await sweep(rung)
    assert (await lead(rung)).owner_id == first
    await write(archived_at=None, rests=[archived_at, clock.now])
    if is_told:
        for _ in range(2):
            await retime_leads(context, RetimeLeads(workspace_id=rung.bridge.desk.workspace_id))
    else:
        await sweep(rung)
    due = datetime(2026, 11, 24, 12, 10, tzinfo=MOSCOW)
    assert ((await lead(rung)).owner_id, (await lead(rung)).take_up_due_at) == (first, due)
    clock.advance(timedelta(minutes=11))
    await sweep(rung)
    assert ((await lead(rung)).owner_id, (await lead(rung)).missed) == (second, 1)


async def test_a_lead_whose_conversation_is_held_waits_for_nobody_and_goes_with_the_next_sweep(rung: Rung) -> None:
    """A batch holds conversations and then waits for people's turns: a sweep that does so the other way round would
    end one of both by a deadlock."""
    first = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    second = await rung.hire("Артём", Role.SALES, ["sales"])
    rung.bridge.clock.now = datetime(2026, 11, 23, 10, 6, tzinfo=MOSCOW).astimezone(UTC)
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as batch:
        await batch.scalars(select(Conversation).with_for_update(key_share=True))
        async with asyncio.timeout(20), rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
            await sweep_leads(session, rung.bridge.clock.now)
            await hand_on_missed(session, rung.bridge.clock.now)
            await batch.scalars(select(TeamMember).with_for_update())
    assert (await lead(rung)).owner_id == first
    await sweep(rung)
    assert (await lead(rung)).owner_id == second


async def take_in_panel(rung: Rung, lead_id: int, agent_id: int) -> None:
    """A person of Sales takes the lead up in the panel or over the API."""
    caller = await rung.caller(agent_id)
    async with rung.bridge.desk.context.transaction(caller.scope) as session:
        found = await access_lead(session, caller, lead_id, Permission.ANSWER, lock=True)
        await change_lead(session, caller, found.lead, {"stage": Stage.TAKEN_UP}, rung.bridge.clock.now)


async def press_by_job(rung: Rung, lead_id: int, value: str) -> None:
    """A colleague presses a button in Telegram; its job is run here, where nothing tries it again."""
    desk = rung.bridge.desk
    job = PressButton(
        channel_id=desk.channel_ids[0], chat_external_id="-1", message_external_id="1", press_id="1",
        author_external_id=str(HELPER), value=f"{value}:{lead_id}",
    )  # fmt: skip
    await run_press(desk.context, job, LEAD_DEEDS)


@pytest.mark.parametrize("way", ["panel", "lead", "pass"])
async def test_who_changes_a_lead_while_a_batch_notes_its_phone_waits_and_neither_is_ended(
    rung: Rung, way: str
) -> None:
    """A batch holds the conversation and then wants its lead: whoever held the lead first and wanted the conversation
    after it would end in a deadlock."""
    seller = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.link(seller, HELPER)
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    await rung.hire("Артём", Role.SALES, ["sales"])
    made, context = await lead(rung), rung.bridge.desk.context
    deed = take_in_panel(rung, made.id, seller) if way == "panel" else press_by_job(rung, made.id, way)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group, context.transaction(EVERY_WORKSPACE) as batch:
        held = (await batch.scalars(select(Conversation).with_for_update(key_share=True))).one()
        group.create_task(deed)
        await until(lambda: is_waiting(rung), 10)
        await note_phones(batch, [says_phone(held)], {held.id: held}, rung.bridge.clock.now)
    after = await lead(rung)
    assert after.phone == "+79991234567", "both are done"
    assert (after.stage, after.owner_id) != (made.stage, made.owner_id)


async def is_waiting(rung: Rung) -> bool:
    """Whether somebody waits for a lock."""
    waiting = text("select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = :name)")
    async with rung.bridge.desk.context.database.engine.connect() as connection:
        name = connection.engine.url.database
        return bool((await connection.execute(waiting, {"name": name})).scalar_one())


def says_phone(conversation: Conversation) -> NewMessage:
    """What a batch has of a message with a phone number."""
    words = "звоните 8 (999) 123-45-67"
    event = MessageReceived(
        ":5:9", conversation.kind, conversation.chat_external_id, Author("5", "Анна"), FRIDAY, text=words
    )
    return NewMessage(
        workspace_id=conversation.workspace_id, channel_id=conversation.channel_id, conversation_id=conversation.id,
        message_id=0, event=event, tags=MoodTagger().tag([words])[0], verdict=NeedsAnswer(True, Why.QUESTION),
    )  # fmt: skip


async def test_an_answer_by_sales_takes_it_up_and_by_others_does_not(rung: Rung) -> None:
    seller = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    for agent_id, stage in ((rung.boss_id, Stage.NEW), (seller, Stage.TAKEN_UP)):
        async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
            talk = (await session.scalars(select(Conversation))).one()
            await compose(session, talk, agent_id, Draft("Здравствуйте!"), rung.bridge.clock.now)
        await rung.bridge.work()
        await sweep(rung)
        assert (await lead(rung)).stage is stage


async def test_only_sales_takes_up_and_not_a_lead_is_said_from_telegram(rung: Rung) -> None:
    seller = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    ring = (await rung.rings())[-1]
    await rung.link(rung.helper_id, HELPER)
    refused = await rung.press(ring, "Взять", HELPER)
    assert refused is not None
    assert "продаж" in refused
    assert (await lead(rung)).stage is Stage.NEW
    nobody = await rung.press(ring, "Передать", HELPER)
    assert nobody is not None
    assert "Больше" in nobody
    other = await rung.hire("Артём", Role.SALES, ["sales"])
    await rung.press(ring, "Передать", HELPER)
    assert (await lead(rung)).owner_id == other != seller
    await rung.press((await rung.rings())[-1], "Не лид", HELPER)
    assert (await lead(rung)).stage is Stage.NOT_A_LEAD


async def lose(rung: Rung, agent_id: int, how: str) -> None:
    """Their role only reads reports from now on, though a row still says they are of Sales; or they are gone."""
    here = Membership.agent_id == agent_id, Membership.workspace_id == rung.bridge.desk.workspace_id
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        if how == "viewer":
            await session.execute(update(Membership).where(*here).values(role=Role.VIEWER))
        else:
            await session.execute(delete(Membership).where(*here))


@pytest.mark.parametrize("how", ["viewer", "gone"])
async def test_buttons_refuse_who_lost_the_right_and_what_rang_before_tells_no_more(rung: Rung, how: str) -> None:
    seller = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.link(seller, HELPER)
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    await rung.hire("Артём", Role.SALES, ["sales"])
    before, rung_before = await lead(rung), (await rung.chat("direct", HELPER))[-1]
    await rung.bridge.say("звоните 8 (999) 123-45-67")
    await lose(rung, seller, how)
    for button in ("Взять", "Не лид", "Передать"):
        said = await rung.press(rung_before, button, HELPER)
        assert said is not None
        assert ("не разрешает" if how == "viewer" else "привяжите") in said
    after = await lead(rung)
    assert (after.stage, after.owner_id, after.reason) == (before.stage, before.owner_id, "")
    assert (await rung.chat("direct", HELPER))[-1] == rung_before


@pytest.mark.parametrize("how", ["viewer", "gone"])
async def test_nothing_of_a_lead_is_told_in_private_to_who_lost_the_right(rung: Rung, how: str) -> None:
    seller = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.link(seller, HELPER)
    heard = len(await rung.chat("direct", HELPER))
    await rung.bridge.say("какая цена?")
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await sweep_leads(session, rung.bridge.clock.now)
    await lose(rung, seller, how)
    await rung.bridge.work()
    assert (await lead(rung)).owner_id == seller
    assert len(await rung.chat("direct", HELPER)) == heard
    assert "Лид: Мария" in (await rung.rings())[-1].text, "the team hears of it"


async def test_who_only_reads_gets_no_lead_also_while_the_team_still_has_them(rung: Rung) -> None:
    first = await rung.hire("Мария", Role.SALES, ["sales"])
    reader = await rung.hire("Читатель", Role.VIEWER, ["sales"])
    await rung.bridge.say("какая цена?")
    await sweep(rung)
    assert (await lead(rung)).owner_id == first
    rung.bridge.clock.now = datetime(2026, 11, 23, 10, 6, tzinfo=MOSCOW).astimezone(UTC)
    await sweep(rung)
    missed = await lead(rung)
    assert (missed.owner_id, missed.missed, missed.take_up_due_at) == (first, 1, None), "there is nobody else"
    caller = await rung.caller(reader)
    async with rung.bridge.desk.context.transaction(caller.scope) as session:
        assert not await is_of_sales(session, caller, rung.bridge.desk.workspace_id)


async def test_sales_see_their_own_and_the_table_holds_no_formula(rung: Rung) -> None:
    seller = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.bridge.say('=HYPERLINK("http://x") цена?')
    await sweep(rung)
    stranger = await rung.hire("Артём", Role.SALES, ["sales"])
    context = rung.bridge.desk.context
    filters = Filters(rung.bridge.desk.workspace_id)
    for agent_id, seen in ((seller, 1), (stranger, 0), (rung.boss_id, 1)):
        caller = await rung.caller(agent_id)
        async with context.transaction(caller.scope) as session:
            assert len(await list_leads(session, caller, filters)) == seen
    caller = await rung.caller(rung.boss_id)
    async with context.transaction(caller.scope) as session:
        leads = await list_leads(session, caller, filters)
        (total,) = await sum_up(session, caller, filters)
    assert (total.leads, total.won, total.post) == (1, 0, None)
    table = write_csv(leads, words_in("ru"), "Europe/Moscow").decode("utf-8-sig")
    assert "'=HYPERLINK" in table
    assert "2026-11-20 18:50" in table
    assert write_xlsx(leads, words_in("ru"), "Europe/Moscow").startswith(b"PK")


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("8 (999) 123-45-67", "+79991234567"),
        ("мой +7 999 123 45 67, звоните", "+79991234567"),
        ("79991234567", "+79991234567"),
        ("+375 29 123-45-67", "+375291234567"),
        ("заказ 12345678901234567890", None),
        ("цена 89 990 рублей", None),
        ("", None),
    ],
)
def test_a_phone_number_is_caught(text: str, phone: str | None) -> None:
    assert find_phone(text) == phone

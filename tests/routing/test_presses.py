"""A press is done once, however often it comes, and what it led to is told until it is heard."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import PressButton
from inbox.organisations.models import Role
from routing.alerts.pressing import run_press
from routing.leads.models import Lead, Stage
from routing.leads.ringing import LEAD_DEEDS
from routing.leads.sweeping import sweep_leads
from tests.routing.rung import HELPER, Rung, Seen, open_rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_rung(servers) as opened:
        yield opened


async def ring_lead(rung: Rung) -> tuple[Seen, int, int]:
    """A lead rings at a seller's, another one is on shift: the message, the one, the other."""
    first = await rung.hire("Мария", Role.SALES, ["sales"])
    await rung.link(first, HELPER)
    await rung.bridge.say("какая цена?")
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await sweep_leads(session, rung.bridge.clock.now)
    await rung.bridge.work()
    second = await rung.hire("Артём", Role.SALES, ["sales"])
    return (await rung.chat("direct", HELPER))[-1], first, second


async def lead(rung: Rung) -> Lead:
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.scalars(select(Lead))).one()


async def lose(rung: Rung, method: str, times: int = 1) -> None:
    """The next calls of it bring no answer."""
    await rung.bridge.simulate("fault", method=method, error="drop", times=times)


async def test_what_is_passed_on_is_passed_on_once_though_the_answer_is_lost(rung: Rung) -> None:
    ring, _, second = await ring_lead(rung)
    await lose(rung, "answerCallbackQuery")
    assert await rung.press(ring, "Передать", HELPER) is None
    await rung.bridge.work()
    assert (await lead(rung)).owner_id == second
    assert "Мария: передано дальше" in (await rung.chat("direct", HELPER))[-1].text


async def test_who_took_it_sees_so_though_the_message_could_not_be_changed_at_once(rung: Rung) -> None:
    ring, first, _ = await ring_lead(rung)
    await lose(rung, "editMessageText")
    said = await rung.press(ring, "Взять", HELPER)
    assert said is not None
    assert "уже" not in said
    assert (await rung.chat("direct", HELPER))[-1].buttons
    await rung.bridge.work()
    shown = (await rung.chat("direct", HELPER))[-1]
    assert ("Взяли" in shown.text, shown.buttons) == (True, {})
    assert ((await lead(rung)).stage, (await lead(rung)).taken_up_by_id) == (Stage.TAKEN_UP, first)


async def test_after_a_quarter_of_an_hour_nobody_waits_for_the_answer_but_the_message_is_changed(rung: Rung) -> None:
    ring, _, _ = await ring_lead(rung)
    await lose(rung, "answerCallbackQuery", times=9)
    await lose(rung, "editMessageText")
    assert await rung.press(ring, "Взять", HELPER) is None
    rung.bridge.clock.advance(timedelta(minutes=16))
    await rung.bridge.work()
    assert "Взяли" in (await rung.chat("direct", HELPER))[-1].text
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(text("select count(*) from procrastinate_jobs")) == 0, "it is given up"


@pytest.mark.parametrize("value", ["pass", "lead"])
async def test_a_press_that_comes_twice_is_one(rung: Rung, value: str) -> None:
    ring, first, second = await ring_lead(rung)
    desk = rung.bridge.desk
    job = PressButton(
        channel_id=desk.channel_ids[0], press_id="7", value=f"{value}:{(await lead(rung)).id}",
        chat_external_id=str(HELPER), message_external_id=f":{HELPER}:{ring.message_id}",
        author_external_id=str(HELPER),
    )  # fmt: skip
    for _ in range(2):
        await run_press(desk.context, job, LEAD_DEEDS)
    assert (await lead(rung)).owner_id == (second if value == "pass" else first)
    await rung.bridge.work()
    words = {"pass": "передано", "lead": "Взяли"}
    assert words[value] in (await rung.chat("direct", HELPER))[-1].text


async def test_a_refused_press_is_answered_and_changes_nothing(rung: Rung) -> None:
    ring, _, _ = await ring_lead(rung)
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Lead).values(stage=Stage.TAKEN_UP))
    said = await rung.press(ring, "Взять", HELPER)
    assert said is not None
    assert "уже" in said
    assert (await rung.chat("direct", HELPER))[-1] == ring

"""A CRM that was told of a lead hears of the phone number that the subscriber says later."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from inbox.core.database import EVERY_WORKSPACE
from routing.leads.models import Lead
from routing.leads.service import change_lead, hold_lead
from routing.webhooks.crms import read_made, takes_phones
from routing.webhooks.editing import send_again
from routing.webhooks.models import DeliveryState, HookEvent, Shape
from routing.webhooks.sending import LONGEST_ANSWER, NOT_NAMED, NOT_TOLD, PAUSES
from routing.webhooks.service import LEASE_SECONDS
from tests.routing.hooks import Program, add, deliveries, open_hooked, running, sweep
from tests.routing.rung import Rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside

PHONE = "+79991234567"
SAID = "мой номер 8 999 123-45-67, какая цена?"
BITRIX = "/rest/1/c0de/crm.lead.add.json"
AMO = "/api/v4/leads/complex"
AMO_MADE = '[{"id": 71, "contact_id": 82, "company_id": null, "request_id": ["1"], "merged": %s}]'


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_hooked(servers) as opened:
        yield opened


def bodies(program: Program) -> list[object]:
    return [json.loads(body) for _, body in program.got]


async def state(rung: Rung) -> list[tuple[DeliveryState, str | None]]:
    return [(one.state, one.last_error) for one in await deliveries(rung)]


SENT, QUEUED, FAILED = DeliveryState.SENT, DeliveryState.QUEUED, DeliveryState.FAILED


async def test_bitrix_adds_the_number_to_its_lead(rung: Rung) -> None:
    async with running() as program:
        program.says = ['{"result": 3465, "time": {"duration": 0.2}}']
        await add(rung, program.root + BITRIX, Shape.BITRIX24)
        await rung.bridge.say("какая цена?")
        await sweep(rung)
        await rung.bridge.say(SAID)
        await sweep(rung)
        await sweep(rung)
        assert program.asked == [f"POST {BITRIX}", "POST /rest/1/c0de/crm.lead.update.json"]
        assert bodies(program)[1] == {
            "id": 3465, "fields": {"PHONE": [{"VALUE": PHONE, "VALUE_TYPE": "WORK"}]},
        }  # fmt: skip
    assert await state(rung) == [(SENT, None), (SENT, None)]


@pytest.mark.parametrize(
    ("merged", "asked", "body"),
    [
        (
            "false", "PATCH /api/v4/contacts/82",
            {"custom_fields_values": [{"field_code": "PHONE", "values": [{"enum_code": "WORK", "value": PHONE}]}]},
        ),
        (
            "true", "POST /api/v4/leads/71/notes",
            [{"note_type": "common", "params": {"text": f"Телефон: {PHONE}"}}],
        ),
    ],
    ids=["a contact of ours", "a contact that was there"],
)  # fmt: skip
async def test_amo_adds_the_number_to_its_contact_or_a_note_to_the_lead(
    rung: Rung, merged: str, asked: str, body: object
) -> None:
    async with running() as program:
        program.says = [AMO_MADE % merged]
        await add(rung, program.root + AMO, Shape.AMOCRM)
        await rung.bridge.say("какая цена?")
        await sweep(rung)
        await rung.bridge.say(SAID)
        await sweep(rung)
        assert program.asked == [f"POST {AMO}", asked]
        assert bodies(program)[1] == body
        assert {headers["Authorization"] for headers, _ in program.got} == {"Bearer token"}


async def test_a_number_that_a_colleague_writes_down_goes_there_too_and_one_that_is_corrected_does_not(
    rung: Rung,
) -> None:
    caller, context = await rung.caller(rung.boss_id), rung.bridge.desk.context

    async def write_down(phone: str) -> None:
        async with context.transaction(EVERY_WORKSPACE) as session:
            lead = await hold_lead(session, (await session.scalars(select(Lead.id))).one())
            assert lead is not None
            await change_lead(session, caller, lead, {"phone": phone}, rung.bridge.clock.now)
        await sweep(rung)

    async with running() as program:
        program.says = ['{"result": 3465}']
        await add(rung, program.root + BITRIX, Shape.BITRIX24)
        await rung.bridge.say("какая цена?")
        await sweep(rung)
        await write_down(PHONE)
        await write_down("+79990000000")
        assert len(program.got) == 2


async def test_the_number_waits_until_the_lead_has_arrived(rung: Rung) -> None:
    async with running() as program:
        program.answers, program.says = [503], ['{"result": 3465}']
        await add(rung, program.root + BITRIX, Shape.BITRIX24)
        await rung.bridge.say("какая цена?")
        await sweep(rung)
        await rung.bridge.say(SAID)
        await sweep(rung)
        assert await state(rung) == [(QUEUED, None), (QUEUED, None)]
        rung.bridge.clock.advance(max(PAUSES[0], timedelta(seconds=LEASE_SECONDS)))
        await sweep(rung)
        rung.bridge.clock.advance(timedelta(seconds=LEASE_SECONDS))
        await sweep(rung)
        assert await state(rung) == [(SENT, None), (SENT, None)]
        assert program.asked[-1] == "POST /rest/1/c0de/crm.lead.update.json"
        assert [one.attempts for one in await deliveries(rung)] == [2, 1], "waiting is no attempt"


async def test_a_lead_that_never_arrived_is_sent_again_first(rung: Rung) -> None:
    caller, context = await rung.caller(rung.boss_id), rung.bridge.desk.context

    async def again(place: int) -> None:
        async with context.transaction(caller.scope) as session:
            await send_again(session, caller, (await deliveries(rung))[place].id, rung.bridge.clock.now)
        await sweep(rung)

    async with running() as program:
        program.answers, program.says = [503] * (len(PAUSES) + 1), ['{"result": 3465}']
        await add(rung, program.root + BITRIX, Shape.BITRIX24)
        await rung.bridge.say("какая цена?")
        for pause in (timedelta(), *PAUSES):
            rung.bridge.clock.advance(pause)
            await sweep(rung)
        await rung.bridge.say(SAID)
        await sweep(rung)
        assert await state(rung) == [(FAILED, None), (FAILED, NOT_TOLD)]
        await again(0)
        await again(1)
        assert await state(rung) == [(SENT, None), (SENT, None)]
        assert program.asked[-1] == "POST /rest/1/c0de/crm.lead.update.json"


@pytest.mark.parametrize(
    "answer",
    [
        "", "ok", "{}", "[]", "null", '{"result": "3465"}', '{"result": true}', '{"result": -1}',
        '{"result": 3465, "filling": "%s"}' % ("x" * LONGEST_ANSWER), "\ud800",
    ],
    ids=["nothing", "words", "no number", "a list", "null", "a text", "true", "below nought", "too long", "no json"],
)  # fmt: skip
async def test_a_crm_that_does_not_say_what_it_made_has_the_lead_all_the_same(rung: Rung, answer: str) -> None:
    async with running() as program:
        program.says = [answer.encode("utf-8", "replace").decode()]
        await add(rung, program.root + BITRIX, Shape.BITRIX24)
        await rung.bridge.say("какая цена?")
        await sweep(rung)
        await rung.bridge.say(SAID)
        await sweep(rung)
        assert await state(rung) == [(SENT, None), (FAILED, NOT_NAMED)]
        assert len(program.got) == 1


async def test_what_stands_between_us_and_the_crm_or_came_after_the_lead_hears_no_number(rung: Rung) -> None:
    async with running() as program:
        await add(rung, program.url, Shape.BITRIX24)
        await rung.bridge.say("какая цена?")
        await add(rung, program.root + AMO, Shape.AMOCRM)
        await rung.bridge.say(SAID)
        await sweep(rung)
        assert program.asked == ["POST /hook"]
        assert [one.event for one in await deliveries(rung)] == [HookEvent.LEAD_CREATED]


@pytest.mark.parametrize(
    ("shape", "url", "takes"),
    [
        (Shape.BITRIX24, "https://a.bitrix24.ru/rest/1/c0de/crm.lead.add", True),
        (Shape.BITRIX24, "https://a.bitrix24.ru/rest/1/c0de/crm.lead.add.json?x=1", True),
        (Shape.BITRIX24, "https://a.bitrix24.ru/rest/1/c0de/crm.deal.add.json", False),
        (Shape.AMOCRM, "https://a.amocrm.ru/api/v4/leads/complex", True),
        (Shape.AMOCRM, "https://a.amocrm.ru/api/v4/leads", False),
        (Shape.OTKLIK, "https://a.bitrix24.ru/rest/1/c0de/crm.lead.add", False),
    ],
)
def test_addresses_that_take_numbers_are_known(shape: Shape, url: str, takes: bool) -> None:
    assert takes_phones(shape, url) is takes


def test_only_numbers_are_read_from_an_answer() -> None:
    """They become a part of an address."""
    assert read_made(Shape.AMOCRM, b'[{"id": 7, "contact_id": "../../users", "merged": false}]') == {"lead": 7}
    assert read_made(Shape.AMOCRM, b'[{"id": "7/../8"}]') is None

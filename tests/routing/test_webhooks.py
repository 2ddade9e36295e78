"""Outgoing webhooks: signed, repeated, logged, stopped, and never into a private network."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from inbox.conversations.models import Conversation
from inbox.core.addresses import is_public
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import InvalidInputError
from inbox.organisations.models import Role
from inbox.replies.service import Draft, compose
from routing.leads.sweeping import hand_on_missed, sweep_leads
from routing.webhooks.addresses import ForbiddenAddressError, check_url, resolve
from routing.webhooks.editing import change_webhook, send_again, try_webhook
from routing.webhooks.models import DeliveryState, HookEvent, Shape, Webhook
from routing.webhooks.sending import PAUSES, STOP_AFTER
from routing.webhooks.shapes import make_body
from tests.routing.hooks import add, deliveries, open_hooked, running, sweep
from tests.routing.rung import Rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_hooked(servers) as opened:
        yield opened


async def test_a_lead_is_told_once_signed_and_logged(rung: Rung) -> None:
    async with running() as program:
        await add(rung, program.url)
        await rung.bridge.say("какая цена? 8 999 123-45-67")
        await sweep(rung)
        await sweep(rung)
        ((headers, body),) = program.got
    expected = hmac.new(b"s3cret", headers["X-Otklik-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Otklik-Signature"] == f"sha256={expected}"
    assert headers["Authorization"] == "Bearer token"
    told = json.loads(body)
    assert (told["event"], told["lead"]["phone"]) == ("lead.created", "+79991234567")
    (row,) = await deliveries(rung)
    assert (row.state, row.attempts, row.last_status) == (DeliveryState.SENT, 1, 200)


async def test_what_a_lead_becomes_by_itself_is_told_as_well(rung: Rung) -> None:
    """A phone said later, who got it, who lost it, an answer that took it up: nobody pressed a button."""
    context, clock = rung.bridge.desk.context, rung.bridge.clock

    async def lie() -> list[tuple[str | None, int | None, str]]:
        async with context.transaction(EVERY_WORKSPACE) as session:
            await sweep_leads(session, clock.now)
            await hand_on_missed(session, clock.now)
        await rung.bridge.work()
        bodies = [one.body for one in await deliveries(rung)]
        leads = [one["lead"] for one in bodies if isinstance(one["lead"], dict)]
        return [(one["phone"], one["owner_id"], one["stage"]) for one in leads]

    async with running() as program:
        first = await rung.hire("Мария", Role.SALES, ["sales"])
        await add(rung, program.url, events=(HookEvent.LEAD_CREATED, HookEvent.LEAD_CHANGED))
        await rung.bridge.say("какая цена?")
        told: list[tuple[str | None, int | None, str]] = [(None, None, "new"), (None, first, "new")]
        assert await lie() == told
        await rung.bridge.say("какая цена? мой номер 8 999 123-45-67")
        told += [("+79991234567", first, "new")]
        assert await lie() == told
        second = await rung.hire("Артём", Role.SALES, ["sales"])
        clock.advance(timedelta(days=3))
        told += [("+79991234567", second, "new")]
        assert await lie() == told
        async with context.transaction(EVERY_WORKSPACE) as session:
            talk = (await session.scalars(select(Conversation))).one()
            await compose(session, talk, second, Draft("Здравствуйте!"), clock.now)
        await rung.bridge.work()
        told += [("+79991234567", second, "taken_up")]
        assert await lie() == told
        assert await lie() == told, "nothing is told twice"


async def test_a_crm_hears_of_new_leads_alone_for_it_makes_one_of_each_request(rung: Rung) -> None:
    context = rung.bridge.desk.context
    both = (HookEvent.LEAD_CREATED, HookEvent.LEAD_CHANGED)
    async with running() as program:
        webhook_id = await add(rung, program.url, Shape.BITRIX24, both)
        await rung.bridge.say("какая цена?")
        await rung.bridge.say("какая цена? мой номер 8 999 123-45-67")
        assert [one.event for one in await deliveries(rung)] == [HookEvent.LEAD_CREATED]
    caller = await rung.caller(rung.boss_id)
    async with context.transaction(EVERY_WORKSPACE) as session:
        with pytest.raises(InvalidInputError, match="new leads only"):
            await change_webhook(session, context, caller, webhook_id, {"events": [one.value for one in both]})
        row = await change_webhook(session, context, caller, webhook_id, {"events": ["lead.created"]})
        assert row.events == ["lead.created"]


async def test_what_fails_is_tried_again_with_growing_pauses_and_a_redirect_is_not_followed(rung: Rung) -> None:
    async with running() as program:
        program.answers = [500, 302, 200]
        await add(rung, program.url)
        await rung.bridge.say("какая цена?")
        await sweep(rung)
        (row,) = await deliveries(rung)
        assert (row.state, row.last_status, row.next_at) == (
            DeliveryState.QUEUED, 500, rung.bridge.clock.now + PAUSES[0],
        )  # fmt: skip
        await sweep(rung)
        assert len(program.got) == 1
        rung.bridge.clock.advance(PAUSES[0])
        await sweep(rung)
        (row,) = await deliveries(rung)
        assert (row.last_status, "redirect" in (row.last_error or "")) == (302, True)
        assert len(program.got) == 2
        rung.bridge.clock.advance(PAUSES[1])
        await sweep(rung)
        assert [one.state for one in await deliveries(rung)] == [DeliveryState.SENT]


async def test_after_many_failures_it_stops_and_the_team_is_told_and_a_person_sends_again(rung: Rung) -> None:
    async with running() as program:
        webhook_id = await add(rung, program.url)
        caller, context = await rung.caller(rung.boss_id), rung.bridge.desk.context
        program.answers = [503] * (STOP_AFTER * (len(PAUSES) + 1))
        async with context.transaction(caller.scope) as session:
            for _ in range(STOP_AFTER):
                await try_webhook(session, caller, webhook_id, rung.bridge.clock.now)
        for pause in (timedelta(), *PAUSES):
            rung.bridge.clock.advance(pause)
            await sweep(rung)
        assert {one.state for one in await deliveries(rung)} == {DeliveryState.FAILED}
        async with context.database.session(EVERY_WORKSPACE) as session:
            row = await session.get_one(Webhook, webhook_id)
        assert row.stopped_at is not None
        assert [one.details["channel"] for one in await rung.alerts()] == ["CRM"]
        first = (await deliveries(rung))[0]
        async with context.transaction(caller.scope) as session:
            await send_again(session, caller, first.id, rung.bridge.clock.now)
        await sweep(rung)
        assert (await deliveries(rung))[0].state is DeliveryState.SENT


@pytest.mark.parametrize(
    ("url", "changes", "kept"),
    [
        ("https://evil.example.org/hook", {}, None),
        ("http://crm.example.org/hook", {}, None),
        ("https://crm.example.org:8443/hook", {}, None),
        ("https://CRM.example.org:443/another", {}, "Bearer token"),
        ("https://evil.example.org/hook", {"authorization": SecretStr("Bearer new")}, "Bearer new"),
    ],
)
async def test_what_was_given_for_one_program_is_not_sent_to_another(
    rung: Rung, url: str, changes: dict[str, object], kept: str | None
) -> None:
    webhook_id = await add(rung, "https://crm.example.org/hook")
    caller, context = await rung.caller(rung.boss_id), rung.bridge.desk.context
    async with context.transaction(caller.scope) as session:
        await change_webhook(session, context, caller, webhook_id, {**changes, "url": url})
        row = await change_webhook(session, context, caller, webhook_id, {"name": "Still the same"})
    encrypted = row.authorization_encrypted
    assert (encrypted and context.cipher.decrypt(encrypted)) == kept


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.1", "100.64.0.1", "::1",
        "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "224.0.0.1",
    ],
)  # fmt: skip
def test_private_addresses_are_known_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4010:c0f::66"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook", "ftp://example.org", "https://", "https://user:pass@example.org/", "https://a b.ru",
        "https://localhost/hook", "https://10.0.0.1/", "https://[::1]/", "https://crm.local/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_good_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        check_url(url, allow_private=False)


async def test_a_name_that_resolves_into_a_private_network_is_not_called() -> None:
    with pytest.raises(ForbiddenAddressError):
        await resolve("https://localhost/hook", allow_private=False)
    target = await resolve("http://localhost:8080/hook?a=1", allow_private=True)
    assert target.ip in {"127.0.0.1", "::1"}
    assert (target.host_header, target.path) == ("localhost:8080", "/hook?a=1")
    await asyncio.sleep(0)


LEAD = {
    "workspace": "Лад", "lead": {
        "id": 7, "contact": "Анна", "phone": "+79991234567", "text": "Цена?", "channel": "Бот", "amount": "1500.00",
    },
}  # fmt: skip


def test_the_crms_get_what_they_take() -> None:
    bitrix = json.loads(make_body(Shape.BITRIX24, "lead.created", 1, LEAD))
    assert bitrix["fields"]["PHONE"] == [{"VALUE": "+79991234567", "VALUE_TYPE": "WORK"}]
    assert (bitrix["fields"]["NAME"], bitrix["fields"]["OPPORTUNITY"]) == ("Анна", "1500.00")
    (amo,) = json.loads(make_body(Shape.AMOCRM, "lead.created", 1, LEAD))
    contact = amo["_embedded"]["contacts"][0]
    assert contact["custom_fields_values"][0]["values"] == [{"enum_code": "WORK", "value": "+79991234567"}]
    assert amo["price"] == 1500

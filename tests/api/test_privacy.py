"""A subscriber's data: given out whole, erased everywhere, and not taken again from a platform's history."""

import json
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.audit.models import AuditEntry
from inbox.channels.events import Attachment, AttachmentKind, Author, ConversationKind, MessageReceived, Quoted
from inbox.contacts.models import Contact, Identity
from inbox.conversations.arrivals import Arrived
from inbox.conversations.intake import store, texts_to_tag
from inbox.conversations.models import Conversation, Correction, DeadEvent, Message, Status
from inbox.conversations.refresh import refresh
from inbox.conversations.tags import Intent, Sentiment, Tagged
from inbox.core.database import EVERY_WORKSPACE, Base
from inbox.reports.models import ResponseTime
from routing.alerts.models import Alert, AlertKind, AlertState
from routing.webhooks.models import DeliveryState, HookEvent, Webhook, WebhookDelivery
from tests.api.subscribers import GROUP, ROOT, Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside

WHO, NAME, HANDLE, PHONE = "777000501", "Зинаида Краснова", "zina_krasnova", "+79991112233"
MARKS = (WHO, NAME, HANDLE, PHONE, "9991112233", "кракозябр", "краснов", "секретик")
"""What tells who it was and what was said; nowhere else."""
TAGS = Tagged(Sentiment.NEGATIVE, Intent.LEAD, False, False, {}, frozenset(), {"intent": ["кракозябр"]}, "of the test")
FILE = Attachment(AttachmentKind.DOCUMENT, "F-1", file_name="кракозябра.pdf")


class Zinaida:
    """Somebody who writes in private and under a post, is answered, noted, moderated, made a lead of, told to a CRM."""

    def __init__(self, company: Company, subscribers: Subscribers) -> None:
        self.company, self.own = company, subscribers.own
        self.private = self.public = self.reply = 0

    def says(
        self, number: int, words: str, at: datetime, *, in_public: bool = False, edited_at: datetime | None = None,
        author: Author | None = None, parent: Quoted | None = None,
    ) -> MessageReceived:  # fmt: skip
        """A message as the adapter gives it."""
        return MessageReceived(
            external_id=f":{GROUP if in_public else WHO}:{number}",
            kind=ConversationKind.COMMENT if in_public else ConversationKind.DIRECT,
            chat_external_id=GROUP if in_public else WHO,
            author=author or Author(WHO, NAME, HANDLE), sent_at=at, text=words, edited_at=edited_at,
            attachments=() if in_public else (FILE,), thread_external_id=ROOT if in_public else None,
            thread_is_post=in_public, parent=parent,
        )  # fmt: skip

    async def take(self, *events: MessageReceived) -> None:
        """As a worker takes them."""
        arrived = [Arrived(f"9-{one.external_id}", self.own, one) for one in events]
        context = self.company.context
        async with context.transaction(EVERY_WORKSPACE) as session:
            tags = {key: TAGS if "кракозябр" in key[1] else replace(TAGS, reasons={}) for key in texts_to_tag(arrived)}
            stored = await store(session, arrived, tags, context.clock(), context.cipher.hide)
            await refresh(session, stored.touched)

    async def live(self, asked_at: datetime) -> None:
        """All that leaves a trace."""
        said = self.says(1, f"кракозябра, звоните {PHONE}", asked_at)
        commented = self.says(2, "кракозябры у вас", asked_at, in_public=True)
        other = self.says(
            3, "полностью согласна", asked_at, in_public=True, author=Author("501", "Анна", "anna"),
            parent=Quoted(commented.external_id, Author(WHO, NAME, HANDLE), "кракозябры у вас"),
        )  # fmt: skip
        await self.take(said, commented, other)
        await self.take(self.says(1, f"кракозябра же, {PHONE}", asked_at, edited_at=asked_at + timedelta(seconds=30)))
        async with self.company.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(
                select(Conversation.kind, Conversation.id)
                .join(Identity, Identity.id == Conversation.identity_id)
                .where(Identity.external_id == WHO)
            )
            found = dict(rows.all())
        self.private, self.public = found[ConversationKind.DIRECT], found[ConversationKind.COMMENT]
        await self._be_worked_on()

    async def _be_worked_on(self) -> None:
        client = await self.company.client_of("owner")
        note = {"text": f"секретик про {NAME}", "note": True}
        await _done(client.post(f"/api/v1/conversations/{self.private}/messages", json=note))
        lead = {"workspace_id": self.company.workspace_id, "conversation_id": self.private}
        made = await _done(client.post("/api/v1/leads", json=lead))
        change = {"phone": PHONE, "stage": "not_a_lead", "reason": "секретик"}
        await _done(client.patch(f"/api/v1/leads/{made['id']}", json=change))
        async with self.company.context.transaction(EVERY_WORKSPACE) as session:
            first = await session.scalar(
                select(Message).where(Message.conversation_id == self.private).order_by(Message.id).limit(1)
            )
            assert first is not None
            await _leave_traces(session, self.company, first, made["id"])
        await _done(client.put(f"/api/v1/messages/{first.id}/tags", json={"sentiment": "positive"}))


async def _leave_traces(session: AsyncSession, company: Company, message: Message, lead_id: int) -> None:
    """An alert with a phone, a webhook that was told and one that is to be, a payload that nobody could read."""
    workspace_id, now = message.workspace_id, company.clock()
    hook = Webhook(
        workspace_id=workspace_id, name="CRM", url="https://crm.example.org", events=["lead.created"],
        secret_encrypted=b"-",
    )  # fmt: skip
    session.add(hook)
    await session.flush()
    lead = {"id": lead_id, "conversation_id": message.conversation_id, "phone": PHONE, "contact": NAME}
    for state, body in ((DeliveryState.SENT, lead), (DeliveryState.QUEUED, {"id": lead_id, "phone": PHONE})):
        session.add(
            WebhookDelivery(
                workspace_id=workspace_id, webhook_id=hook.id, event=HookEvent.LEAD_CREATED, body={"lead": body},
                state=state, next_at=now,
            )
        )  # fmt: skip
    session.add(
        Alert(
            workspace_id=workspace_id, kind=AlertKind.LEAD, rule_key="lead:1", conversation_id=message.conversation_id,
            occurred_at=now, details={"missed_by": "Мария", "phone": PHONE},
        )
    )  # fmt: skip
    session.add(
        DeadEvent(
            workspace_id=workspace_id, channel_id=message.channel_id, entry_id="7-0", via="poll", error="?",
            raw=json.dumps({"from": {"id": int(WHO), "first_name": NAME}}, ensure_ascii=False), received_at=now,
        )
    )  # fmt: skip


async def _done(asked: Awaitable[httpx.Response]) -> Any:
    answer = await asked
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.fixture
async def zinaida(company: Company, subscribers: Subscribers) -> Zinaida:
    await subscribers.see_post("Новая коллекция")
    one = Zinaida(company, subscribers)
    await one.live(company.clock() - timedelta(minutes=10))
    return one


async def contact_of(company: Company, conversation_id: int) -> int:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.get_one(Conversation, conversation_id)).contact_id


async def traces(company: Company) -> dict[str, list[str]]:
    """Every table in whose rows a mark still stands."""
    found: dict[str, list[str]] = {}
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        for table in Base.metadata.sorted_tables:
            rows = await session.scalars(text(f'select t::text from "{table.name}" t'))  # noqa: S608
            if hits := [row for row in rows if any(mark.casefold() in row.casefold() for mark in MARKS)]:
                found[table.name] = hits
    return found


async def erase(company: Company, zinaida: Zinaida, name: str = "owner") -> httpx.Response:
    client = await company.client_of(name)
    return await client.delete(f"/api/v1/contacts/{await contact_of(company, zinaida.private)}")


async def test_all_that_is_kept_is_given_out(company: Company, zinaida: Zinaida) -> None:
    client = await company.client_of("admin")
    contact_id = await contact_of(company, zinaida.private)
    given = await _done(client.get(f"/api/v1/contacts/{contact_id}/export"))
    whole = json.dumps(given, ensure_ascii=False)
    assert all(
        mark in whole for mark in (WHO, NAME, HANDLE, PHONE, "секретик про", "кракозябры у вас", "кракозябра.pdf")
    )
    assert "согласна" not in whole, "other people's words are theirs"
    talks = {one["kind"]: one for one in given["conversations"]}
    first = talks["direct"]["messages"][0]
    assert (first["from"], first["text"]) == ("subscriber", f"кракозябра же, {PHONE}")
    assert [one["text"] for one in first["earlier_texts"]] == [f"кракозябра, звоните {PHONE}"]
    assert given["leads"][0]["phone"] == PHONE
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        noted = select(AuditEntry.agent_id, AuditEntry.row_id).where(AuditEntry.action == "contact.exported")
        assert (await session.execute(noted)).all() == [(company.people["admin"].agent_id, contact_id)]


async def test_nothing_is_left_of_who_it_was_and_what_was_said(company: Company, zinaida: Zinaida) -> None:
    before = await traces(company)
    assert {
        "contacts", "identities", "conversations", "messages", "message_edits", "attachments", "tags", "leads",
        "alerts", "webhook_deliveries", "audit_entries", "dead_events",
    } <= before.keys()  # fmt: skip
    erased = await erase(company, zinaida)
    assert erased.status_code == 204, erased.text
    assert await traces(company) == {}


async def test_what_others_said_stays_and_so_do_numbers(company: Company, zinaida: Zinaida) -> None:
    async def count() -> list[int]:
        async with company.context.database.session(EVERY_WORKSPACE) as session:
            kinds = (Message, Conversation, ResponseTime)
            return [await session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]

    before = await count()
    await erase(company, zinaida)
    assert await count() == before
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert "полностью согласна" in list(await session.scalars(select(Message.text)))
        assert await session.scalar(select(func.count()).select_from(Correction)) == 0
        talk = await session.get_one(Conversation, zinaida.private)
        assert (talk.status, talk.needs_answer, talk.intent) == (Status.CLOSED, False, Intent.LEAD)
        states = await session.scalars(select(WebhookDelivery.state).order_by(WebhookDelivery.id))
        assert list(states) == [DeliveryState.SENT, DeliveryState.FAILED]
        told_id = await session.scalar(select(func.min(WebhookDelivery.id)))
        assert set(await session.scalars(select(Alert.state))) == {AlertState.FAILED}, "what waits does not ring"
    client = await company.client_of("owner")
    again = await client.post(f"/api/v1/webhook-deliveries/{told_id}/send-again")
    assert (again.status_code, "erased" in again.json()["detail"]) == (409, True), "an empty lead is made nowhere"


async def test_what_the_platform_tells_again_is_not_taken_and_what_is_new_is_a_new_contacts(
    company: Company, zinaida: Zinaida
) -> None:
    erased_id = await contact_of(company, zinaida.private)
    await erase(company, zinaida)
    long_ago = company.clock() - timedelta(minutes=20)
    again = zinaida.says(1, f"кракозябра, звоните {PHONE}", long_ago)
    edited = zinaida.says(2, "кракозябры!", long_ago, in_public=True, edited_at=company.clock())
    await zinaida.take(again, edited)
    assert await traces(company) == {}
    on_its_way_at = company.clock() - timedelta(minutes=5)  # our note is newer, and no word of the platform's
    await zinaida.take(zinaida.says(9, "здравствуйте снова", on_its_way_at))
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        talk = (
            await session.scalars(
                select(Conversation).join(Message, Message.conversation_id == Conversation.id).where(
                    Message.text == "здравствуйте снова"
                )
            )
        ).one()  # fmt: skip
        assert talk.id not in {zinaida.private, zinaida.public}
        assert talk.contact_id != erased_id
        assert (await session.get_one(Contact, talk.contact_id)).name == NAME


async def test_it_is_done_once_and_nobody_is_written_to_afterwards(company: Company, zinaida: Zinaida) -> None:
    assert (await erase(company, zinaida)).status_code == 204
    assert (await erase(company, zinaida)).status_code == 409
    client = await company.client_of("owner")
    reply = await client.post(f"/api/v1/conversations/{zinaida.private}/messages", json={"text": "Вы здесь?"})
    assert reply.status_code == 409
    assert "erased" in reply.json()["detail"]


@pytest.mark.parametrize("name", ["moderator", "sales", "viewer"])
async def test_only_owners_and_administrators_do_it(company: Company, zinaida: Zinaida, name: str) -> None:
    contact_id = await contact_of(company, zinaida.private)
    client = await company.client_of(name)
    assert (await client.get(f"/api/v1/contacts/{contact_id}/export")).status_code == 403
    assert (await erase(company, zinaida, name)).status_code == 403
    browser = await company.browser_of(name)
    page = await browser.get(f"/w/{company.workspace_id}/inbox/{zinaida.private}")
    assert f"/contacts/{contact_id}" not in page.text


async def test_an_answer_that_waits_is_cancelled_first(company: Company, zinaida: Zinaida) -> None:
    client = await company.client_of("owner")
    later = {"text": "Перезвоним", "send_at": (company.clock() + timedelta(hours=3)).isoformat()}
    await _done(client.post(f"/api/v1/conversations/{zinaida.private}/messages", json=later))
    refused = await erase(company, zinaida)
    assert refused.status_code == 409
    assert "cancel it" in refused.json()["detail"]
    assert "contacts" in await traces(company)


async def test_the_page_shows_what_there_is_gives_the_file_and_asks_before_it_erases(
    company: Company, zinaida: Zinaida
) -> None:
    browser = await company.browser_of("owner")
    contact_id = await contact_of(company, zinaida.private)
    at = f"/w/{company.workspace_id}/contacts/{contact_id}"
    assert at in (await browser.get(f"/w/{company.workspace_id}/inbox/{zinaida.private}")).text
    page = await browser.get(at)
    assert NAME in page.text
    file = await browser.get(f"{at}/export")
    assert file.headers["content-disposition"].startswith(f'attachment; filename="contact-{contact_id}-')
    assert file.json()["contact"]["name"] == NAME
    assert (await browser.post(f"{at}/erase", data={})).status_code == 422
    assert "contacts" in await traces(company)
    done = await browser.post(f"{at}/erase", data={"sure": "true"})
    assert (done.status_code, done.headers["location"]) == (303, at)
    assert await traces(company) == {}
    after = await browser.get(at)
    assert "/erase" not in after.text
    talk = await browser.get(f"/w/{company.workspace_id}/inbox/{zinaida.private}")
    assert talk.status_code == 200
    assert NAME not in talk.text
    assert "стёрто" in talk.text or "erased" in talk.text

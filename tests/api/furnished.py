"""Rows of every kind in each of three workspaces, marked with a word that stands nowhere else; and the app's routes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx
from fastapi.routing import APIRoute
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.calendars.models import Calendar
from inbox.canned.models import CannedResponse
from inbox.channels.events import Attachment as Part
from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.channels.models import Channel, Gap
from inbox.conversations.arrivals import OnChannel
from inbox.conversations.models import Attachment, Conversation, DeadEvent, Label, Message
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import LinkKind, OneTimeLink, Role, Team, Workspace
from inbox.sla.models import SlaPolicy
from routing.alerts.models import Alert, AlertKind
from routing.autoreplies.models import AutoReply, AutoReplyKind
from routing.leads.models import Lead
from routing.rules.models import Rule
from routing.webhooks.models import HookEvent, Webhook, WebhookDelivery
from tests.api.subscribers import Subscribers
from tests.company import Company

Ids = Mapping[str, list[int]]
"""A path's or query's field → ids of rows."""

OWN, SECOND, FOREIGN = "kestrel", "lapwing", "bittern"
"""The word in everything that is written in each workspace."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The rows of each workspace."""

    own: Ids
    second: Ids
    foreign: Ids


async def furnish_all(company: Company, subscribers: Subscribers) -> Fields:
    """All three workspaces."""
    return Fields(
        await furnish(company, subscribers, subscribers.own, "owner", OWN),
        await furnish(company, subscribers, subscribers.second, "neighbour", SECOND),
        await furnish(company, subscribers, subscribers.foreign, "outsider", FOREIGN),
    )


def planted(word: str) -> set[str]:
    """What a workspace's pages show between them to its owner."""
    return {
        f"Проект {word}", f"Бот {word}", f"Владелец {word}", f"Пост {word}", f"Фото {word}", f"Вопрос {word}",
        f"Ответ {word}", f"Заметка {word}", f"{word}.pdf", f"Person {word}1", f"Person {word}2", f"Команда {word}",
        f"Метка {word}", f"Разрыв {word}", f"Часы {word}", f"Обещание {word}", f"raw {word}", f"error {word}",
        f"Заготовка {word}", f"Слова {word}", f"{word}@invited.test",
    }  # fmt: skip


async def furnish(company: Company, subscribers: Subscribers, channel: OnChannel, owner: str, word: str) -> Ids:
    """Conversations, messages of both sides, a note, a file, a post, a label, a team, a gap and a dead event."""
    post_id = await subscribers.see_post(f"Пост {word}", channel)
    file = Part(AttachmentKind.DOCUMENT, "F", file_name=f"{word}.pdf")
    private = await subscribers.write(f"Фото {word}", f"{word}1", channel=channel, attachments=(file,))
    public = await subscribers.write(f"Вопрос {word}", f"{word}2", channel=channel, kind=ConversationKind.COMMENT)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        lead_id, webhook_id, delivery_id = await _add_sales(session, company, public.conversation_id, word)
        team, dead, auto_reply, alert, canned = await _add_rows(session, company, channel, word)
        calendar, policy = await _add_hours(session, channel, word)
        invitation = await _invite(session, company, channel.workspace_id, owner, word)
        rule = Rule(
            workspace_id=channel.workspace_id, name=f"Правило {word}", position=0, is_enabled=False, conditions=[],
            actions=[{"do": "note", "text": f"Заметка {word}"}],
        )  # fmt: skip
        session.add(rule)
        await session.flush()
        (await session.get_one(Workspace, channel.workspace_id)).name = f"Проект {word}"
        (await session.get_one(Channel, channel.channel_id)).name = f"Бот {word}"
        (await session.get_one(Agent, company.people[owner].agent_id)).name = f"Владелец {word}"
    client = await company.client_of(owner)
    await _talk(client, private.conversation_id, word)
    deed = {"conversation_ids": [public.conversation_id], "change": {"priority": "low"}}
    bulk = await client.post("/api/v1/conversations/bulk", json=deed)
    assert bulk.status_code == 200, bulk.text
    of_channel = Message.channel_id == channel.channel_id
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        messages = await session.scalars(select(Message.id).where(of_channel).order_by(Message.id))
        contacts = await session.scalars(
            select(Conversation.contact_id).where(Conversation.channel_id == channel.channel_id).distinct()
        )
        files = await session.scalars(
            select(Attachment.id).join(Message, Message.id == Attachment.message_id).where(of_channel)
        )
        return {
            "workspace_id": [channel.workspace_id],
            "channel_id": [channel.channel_id],
            "conversation_id": [private.conversation_id, public.conversation_id],
            "message_id": list(messages),
            "post_id": [post_id],
            "attachment_id": list(files),
            "team_id": [team.id],
            "rule_id": [rule.id],
            "dead_event_id": [dead.id],
            "bulk_change_id": [bulk.json()["id"]],
            "auto_reply_id": [auto_reply.id],
            "alert_id": [alert.id],
            "calendar_id": [calendar.id],
            "policy_id": [policy.id],
            "lead_id": [lead_id],
            "contact_id": list(contacts),
            "webhook_id": [webhook_id],
            "delivery_id": [delivery_id],
            "canned_response_id": [canned.id],
            "invitation_id": [invitation.id],
            "agent_id": [company.people[owner].agent_id],
            "colleague_id": [company.people["moderator" if owner == "owner" else owner].agent_id],
            "assignee_id": [company.people[owner].agent_id],
        }


async def _add_rows(
    session: AsyncSession, company: Company, channel: OnChannel, word: str
) -> tuple[Team, DeadEvent, AutoReply, Alert, CannedResponse]:
    now = company.clock()
    team = Team(workspace_id=channel.workspace_id, name=f"Команда {word}")
    dead = DeadEvent(
        workspace_id=channel.workspace_id, channel_id=channel.channel_id, entry_id=f"{channel.channel_id}-0",
        raw=f'{{"raw": "raw {word}"}}', via="poll", error=f"error {word}", received_at=now,
    )  # fmt: skip
    gap = Gap(
        workspace_id=channel.workspace_id, channel_id=channel.channel_id, started_at=now - timedelta(hours=1),
        ended_at=now, reason=f"Разрыв {word}",
    )  # fmt: skip
    canned = CannedResponse(workspace_id=channel.workspace_id, title=f"Заготовка {word}", text=f"Слова {word}")
    auto_reply = AutoReply(
        workspace_id=channel.workspace_id, name=f"Автоответ {word}", kind=AutoReplyKind.AFTER_HOURS,
        text=f"Утром {word}", public_cap=1,
    )  # fmt: skip
    alert = Alert(
        workspace_id=channel.workspace_id, kind=AlertKind.CHANNEL, rule_key=f"channel:{word}", occurred_at=now,
        details={"channel": f"Бот {word}", "reason": f"Разрыв {word}"},
    )  # fmt: skip
    session.add_all(
        [canned, auto_reply, alert, Label(workspace_id=channel.workspace_id, name=f"Метка {word}"), team, dead, gap]
    )
    await session.flush()
    return team, dead, auto_reply, alert, canned


async def _add_hours(session: AsyncSession, channel: OnChannel, word: str) -> tuple[Calendar, SlaPolicy]:
    """A calendar and a promise that are not the workspace's default."""
    calendar = Calendar(workspace_id=channel.workspace_id, name=f"Часы {word}", time_zone="Europe/Moscow")
    policy = SlaPolicy(
        workspace_id=channel.workspace_id, name=f"Обещание {word}", first_response=timedelta(minutes=15),
        next_response=timedelta(minutes=30),
    )  # fmt: skip
    session.add_all([calendar, policy])
    await session.flush()
    return calendar, policy


async def _invite(session: AsyncSession, company: Company, workspace_id: int, owner: str, word: str) -> OneTimeLink:
    """An invitation that nobody has used."""
    now, by = company.clock(), company.people[owner].agent_id
    maker = await session.get_one(Agent, by)
    link = OneTimeLink(
        kind=LinkKind.INVITATION, organisation_id=maker.organisation_id, place_id=workspace_id, role=Role.SALES,
        email=f"{word}@invited.test", secret_hash=f"hash {word}", created_by_id=by, created_at=now,
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    session.add(link)
    await session.flush()
    return link


async def _add_sales(session: AsyncSession, company: Company, conversation_id: int, word: str) -> tuple[int, int, int]:
    """A lead, and a webhook with a delivery."""
    now = company.clock()
    talk = await session.get_one(Conversation, conversation_id)
    lead = Lead(
        workspace_id=talk.workspace_id, conversation_id=talk.id, channel_id=talk.channel_id,
        contact_id=talk.contact_id, post_id=talk.post_id, text=f"Вопрос {word}", stage_at=now, heard_at=now,
    )  # fmt: skip
    webhook = Webhook(
        workspace_id=talk.workspace_id, name=f"CRM {word}", url="https://crm.example.org/hook",
        events=[HookEvent.LEAD_CREATED.value], secret_encrypted=company.context.cipher.encrypt("s"),
    )  # fmt: skip
    session.add_all([lead, webhook])
    await session.flush()
    delivery = WebhookDelivery(
        workspace_id=talk.workspace_id, webhook_id=webhook.id, event=HookEvent.TEST, body={"word": word}, next_at=now
    )
    session.add(delivery)
    await session.flush()
    return lead.id, webhook.id, delivery.id


async def _talk(client: httpx.AsyncClient, conversation_id: int, word: str) -> None:
    at = f"/api/v1/conversations/{conversation_id}"
    for body in ({"text": f"Ответ {word}"}, {"text": f"Заметка {word}", "note": True}):
        answer = await client.post(f"{at}/messages", json=body)
        assert answer.status_code == 201, answer.text
    labelled = await client.patch(at, json={"labels": [f"Метка {word}"]})
    assert labelled.status_code == 200, labelled.text


def routes_of(routes: Iterable[object], prefix: str = "") -> set[tuple[str, str]]:
    """Method and whole path of every route, through routers within routers."""
    found: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, APIRoute):
            found |= {(method, prefix + route.path) for method in route.methods or ()}
        else:
            inner = getattr(getattr(route, "include_context", None), "prefix", "")
            found |= routes_of(getattr(getattr(route, "original_router", None), "routes", ()), prefix + inner)
    return found

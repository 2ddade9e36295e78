"""Writes events down for the webhooks that want them, with their jobs, in the transaction of what they are about."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import SQLColumnExpression

from inbox.channels.models import Channel
from inbox.contacts.models import Contact
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation, Post
from inbox.core.bulk import among
from inbox.core.database import Json
from inbox.core.events import CallWebhook
from inbox.core.jobs import defer
from inbox.organisations.models import Workspace
from routing.leads.models import Lead
from routing.webhooks.crms import takes_phones
from routing.webhooks.models import DeliveryState, HookEvent, Shape, Webhook, WebhookDelivery

LEASE_SECONDS = 120


async def tell_leads(session: AsyncSession, lead_ids: Sequence[int], event: HookEvent, now: datetime) -> None:
    """Leads were made, or changed; nothing is read where no webhook listens. CRMs hear of new ones alone, for they make
    a lead of each request."""
    if not lead_ids:
        return
    takes = true() if event is HookEvent.LEAD_CREATED else Webhook.shape == Shape.OTKLIK
    rows = await session.execute(
        select(Lead, Webhook.id, Workspace.name, Channel.name, Contact.name, Post.text)
        .join(
            Webhook,
            and_(
                Webhook.workspace_id == Lead.workspace_id, Webhook.events.contains([event.value]), _is_enabled(), takes
            ),
        )
        .join(Workspace, Workspace.id == Lead.workspace_id)
        .join(Channel, Channel.id == Lead.channel_id)
        .join(Contact, Contact.id == Lead.contact_id)
        .outerjoin(Post, Post.id == Lead.post_id)
        .where(among(Lead.id, lead_ids))
        .order_by(Lead.id, Webhook.id)
    )
    for lead, webhook_id, workspace, channel, contact, post in rows:
        body: Json = {
            "workspace_id": lead.workspace_id, "workspace": workspace, "occurred_at": now.isoformat(),
            "lead": {
                "id": lead.id, "conversation_id": lead.conversation_id, "contact": contact, "phone": lead.phone,
                "text": lead.text, "channel": channel, "post": post, "stage": lead.stage.value,
                "reason": lead.reason, "amount": None if lead.amount is None else str(lead.amount),
                "owner_id": lead.owner_id, "heard_at": lead.heard_at.isoformat(),
            },
        }  # fmt: skip
        session.add(_delivery(lead.workspace_id, webhook_id, event, body, now))
    await session.flush()


async def tell_phones(session: AsyncSession, lead_ids: Sequence[int], now: datetime) -> None:
    """A phone number joined leads that had none: programs hear of the change, CRMs that were told of the lead hear the
    number."""
    await tell_leads(session, lead_ids, HookEvent.LEAD_CHANGED, now)
    if not lead_ids:
        return
    rows = await session.execute(
        select(Lead, Webhook)
        .join(Webhook, and_(Webhook.workspace_id == Lead.workspace_id, Webhook.shape != Shape.OTKLIK, _is_enabled()))
        .where(among(Lead.id, lead_ids), Lead.phone.is_not(None), exists().where(is_beginning(Webhook.id, Lead.id)))
        .order_by(Lead.id, Webhook.id)
    )
    for lead, webhook in rows:
        if takes_phones(webhook.shape, webhook.url):
            body: Json = {
                "workspace_id": lead.workspace_id, "occurred_at": now.isoformat(),
                "lead": {"id": lead.id, "phone": lead.phone},
            }  # fmt: skip
            session.add(_delivery(lead.workspace_id, webhook.id, HookEvent.LEAD_CHANGED, body, now))
    await session.flush()


def is_beginning(
    webhook_id: SQLColumnExpression[int] | int, lead_id: SQLColumnExpression[int] | int
) -> ColumnElement[bool]:
    """The delivery that told this webhook of this lead first."""
    return and_(
        WebhookDelivery.webhook_id == webhook_id,
        WebhookDelivery.event == HookEvent.LEAD_CREATED,
        WebhookDelivery.body[("lead", "id")].astext == cast(lead_id, Text),
    )


async def tell_by_rule(
    session: AsyncSession, webhook_id: int, rule_name: str, message: NewMessage, conversation: Conversation,
    now: datetime,
) -> None:  # fmt: skip
    """What a rule's action does: this webhook hears of the message."""
    body: Json = {
        "workspace_id": conversation.workspace_id, "occurred_at": now.isoformat(), "rule": rule_name,
        "message": {
            "id": message.message_id, "conversation_id": conversation.id, "text": message.event.text,
            "author": message.event.author.name, "sent_at": message.event.sent_at.isoformat(),
            "kind": conversation.kind.value, "channel_id": message.channel_id,
        },
    }  # fmt: skip
    await tell(session, conversation.workspace_id, webhook_id, HookEvent.RULE_MATCHED, body, now)


async def tell(
    session: AsyncSession,
    workspace_id: int,
    webhook_id: int,
    event: HookEvent,
    body: Mapping[str, object],
    now: datetime,
) -> int | None:
    """A delivery for this webhook; returns its id, None when it is off, stopped or not of the workspace."""
    is_on = select(Webhook.id).where(Webhook.id == webhook_id, Webhook.workspace_id == workspace_id, _is_enabled())
    if await session.scalar(is_on) is None:
        return None
    made = _delivery(workspace_id, webhook_id, event, body, now)
    session.add(made)
    await session.flush()
    return made.id


def _delivery(
    workspace_id: int, webhook_id: int, event: HookEvent, body: Mapping[str, object], now: datetime
) -> WebhookDelivery:
    return WebhookDelivery(
        workspace_id=workspace_id, webhook_id=webhook_id, event=event, body=dict(body), state=DeliveryState.QUEUED,
        next_at=now,
    )  # fmt: skip


def _is_enabled() -> ColumnElement[bool]:
    return and_(Webhook.is_enabled, Webhook.stopped_at.is_(None))


async def sweep_webhooks(session: AsyncSession, now: datetime) -> None:
    """Deliveries that are due get a job; a job that dies with its worker is due again after the lease."""
    due = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.state == DeliveryState.QUEUED, WebhookDelivery.next_at <= now)
        .order_by(WebhookDelivery.next_at)
        .limit(200)
        .with_for_update(skip_locked=True)
    )
    found = await session.scalars(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(due.scalar_subquery()))
        .values(next_at=now + func.make_interval(0, 0, 0, 0, 0, 0, LEASE_SECONDS))
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    await defer(session, [CallWebhook(delivery_id=one) for one in sorted(found)])

"""Webhooks as people keep them: made with a secret, changed, tried, looked at, sent again."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.core.context import Context
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from inbox.core.secrets import make_secret
from routing.webhooks.addresses import check_url, place_of
from routing.webhooks.models import EMPTIED, DeliveryState, HookEvent, Shape, Webhook, WebhookDelivery
from routing.webhooks.schemas import WebhookIn
from routing.webhooks.service import tell


async def list_webhooks(
    session: AsyncSession, caller: Caller, workspace_id: int | None, after_id: int = 0, limit: int = 200
) -> list[Webhook]:
    """By id; for those who manage them."""
    allowed = caller.workspaces_with(Permission.MANAGE_RULES)
    if workspace_id is not None:
        caller.require(workspace_id, Permission.MANAGE_RULES)
        allowed = frozenset({workspace_id})
    rows = await session.scalars(
        select(Webhook)
        .where(Webhook.workspace_id.in_(allowed), Webhook.id > after_id)
        .order_by(Webhook.id)
        .limit(limit)
    )
    return list(rows)


async def access_webhook(session: AsyncSession, caller: Caller, webhook_id: int, *, lock: bool = False) -> Webhook:
    """The row; NotFoundError for another workspace's."""
    statement = select(Webhook).where(Webhook.id == webhook_id, Webhook.workspace_id.in_(caller.scope))
    row = await session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFoundError("There is no such webhook.")
    caller.require(row.workspace_id, Permission.MANAGE_RULES)
    return row


async def create_webhook(
    session: AsyncSession, context: Context, caller: Caller, wanted: WebhookIn
) -> tuple[Webhook, str]:
    """The new row and its secret, which is shown this once."""
    caller.require(wanted.workspace_id, Permission.MANAGE_RULES)
    secret = make_secret()
    row = Webhook(
        workspace_id=wanted.workspace_id, name=_named(wanted.name),
        url=check_url(wanted.url, allow_private=context.settings.webhooks_private), shape=wanted.shape,
        events=_events(wanted.events, wanted.shape), secret_encrypted=context.cipher.encrypt(secret),
        authorization_encrypted=_encrypted(context, wanted.authorization),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await session.refresh(row)
    record(session, row.workspace_id, caller.agent_id, "webhook.created", row.id, context.clock(), after=_snapshot(row))
    return row, secret


async def change_webhook(
    session: AsyncSession, context: Context, caller: Caller, webhook_id: int, changes: Mapping[str, object]
) -> Webhook:
    """Write the fields of WebhookPatch that were given."""
    row = await access_webhook(session, caller, webhook_id, lock=True)
    before, place = _snapshot(row), place_of(row.url)
    for name, value in changes.items():
        match name, value:
            case "url", str():
                row.url = check_url(value, allow_private=context.settings.webhooks_private)
            case "name", str():
                row.name = _named(value)
            case "events", list():
                row.events = _events(value, row.shape)
            case "enabled", bool():
                row.is_enabled = value
                row.failures, row.stopped_at = (0, None) if value else (row.failures, row.stopped_at)
            case "authorization", SecretStr() | None:
                row.authorization_encrypted = _encrypted(context, value)
            case _:
                raise InvalidInputError("There is no such field.", field=name)
    if place_of(row.url) != place and "authorization" not in changes:
        # It was given for the other program, and nobody may read it by having it sent to their own.
        row.authorization_encrypted = None
    now = context.clock()
    record(
        session, row.workspace_id, caller.agent_id, "webhook.changed", row.id, now, before=before, after=_snapshot(row)
    )
    return row


async def delete_webhook(session: AsyncSession, caller: Caller, webhook_id: int, now: datetime) -> None:
    """With its log."""
    row = await access_webhook(session, caller, webhook_id, lock=True)
    record(session, row.workspace_id, caller.agent_id, "webhook.deleted", row.id, now, before=_snapshot(row))
    await session.delete(row)


async def try_webhook(session: AsyncSession, caller: Caller, webhook_id: int, now: datetime) -> WebhookDelivery:
    """A delivery that says it is a test."""
    row = await access_webhook(session, caller, webhook_id)
    lead: Json = {
        "id": 0, "conversation_id": 0, "contact": "Анна Петрова", "phone": "+79991234567",
        "text": "Проверка связи", "channel": row.name, "post": None, "stage": "new", "reason": "", "amount": None,
        "owner_id": None, "heard_at": now.isoformat(),
    }  # fmt: skip
    body: Json = {"workspace_id": row.workspace_id, "occurred_at": now.isoformat(), "is_test": True, "lead": lead}
    made = await tell(session, row.workspace_id, row.id, HookEvent.TEST, body, now)
    if made is None:
        raise ConflictError("The webhook is switched off.")
    return await session.get_one(WebhookDelivery, made)


async def list_deliveries(
    session: AsyncSession, caller: Caller, webhook_id: int, before_id: int | None, limit: int
) -> list[WebhookDelivery]:
    """The log, newest first."""
    row = await access_webhook(session, caller, webhook_id)
    statement = select(WebhookDelivery).where(WebhookDelivery.webhook_id == row.id)
    if before_id is not None:
        statement = statement.where(WebhookDelivery.id < before_id)
    return list(await session.scalars(statement.order_by(WebhookDelivery.id.desc()).limit(limit)))


async def send_again(session: AsyncSession, caller: Caller, delivery_id: int, now: datetime) -> WebhookDelivery:
    """Once more, with the same body and number."""
    delivery = await session.scalar(
        select(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.workspace_id.in_(caller.scope))
        .with_for_update()
    )
    if delivery is None:
        raise NotFoundError("There is no such delivery.")
    caller.require(delivery.workspace_id, Permission.MANAGE_RULES)
    if delivery.body.get(EMPTIED):
        raise ConflictError("The subscriber's data were erased.")
    if delivery.state is not DeliveryState.QUEUED:
        delivery.state, delivery.attempts, delivery.sent_at = DeliveryState.QUEUED, 0, None
    delivery.next_at = now
    return delivery


def _named(name: str) -> str:
    if not name.strip():
        raise InvalidInputError("Give it a name, so that colleagues can tell it from others.", field="name")
    return name.strip()


def _events(events: object, shape: Shape) -> list[str]:
    given = [HookEvent(one) for one in events] if isinstance(events, list) else []
    if HookEvent.LEAD_CHANGED in given and shape is not Shape.OTKLIK:
        raise InvalidInputError("The CRM makes a new lead of each request: tell it of new leads only.", field="events")
    return [one.value for one in HookEvent if one in given and one is not HookEvent.TEST]


def _encrypted(context: Context, secret: SecretStr | None) -> bytes | None:
    value = secret.get_secret_value().strip() if secret is not None else ""
    if any(not one.isprintable() for one in value):
        raise InvalidInputError("This is no value of a header.", field="authorization")
    return context.cipher.encrypt(value) if value else None


def _snapshot(row: Webhook) -> Json:
    return {
        "name": row.name, "url": row.url, "events": list(row.events), "enabled": row.is_enabled,
        "has_authorization": row.authorization_encrypted is not None,
    }  # fmt: skip

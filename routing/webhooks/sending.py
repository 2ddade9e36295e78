"""The job that calls a webhook: a signed request to a checked address, again with growing pauses, then given up."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE, Json
from inbox.core.events import CallWebhook
from inbox.core.i18n import N_
from routing.alerts.models import AlertKind
from routing.alerts.service import Occasion, ring_alerts
from routing.webhooks.addresses import ForbiddenAddressError, resolve
from routing.webhooks.crms import Call, read_made, takes_phones, tell_phone
from routing.webhooks.models import DeliveryState, HookEvent, Shape, Webhook, WebhookDelivery
from routing.webhooks.service import is_beginning
from routing.webhooks.shapes import SIGNATURE, TIMESTAMP, make_body, sign

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
PAUSES = (
    timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
    timedelta(hours=6), timedelta(hours=12),
)  # fmt: skip
"""After each failed attempt; after the last one it is given up."""
STOP_AFTER = 10
"""Deliveries given up in a row, after which the webhook is switched off and the team told."""
REDIRECTED = N_("The address answers with a redirect. Give the address that it leads to.")
NO_ANSWER = N_("The address did not answer.")
NOT_TOLD = N_("The CRM did not get this lead: send it again first, then the phone number.")
NOT_NAMED = N_("The CRM did not say which lead it made, so that it cannot hear of the phone number.")
STOPPED = N_("The webhook is switched off: ten deliveries in a row could not be made.")
LONGEST_ANSWER = 65536
"""Bytes that are read of an answer which names what was made."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Request:
    """`makes`: the CRM in whose answer stands what it made."""

    call: Call
    secret: str
    authorization: str | None
    event: HookEvent
    makes: Shape | None


@dataclass(frozen=True, slots=True)
class _Result:
    """`is_final`: trying again would bring the same."""

    status: int | None = None
    error: str | None = None
    is_final: bool = False
    made: Json | None = None

    @property
    def is_sent(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def run_webhook(context: Context, job: CallWebhook) -> None:
    """Call once; what came of it is written down, and when to try again."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        request = await _load(session, context, job.delivery_id)
    if request is None:
        return
    result = await _call(context, request, job.delivery_id) if isinstance(request, _Request) else request
    async with context.transaction(EVERY_WORKSPACE) as session:
        await _settle(session, job.delivery_id, result, context.clock())


async def _load(session: AsyncSession, context: Context, delivery_id: int) -> _Request | _Result | None:
    """What to ask; or why that is no use; None: not now, the sweep comes again."""
    row = (
        await session.execute(
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(WebhookDelivery.id == delivery_id, WebhookDelivery.state == DeliveryState.QUEUED)
        )
    ).one_or_none()
    if row is None:
        return None
    delivery, webhook = row
    is_crm = webhook.shape is not Shape.OTKLIK
    if is_crm and delivery.event is HookEvent.LEAD_CHANGED:
        call = await _plan_phone(session, delivery, webhook)
    else:
        call = Call("POST", webhook.url, make_body(webhook.shape, delivery.event.value, delivery.id, delivery.body))
    if not isinstance(call, Call):
        return call
    encrypted = webhook.authorization_encrypted
    return _Request(
        call, context.cipher.decrypt(webhook.secret_encrypted),
        context.cipher.decrypt(encrypted) if encrypted is not None else None, delivery.event,
        webhook.shape if is_crm and delivery.event is HookEvent.LEAD_CREATED else None,
    )  # fmt: skip


async def _plan_phone(session: AsyncSession, delivery: WebhookDelivery, webhook: Webhook) -> Call | _Result | None:
    """How a CRM hears of a phone number; None while it has not heard of the lead itself."""
    lead = delivery.body["lead"]
    phone, lead_id = (lead.get("phone"), lead.get("id")) if isinstance(lead, dict) else (None, None)
    if not isinstance(phone, str) or not isinstance(lead_id, int) or not takes_phones(webhook.shape, webhook.url):
        return _Result(error=NOT_NAMED, is_final=True)
    beginning = await session.scalar(
        select(WebhookDelivery).where(is_beginning(webhook.id, lead_id)).order_by(WebhookDelivery.id.desc()).limit(1)
    )
    if beginning is None or beginning.state is DeliveryState.FAILED:
        return _Result(error=NOT_TOLD, is_final=True)
    if beginning.state is DeliveryState.QUEUED:
        return None
    if beginning.made is None:
        return _Result(error=NOT_NAMED, is_final=True)
    return tell_phone(webhook.shape, webhook.url, beginning.made, phone)


async def _call(context: Context, request: _Request, delivery_id: int) -> _Result:
    allow_private = context.settings.webhooks_private
    try:
        target = await resolve(request.call.url, allow_private=allow_private)
    except ForbiddenAddressError as error:
        return _Result(error=str(error), is_final=False)
    timestamp = int(time.time())
    headers = {
        "Host": target.host_header, "Content-Type": "application/json; charset=utf-8", "User-Agent": "Otklik",
        TIMESTAMP: str(timestamp), SIGNATURE: sign(request.secret, timestamp, request.call.body),
        "X-Otklik-Event": request.event.value, "X-Otklik-Delivery": str(delivery_id),
    }  # fmt: skip
    if request.authorization:
        headers["Authorization"] = request.authorization
    try:
        # The connection goes to the very address that was checked; the certificate is still the host's.
        async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
            extensions = {"sni_hostname": target.host}
            async with client.stream(
                request.call.method, target.url, content=request.call.body, headers=headers, extensions=extensions
            ) as answer:
                status = answer.status_code
                made = await _read_made(answer, request.makes) if request.makes and answer.is_success else None
    except (httpx.HTTPError, OSError, ValueError) as error:
        log.info("webhook_failed", delivery_id=delivery_id, error=type(error).__name__)
        return _Result(error=NO_ANSWER)
    if 300 <= status < 400:
        return _Result(status, REDIRECTED)
    return _Result(status, made=made)


async def _read_made(answer: httpx.Response, shape: Shape) -> Json | None:
    """What the CRM says that it made. An answer that breaks off tells nothing: the lead is there all the same."""
    read = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT.read):
            async for chunk in answer.aiter_bytes():
                read += chunk
                if len(read) > LONGEST_ANSWER:
                    return None
    except (httpx.HTTPError, TimeoutError):
        return None
    return read_made(shape, bytes(read))


async def _settle(session: AsyncSession, delivery_id: int, result: _Result, now: datetime) -> None:
    delivery = await session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.state is not DeliveryState.QUEUED:
        return
    webhook = await session.get_one(Webhook, delivery.webhook_id, with_for_update=True, populate_existing=True)
    delivery.attempts += 1
    delivery.last_status, delivery.last_error = result.status, result.error
    if result.is_sent:
        delivery.state, delivery.sent_at, delivery.made = DeliveryState.SENT, now, result.made
        webhook.failures = 0
        return
    if result.is_final:
        delivery.state = DeliveryState.FAILED
        return
    if delivery.attempts <= len(PAUSES):
        delivery.next_at = now + PAUSES[delivery.attempts - 1]
        return
    delivery.state = DeliveryState.FAILED
    webhook.failures += 1
    if webhook.failures >= STOP_AFTER and webhook.stopped_at is None:
        webhook.stopped_at = now
        occasion = Occasion(
            webhook.workspace_id, AlertKind.CHANNEL, f"webhook:{webhook.id}:{int(now.timestamp())}", now,
            details={"channel": webhook.name, "reason": STOPPED},
        )  # fmt: skip
        await ring_alerts(session, [occasion])

"""Outgoing webhooks over the API."""

from typing import Annotated

from fastapi import APIRouter, Query

from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after
from routing.webhooks import editing
from routing.webhooks.schemas import DeliveryOut, WebhookIn, WebhookOut, WebhookPatch

api = APIRouter(tags=["webhooks"])


@api.get("/webhooks")
async def read_webhooks(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: Annotated[Id | None, Query(description="One workspace; none: all of yours.")] = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[WebhookOut]:
    """Webhooks of the workspaces whose rules you manage."""
    rows = await editing.list_webhooks(session, caller, workspace_id, id_after(cursor), limit + 1)
    page = rows[:limit]
    more = encode_cursor([page[-1].id]) if len(rows) > limit else None
    return Page(items=[WebhookOut.of(row) for row in page], next_cursor=more)


@api.post("/webhooks", status_code=201)
async def create_webhook(session: SessionDep, context: ContextDep, caller: ApiCaller, body: WebhookIn) -> WebhookOut:
    """A new webhook. Keep the `secret` of this answer: requests are signed with it.

    `X-Otklik-Signature` is `sha256=` and the HMAC-SHA256 of `{X-Otklik-Timestamp}.{body}` in hex.
    """
    row, secret = await editing.create_webhook(session, context, caller, body)
    return WebhookOut.of(row, secret)


@api.get("/webhooks/{webhook_id}")
async def read_webhook(session: SessionDep, caller: ApiCaller, webhook_id: RowId) -> WebhookOut:
    """One webhook."""
    return WebhookOut.of(await editing.access_webhook(session, caller, webhook_id))


@api.patch("/webhooks/{webhook_id}")
async def change_webhook(
    session: SessionDep, context: ContextDep, caller: ApiCaller, webhook_id: RowId, body: WebhookPatch
) -> WebhookOut:
    """Change what is given."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return WebhookOut.of(await editing.change_webhook(session, context, caller, webhook_id, changes))


@api.delete("/webhooks/{webhook_id}", status_code=204)
async def delete_webhook(session: SessionDep, context: ContextDep, caller: ApiCaller, webhook_id: RowId) -> None:
    """It hears of nothing more; its log goes with it."""
    await editing.delete_webhook(session, caller, webhook_id, context.clock())


@api.post("/webhooks/{webhook_id}/test", status_code=201)
async def try_webhook(session: SessionDep, context: ContextDep, caller: ApiCaller, webhook_id: RowId) -> DeliveryOut:
    """Send it something that says it is a test."""
    return DeliveryOut.of(await editing.try_webhook(session, caller, webhook_id, context.clock()))


@api.get("/webhooks/{webhook_id}/deliveries")
async def read_deliveries(
    session: SessionDep,
    caller: ApiCaller,
    webhook_id: RowId,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[DeliveryOut]:
    """The log, newest first."""
    before_id = id_after(cursor) if cursor is not None else None
    rows = await editing.list_deliveries(session, caller, webhook_id, before_id, limit + 1)
    page = rows[:limit]
    more = encode_cursor([page[-1].id]) if len(rows) > limit else None
    return Page(items=[DeliveryOut.of(row) for row in page], next_cursor=more)


@api.post("/webhook-deliveries/{delivery_id}/send-again")
async def send_again(session: SessionDep, context: ContextDep, caller: ApiCaller, delivery_id: RowId) -> DeliveryOut:
    """Once more, with the same body and number."""
    return DeliveryOut.of(await editing.send_again(session, caller, delivery_id, context.clock()))

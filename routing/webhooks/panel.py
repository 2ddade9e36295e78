"""Outgoing webhooks as a settings page: addresses, their log, a test, sending again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.core.context import Context
from inbox.core.database import Json, enter_scope
from inbox.core.errors import InvalidInputError, RefusedError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from routing.webhooks import editing
from routing.webhooks.models import HookEvent, Shape, WebhookDelivery
from routing.webhooks.schemas import WebhookIn

panel = APIRouter(prefix="/w/{ws}/settings/webhooks")
LOG_SHOWN = 15


@panel.get("")
async def show_webhooks(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """The project's webhooks, each with its log."""
    return await _page(request, session, context, caller, ws)


@panel.post("")
async def create(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    name: Annotated[str, Form(max_length=200)] = "",
    url: Annotated[str, Form(max_length=600)] = "",
    shape: Annotated[Shape, Form()] = Shape.OTKLIK,
    events: Annotated[list[HookEvent] | None, Form()] = None,
    authorization: Annotated[SecretStr | None, Form(max_length=4000)] = None,
) -> Response:
    """A new one, with its secret shown this once; or the form again."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_RULES)
    try:
        wanted = WebhookIn.model_validate(
            {
                "workspace_id": workspace_id, "name": name, "url": url, "shape": shape, "events": events or [],
                "authorization": authorization,
            }
        )  # fmt: skip
        row, secret = await editing.create_webhook(session, context, caller, wanted)
    except (InvalidInputError, ValidationError) as error:
        given: Json = {"name": name, "url": url, "shape": shape.value, "events": [one.value for one in events or []]}
        return await _page(request, session, context, caller, ws, error=error, given=given)
    return await _page(request, session, context, caller, ws, fresh=(row.id, secret))


@panel.post("/{webhook_id}/test")
async def test(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, webhook_id: RowId) -> Response:
    """Send it a test."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    await editing.try_webhook(session, caller, webhook_id, context.clock())
    return _back(ws, webhook_id)


@panel.post("/{webhook_id}/switch")
async def switch(
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    webhook_id: RowId,
    enabled: Annotated[bool, Form()],
) -> Response:
    """On or off."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    await editing.change_webhook(session, context, caller, webhook_id, {"enabled": enabled})
    return _back(ws, webhook_id)


@panel.post("/{webhook_id}/remove")
async def remove(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, webhook_id: RowId) -> Response:
    """With its log."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    await editing.delete_webhook(session, caller, webhook_id, context.clock())
    return _back(ws, None)


@panel.post("/deliveries/{delivery_id}/again")
async def again(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, delivery_id: RowId) -> Response:
    """Send a delivery again."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    delivery = await editing.send_again(session, caller, delivery_id, context.clock())
    return _back(ws, delivery.webhook_id)


def _back(ws: str, webhook_id: int | None) -> Response:
    place = f"#webhook-{webhook_id}" if webhook_id is not None else ""
    return RedirectResponse(f"/w/{ws}/settings/webhooks{place}", status_code=303)


async def _page(
    request: Request,
    session: AsyncSession,
    context: Context,
    caller: Caller,
    ws: str,
    error: Exception | None = None,
    given: Json | None = None,
    fresh: tuple[int, str] | None = None,
) -> Response:
    place, now = read_place(ws, caller), context.clock()
    workspace_id = settings_workspace(place, caller, Permission.MANAGE_RULES)
    webhooks = await editing.list_webhooks(session, caller, workspace_id)
    logs: dict[int, list[WebhookDelivery]] = {
        one.id: await editing.list_deliveries(session, caller, one.id, None, LOG_SHOWN) for one in webhooks
    }
    frame = await load_frame(session, caller, place, now)
    return render(
        request, "webhooks/webhooks.html", status_code=422 if error else 200, frame=frame, workspace_id=workspace_id,
        zone=frame.zone_of(workspace_id), webhooks=webhooks, logs=logs, given=given, fresh=fresh,
        error=_said(request, error) if error else None, now=now, section="settings", tab="more",
        settings_section="webhooks",
    )  # fmt: skip


def _said(request: Request, error: Exception) -> str:
    words = words_of(request)
    if isinstance(error, RefusedError):
        return words.gettext(error.detail)
    return words.gettext("Give it a name, an address and at least one event.")

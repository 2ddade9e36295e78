"""Auto-replies as a settings page: the texts, when each is sent, and what would be read at a chosen moment."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.channels.access import list_channels
from inbox.core.context import Context
from inbox.core.database import enter_scope
from inbox.core.errors import InvalidInputError, RefusedError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from routing.autoreplies import editing
from routing.autoreplies.models import PUBLIC_CAP, AutoReplyKind
from routing.autoreplies.schemas import AutoReplyIn, AutoReplyPatch, PreviewIn

panel = APIRouter(prefix="/w/{ws}/settings/auto-replies")

Text = Annotated[str, Form(max_length=4000)]
Checked = Annotated[str, Form(max_length=8)]


@panel.get("")
async def show_auto_replies(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """The project's auto-replies, each with its form."""
    return await _page(request, session, context, caller, ws)


@panel.post("")
async def create(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    kind: Annotated[AutoReplyKind, Form()],
    name: Annotated[str, Form(max_length=200)] = "",
    text: Text = "",
    locale: Annotated[str, Form(max_length=2)] = "ru",
    channel: Annotated[str, Form(max_length=20)] = "",
    enabled: Checked = "",
    public: Checked = "",
    public_cap: Annotated[int, Form(ge=1, le=60)] = PUBLIC_CAP,
) -> Response:
    """A new one; or the form again with what is wrong."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_RULES)
    given = _given(name, text, locale, channel, enabled, public, public_cap)
    try:
        wanted = AutoReplyIn.model_validate({**given, "kind": kind, "workspace_id": workspace_id})
        await editing.create_auto_reply(session, caller, wanted, context.clock())
    except (InvalidInputError, ValidationError) as error:
        return await _page(request, session, context, caller, ws, wrong=("new", error), given={**given, "kind": kind})
    return RedirectResponse(f"/w/{ws}/settings/auto-replies", status_code=303)


@panel.post("/preview")
async def preview(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    text: Text = "",
    locale: Annotated[str, Form(max_length=2)] = "ru",
    at: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    """What a subscriber who writes at that moment would read."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_RULES)
    frame = await load_frame(session, caller, workspace_id, context.clock())
    shown, error = None, None
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(frame.zone)) if at else context.clock()
        wanted = PreviewIn.model_validate({"workspace_id": workspace_id, "text": text, "locale": locale, "at": moment})
        shown = await editing.preview(session, caller, wanted, context.clock())
    except (InvalidInputError, ValidationError, ValueError) as refusal:
        error = _said(request, refusal)
    return render(request, "autoreplies/preview.html", shown=shown, error=error)


@panel.post("/{auto_reply_id}")
async def change(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    auto_reply_id: RowId,
    name: Annotated[str, Form(max_length=200)] = "",
    text: Text = "",
    locale: Annotated[str, Form(max_length=2)] = "ru",
    channel: Annotated[str, Form(max_length=20)] = "",
    enabled: Checked = "",
    public: Checked = "",
    public_cap: Annotated[int, Form(ge=1, le=60)] = PUBLIC_CAP,
) -> Response:
    """Write the whole form."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    given = _given(name, text, locale, channel, enabled, public, public_cap)
    await editing.access_auto_reply(session, caller, auto_reply_id, Permission.MANAGE_RULES)
    try:
        changes = AutoReplyPatch.model_validate(given).model_dump(exclude_unset=True)
        await editing.change_auto_reply(session, caller, auto_reply_id, changes, context.clock())
    except (InvalidInputError, ValidationError) as error:
        return await _form_again(request, context, caller, ws, auto_reply_id, error, given)
    return RedirectResponse(f"/w/{ws}/settings/auto-replies", status_code=303)


@panel.post("/{auto_reply_id}/remove")
async def remove(
    session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, auto_reply_id: RowId
) -> Response:
    """It is sent no more."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    await editing.delete_auto_reply(session, caller, auto_reply_id, context.clock())
    return RedirectResponse(f"/w/{ws}/settings/auto-replies", status_code=303)


def _given(
    name: str, text: str, locale: str, channel: str, enabled: str, public: str, public_cap: int
) -> dict[str, object]:
    return {
        "name": name, "text": text, "locale": locale, "channel_id": int(channel) if channel.isdigit() else None,
        "enabled": bool(enabled), "public": bool(public), "public_cap": public_cap,
    }  # fmt: skip


async def _form_again(
    request: Request,
    context: Context,
    caller: Caller,
    ws: str,
    auto_reply_id: int,
    error: Exception,
    given: dict[str, object],
) -> Response:
    """In a transaction of its own: what was tried is not kept."""
    async with context.transaction(caller.scope) as session:
        return await _page(request, session, context, caller, ws, wrong=(str(auto_reply_id), error), given=given)


async def _page(
    request: Request,
    session: AsyncSession,
    context: Context,
    caller: Caller,
    ws: str,
    wrong: tuple[str, Exception] | None = None,
    given: dict[str, object] | None = None,
) -> Response:
    place, now = read_place(ws, caller), context.clock()
    workspace_id = settings_workspace(place, caller, Permission.MANAGE_RULES)
    channels = await list_channels(session, caller, workspace_id)
    return render(
        request,
        "autoreplies/auto_replies.html",
        status_code=422 if wrong else 200,
        frame=await load_frame(session, caller, place, now),
        workspace_id=workspace_id,
        auto_replies=await editing.list_auto_replies(session, caller, workspace_id),
        channels=channels,
        channel_names={one.id: one.name for one in channels},
        wrong=wrong[0] if wrong else None,
        error=_said(request, wrong[1]) if wrong else None,
        given=given or {},
        cap=PUBLIC_CAP,
        section="settings",
        tab="more",
        settings_section="auto-replies",
    )


def _said(request: Request, error: Exception) -> str:
    words = words_of(request)
    match error:
        case RefusedError():
            return words.gettext(error.detail)
        case ValidationError():
            empty = any(not one["input"] for one in error.errors())
            return (
                words.gettext("Give it a name and a text.") if empty else words.gettext("A value here is not allowed.")
            )
        case _:
            return words.gettext("This is no date and time.")

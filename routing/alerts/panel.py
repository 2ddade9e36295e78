"""Alerts as a settings page: the chat, what rings and when, one's own Telegram, a test."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.channels.access import list_channels
from inbox.channels.events import Platform
from inbox.channels.models import ChannelChat
from inbox.core.context import Context
from inbox.core.errors import InvalidInputError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.templates import render, words_of
from routing.alerts import editing
from routing.alerts.linking import find_own_link, make_code, unlink
from routing.alerts.models import CHOSEN, AlertKind
from routing.alerts.wording import TITLES

panel = APIRouter(prefix="/w/{ws}/settings/alerts")
SHOWN = 20
Checked = Annotated[str, Form(max_length=8)]


@panel.get("")
async def show_alerts(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """The chat, the habits, one's own link, and what rang lately."""
    return await _page(request, session, context, caller, ws)


@panel.post("")
async def change(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    kinds: Annotated[list[AlertKind] | None, Form()] = None,
    cooldown: Annotated[int, Form(ge=0, le=60)] = 2,
    quiet_from: Annotated[str, Form(max_length=5)] = "",
    quiet_to: Annotated[str, Form(max_length=5)] = "",
    hides_text: Checked = "",
    spike_at_least: Annotated[int, Form(ge=3, le=1000)] = 5,
    locale: Annotated[str, Form(pattern="^(ru|en)$")] = "ru",
) -> Response:
    """Write the whole form."""
    workspace_id = _managed(caller, ws)
    changes = {
        "kinds": kinds or [], "cooldown_seconds": cooldown * 60, "quiet_from": _minute(quiet_from),
        "quiet_to": _minute(quiet_to), "hides_text": bool(hides_text), "spike_at_least": spike_at_least,
        "locale": locale,
    }  # fmt: skip
    try:
        if (changes["quiet_from"] is None) != (changes["quiet_to"] is None):
            raise InvalidInputError("Quiet hours have a beginning and an end.", field="quiet_to")
        await editing.change_settings(session, caller, workspace_id, changes, context.clock())
    except InvalidInputError as error:
        return await _page(request, session, context, caller, ws, error=error.detail)
    return _back(ws)


@panel.post("/code")
async def make_chat_code(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """A code to be said in the chat that is to ring."""
    code = await make_code(session, caller, _managed(caller, ws), context.clock())
    return await _page(request, session, context, caller, ws, chat_code=code)


@panel.post("/forget")
async def forget(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str) -> Response:
    """The chat rings no more."""
    await editing.forget_chat(session, caller, _managed(caller, ws), context.clock())
    return _back(ws)


@panel.post("/test")
async def test(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str) -> Response:
    """Ring now."""
    await editing.ring_test(session, caller, _managed(caller, ws), context.clock())
    return _back(ws)


@panel.post("/wake")
async def wake(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str) -> Response:
    """The hour of quiet is over."""
    await editing.change_settings(session, caller, _managed(caller, ws), {"muted": False}, context.clock())
    return _back(ws)


@panel.post("/me/code")
async def make_own_code(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """A code that links one's own Telegram."""
    settings_workspace(read_place(ws, caller), caller, Permission.READ_CONVERSATIONS)
    code = await make_code(session, caller, None, context.clock())
    return await _page(request, session, context, caller, ws, own_code=code)


@panel.post("/me/unlink")
async def unlink_own(session: SessionDep, caller: PanelCaller, ws: str) -> Response:
    """The buttons work for that account no more."""
    settings_workspace(read_place(ws, caller), caller, Permission.READ_CONVERSATIONS)
    await unlink(session, caller.agent_id)
    return _back(ws)


def _managed(caller: Caller, ws: str) -> int:
    return settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_RULES)


def _back(ws: str) -> Response:
    return RedirectResponse(f"/w/{ws}/settings/alerts", status_code=303)


def _minute(clock: str) -> int | None:
    """«22:30» as minutes after midnight."""
    hours, _, minutes = clock.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal()):
        return None
    return int(hours) % 24 * 60 + int(minutes) % 60


async def _page(
    request: Request,
    session: AsyncSession,
    context: Context,
    caller: Caller,
    ws: str,
    error: str | None = None,
    chat_code: str | None = None,
    own_code: str | None = None,
) -> Response:
    place, now = read_place(ws, caller), context.clock()
    workspace_id = settings_workspace(place, caller, Permission.READ_CONVERSATIONS)
    frame = await load_frame(session, caller, place, now)
    setup = await editing.load_setup(session, caller, workspace_id)
    channels = await list_channels(session, caller, workspace_id)
    title = None
    if setup.channel is not None:
        title = await session.scalar(
            select(ChannelChat.title).where(
                ChannelChat.channel_id == setup.channel.id,
                ChannelChat.external_id == setup.channel.alert_chat_external_id,
            )
        )
    return render(
        request, "alerts/alerts.html", status_code=422 if error else 200, frame=frame, workspace_id=workspace_id,
        zone=frame.zone_of(workspace_id), setup=setup, chat_title=title,
        bots=[one for one in channels if one.platform is Platform.TELEGRAM],
        manages=caller.may(workspace_id, Permission.MANAGE_RULES), link=await find_own_link(session, caller.agent_id),
        alerts=await editing.list_alerts(session, caller, workspace_id, None, SHOWN), chosen=CHOSEN, titles=TITLES,
        chat_code=chat_code, own_code=own_code, error=words_of(request).gettext(error) if error else None, now=now,
        section="settings", tab="more", settings_section="alerts",
    )  # fmt: skip

"""Channels as pages: what is connected and what each key can do, connecting a bot, gaps, and what nobody understood."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr, ValidationError

from inbox.agents.frame import Place, load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.channels.access import access_channel, list_channels
from inbox.channels.changing import change_keys
from inbox.channels.checking import run_check
from inbox.channels.connecting import create_channel
from inbox.channels.dead_events import list_dead_events, replay
from inbox.channels.events import Platform
from inbox.channels.journal import list_gaps
from inbox.channels.models import Channel, ReceiveMode
from inbox.channels.removing import remove_channel
from inbox.channels.schemas import ChannelIn, CredentialsIn, SettingsIn
from inbox.core.context import Context
from inbox.core.database import enter_scope
from inbox.core.errors import ConflictError, InvalidInputError, PlatformError, RefusedError
from inbox.core.events import CheckChannel
from inbox.core.stream import IntakeStream
from inbox.core.web.dependencies import ContextDep, PanelCaller, PanelCallerAlone, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of

panel = APIRouter(prefix="/w/{ws}")


@panel.get("/channels")
async def show_channels(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """All of the project's channels, with gaps and dead events below."""
    place, now = read_place(ws, caller), context.clock()
    workspace_id = place if isinstance(place, int) else None
    managed = caller.workspaces_with(Permission.MANAGE_CHANNELS)
    manages = bool(managed) if workspace_id is None else workspace_id in managed
    return render(
        request,
        "channels/channels.html",
        frame=await load_frame(session, caller, place, now),
        channels=await list_channels(session, caller, workspace_id),
        gaps=await list_gaps(session, caller, workspace_id),
        dead_events=await list_dead_events(session, caller, workspace_id) if manages else [],
        manages=manages,
        managed=managed,
        now=now,
        section="channels",
        tab="channels",
    )


@panel.get("/channels/new")
async def show_new(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    platform: Platform = Platform.TELEGRAM,
) -> Response:
    """Step by step, for one platform."""
    place = _managed_place(caller, ws)
    return render(
        request, "channels/new.html", frame=await load_frame(session, caller, place, context.clock()), error=None,
        values={"platform": platform}, managed=caller.workspaces_with(Permission.MANAGE_CHANNELS),
        section="channels", tab="channels",
    )  # fmt: skip


@panel.post("/channels/new")
async def connect(
    request: Request,
    context: ContextDep,
    caller: PanelCallerAlone,
    ws: str,
    workspace_id: Annotated[int, Form(ge=1, le=2**63 - 1)],
    token: Annotated[SecretStr, Form(max_length=512)],
    platform: Annotated[Platform, Form()] = Platform.TELEGRAM,
    user_token: Annotated[SecretStr | None, Form(max_length=512)] = None,
    name: Annotated[str, Form(max_length=200)] = "",
    api_url: Annotated[str, Form(max_length=500)] = "",
    proxy_url: Annotated[SecretStr | None, Form(max_length=500)] = None,
    mode: Annotated[ReceiveMode, Form()] = ReceiveMode.POLL,
) -> Response:
    """Ask the platform, store, and go to the list; or the form again with the platform's reason. Never the key."""
    place = _managed_place(caller, ws)
    try:
        wanted = ChannelIn(
            workspace_id=workspace_id,
            platform=platform,
            name=name.strip() or None,
            credentials=CredentialsIn(token=_stripped(token) or token, user_token=_stripped(user_token)),
            settings=SettingsIn(
                api_url=api_url.strip() or None,
                proxy_url=proxy_url if proxy_url and proxy_url.get_secret_value().strip() else None,
                mode=mode,
            ),
        )
        await create_channel(context, caller, wanted)
    except (InvalidInputError, ConflictError, PlatformError, ValidationError) as error:
        values = {
            "name": name, "api_url": api_url, "mode": mode, "workspace_id": workspace_id, "platform": platform,
        }  # fmt: skip
        return await _form_again(request, context, caller, place, error, values)
    return RedirectResponse(f"/w/{ws}/channels", status_code=303)


@panel.post("/channels/{channel_id}/check")
async def check(context: ContextDep, caller: PanelCallerAlone, ws: str, channel_id: RowId) -> Response:
    """Ask the platform again what the key can do."""
    await _access_at(context, caller, ws, channel_id)
    await run_check(context, CheckChannel(channel_id=channel_id))
    return RedirectResponse(f"/w/{ws}/channels", status_code=303)


@panel.get("/channels/{channel_id}/keys")
async def show_keys(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, channel_id: RowId
) -> Response:
    """New keys for a channel; those that it has are never shown."""
    place = read_place(ws, caller)
    enter_scope(session, scope_at(place, caller))
    channel = await access_channel(session, caller, channel_id, Permission.MANAGE_CHANNELS)
    enter_scope(session, caller.scope)
    return render(
        request, "channels/keys.html", frame=await load_frame(session, caller, place, context.clock()), error=None,
        channel=channel, section="channels", tab="channels",
    )  # fmt: skip


@panel.post("/channels/{channel_id}/keys")
async def change_channel_keys(
    request: Request,
    context: ContextDep,
    caller: PanelCallerAlone,
    ws: str,
    channel_id: RowId,
    token: Annotated[SecretStr | None, Form(max_length=512)] = None,
    user_token: Annotated[SecretStr | None, Form(max_length=512)] = None,
) -> Response:
    """The platform is asked first; the form again with its reason. A field left empty changes nothing."""
    channel = await _access_at(context, caller, ws, channel_id)
    try:
        await change_keys(context, caller, channel_id, _stripped(token), _stripped(user_token))
    except (InvalidInputError, PlatformError) as error:
        words = words_of(request)
        said = words.refusal(error) if isinstance(error, RefusedError) else words.gettext(error.reason)
        place = read_place(ws, caller)
        async with context.transaction(caller.scope) as session:
            frame = await load_frame(session, caller, place, context.clock())
        return render(
            request, "channels/keys.html", status_code=422, frame=frame, error=words.gettext(said), channel=channel,
            section="channels", tab="channels",
        )  # fmt: skip
    return RedirectResponse(f"/w/{ws}/channels#channel-{channel_id}", status_code=303)


@panel.post("/channels/{channel_id}/remove")
async def remove(context: ContextDep, caller: PanelCallerAlone, ws: str, channel_id: RowId) -> Response:
    """The key is forgotten, the history stays."""
    await _access_at(context, caller, ws, channel_id)
    await remove_channel(context, caller, channel_id)
    return RedirectResponse(f"/w/{ws}/channels", status_code=303)


@panel.post("/dead-events/{dead_event_id}/replay")
async def replay_dead_event(
    session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, dead_event_id: RowId
) -> Response:
    """Back on the stream, as if it had just come."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    await replay(session, IntakeStream(context.redis), caller, dead_event_id, context.clock())
    return RedirectResponse(f"/w/{ws}/channels#dead", status_code=303)


def _stripped(key: SecretStr | None) -> SecretStr | None:
    """A pasted key without the spaces around it; None for nothing."""
    words = key.get_secret_value().strip() if key is not None else ""
    return SecretStr(words) if words else None


async def _access_at(context: Context, caller: PanelCaller, ws: str, channel_id: int) -> Channel:
    """NotFoundError unless the channel is of the address's project."""
    async with context.transaction(scope_at(read_place(ws, caller), caller)) as session:
        return await access_channel(session, caller, channel_id, Permission.MANAGE_CHANNELS)


def _managed_place(caller: PanelCaller, ws: str) -> Place:
    place = read_place(ws, caller)
    if isinstance(place, int):
        caller.require(place, Permission.MANAGE_CHANNELS)
    return place


async def _form_again(
    request: Request, context: Context, caller: PanelCaller, place: Place, error: Exception, values: dict[str, object]
) -> Response:
    words = words_of(request)
    match error:
        case RefusedError():
            said = words.refusal(error)
        case PlatformError():
            said = words.gettext(error.reason)
        case ValidationError():
            said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        case _:
            raise error
    async with context.transaction(caller.scope) as session:
        frame = await load_frame(session, caller, place, context.clock())
    return render(
        request, "channels/new.html", status_code=422, frame=frame, error=words.gettext(said), values=values,
        managed=caller.workspaces_with(Permission.MANAGE_CHANNELS), section="channels", tab="channels",
    )  # fmt: skip

"""Channels over the API. Routes that ask the platform hold no transaction while they do."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from inbox.agents.permissions import Permission
from inbox.channels.access import access_channel, list_channels
from inbox.channels.checking import run_check
from inbox.channels.dead_events import list_dead_events, replay
from inbox.channels.schemas import ChannelIn, ChannelOut, ChannelPatch, DeadEventOut
from inbox.channels.service import change_channel, create_channel, remove_channel
from inbox.core.events import CheckChannel
from inbox.core.stream import IntakeStream
from inbox.core.web.dependencies import ApiCaller, ApiCallerAlone, ContextDep, SessionDep
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after

api = APIRouter()

ChannelId = Annotated[int, Path(description="The channel's id.")]
DeadEventId = Annotated[int, Path(description="The dead event's id.")]
WorkspaceParam = Annotated[int | None, Query(description="Only of this workspace.")]


@api.get("/channels", tags=["channels"])
async def read_channels(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: WorkspaceParam = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[ChannelOut]:
    """Connected accounts of your workspaces."""
    channels = await list_channels(session, caller, workspace_id, id_after(cursor), limit + 1)
    page = channels[:limit]
    next_cursor = encode_cursor([page[-1].id]) if len(channels) > limit else None
    return Page(items=[ChannelOut.of(channel) for channel in page], next_cursor=next_cursor)


@api.post("/channels", tags=["channels"], status_code=201)
async def post_channel(context: ContextDep, caller: ApiCallerAlone, wanted: ChannelIn) -> ChannelOut:
    """Connect an account; the platform is asked first whether it accepts the key."""
    return ChannelOut.of(await create_channel(context, caller, wanted))


@api.get("/channels/{channel_id}", tags=["channels"])
async def read_channel(session: SessionDep, caller: ApiCaller, channel_id: ChannelId) -> ChannelOut:
    """One connected account."""
    return ChannelOut.of(await access_channel(session, caller, channel_id))


@api.patch("/channels/{channel_id}", tags=["channels"])
async def patch_channel(
    context: ContextDep, caller: ApiCallerAlone, channel_id: ChannelId, patch: ChannelPatch
) -> ChannelOut:
    """Change the name, the keys or how the account is reached; what is left out stays."""
    return ChannelOut.of(await change_channel(context, caller, channel_id, patch))


@api.delete("/channels/{channel_id}", tags=["channels"], status_code=204, response_class=Response)
async def delete_channel(context: ContextDep, caller: ApiCallerAlone, channel_id: ChannelId) -> None:
    """Disconnect an account; its conversations stay readable."""
    await remove_channel(context, caller, channel_id)


@api.post("/channels/{channel_id}/check", tags=["channels"])
async def check_channel(context: ContextDep, caller: ApiCallerAlone, channel_id: ChannelId) -> ChannelOut:
    """Ask the platform again what the key can do, and answer with what it said."""
    async with context.transaction(caller.scope) as session:
        await access_channel(session, caller, channel_id, Permission.MANAGE_CHANNELS)
    await run_check(context, CheckChannel(channel_id=channel_id))
    async with context.transaction(caller.scope) as session:
        return ChannelOut.of(await access_channel(session, caller, channel_id))


@api.get("/dead-events", tags=["dead events"])
async def read_dead_events(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: WorkspaceParam = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[DeadEventOut]:
    """Payloads that could not be understood or stored, newest first; for owners and administrators."""
    before_id = id_after(cursor) if cursor else None
    events = await list_dead_events(session, caller, workspace_id, before_id, limit + 1)
    page = events[:limit]
    next_cursor = encode_cursor([page[-1].id]) if len(events) > limit else None
    return Page(items=[DeadEventOut.model_validate(one) for one in page], next_cursor=next_cursor)


@api.post("/dead-events/{dead_event_id}/replay", tags=["dead events"])
async def replay_dead_event(
    session: SessionDep, context: ContextDep, caller: ApiCaller, dead_event_id: DeadEventId
) -> DeadEventOut:
    """Put it back on the intake stream, e.g. after an update that understands it."""
    dead = await replay(session, IntakeStream(context.redis), caller, dead_event_id, context.clock())
    return DeadEventOut.model_validate(dead)

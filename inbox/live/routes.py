"""The stream for programs (bearer token) and for the panel (cookie)."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from inbox.agents.caller import Caller
from inbox.core.context import Context
from inbox.core.web.dependencies import ApiCallerAlone, ContextDep, PanelCallerAlone
from inbox.live.stream import LiveStream

api = APIRouter(tags=["live"])
panel = APIRouter()

LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", description="Replays what came after it.")]
After = Annotated[str | None, Query(description="The same for a first connection, from a page made then.")]


@api.get(
    "/live",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events", "content": {"text/event-stream": {}}}},
)
async def read_live(
    request: Request,
    context: ContextDep,
    caller: ApiCallerAlone,
    last_event_id: LastEventId = None,
    after: After = None,
) -> StreamingResponse:
    """What happens in your workspaces, as it happens.

    `event` is the kind, `data` is `{"workspace_id", "seq", "kind", "ref"}`; `reset` means that something was missed
    which is no longer kept: load anew.
    """
    return _stream(request, context, caller, last_event_id or after)


@panel.get("/live")
async def read_panel_live(
    request: Request,
    context: ContextDep,
    caller: PanelCallerAlone,
    last_event_id: LastEventId = None,
    after: After = None,
) -> StreamingResponse:
    """The same stream for a signed-in browser."""
    return _stream(request, context, caller, last_event_id or after)


def _stream(request: Request, context: Context, caller: Caller, after: str | None) -> StreamingResponse:
    state = request.app.state
    live = LiveStream(context, state.pokes, state.stop, caller, after)
    return StreamingResponse(
        live.run(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    )

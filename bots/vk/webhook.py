"""VK's Callback API: who knows the secret is heard, `ok` means that the event is on the stream.

A community may be received by Long Poll at the same time: what comes twice falls out behind the stream. VK asks for the
confirmation string without saying who it is; what is answered then opens nothing to anybody else, and is asked of VK at
most now and then.
"""

import time

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from bots.vk.callback import OK, Confirming, Delivered, Flaw, Rejected, read_call
from inbox.channels.account import account_of
from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.channels.webhooks import VIA, Hooks, read_body
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import PlatformError, UnauthenticatedError
from inbox.core.stream import IntakeStream
from inbox.core.web.dependencies import ContextDep

KEPT_SECONDS = 10.0
"""So long a confirmation string is answered without asking VK again."""

webhooks = APIRouter(prefix="/webhooks", tags=["webhooks"])
log = structlog.get_logger()


@webhooks.post("/vk/{channel_id}", response_class=PlainTextResponse)
async def receive_vk(request: Request, context: ContextDep, channel_id: int) -> PlainTextResponse:
    """VK brings an event, or asks whether the address is ours. `ok`: it is kept; anything else: VK repeats it."""
    hooks: Hooks = request.app.state.hooks
    hook = await hooks.find(Platform.VK, channel_id)
    read = read_call(await read_body(request), hook.external_id, hook.secret)
    match read:
        case Confirming() if hook.is_known:
            return PlainTextResponse(await _confirmation(request, context, channel_id))
        case Delivered(raw):
            await IntakeStream(context.redis).add(channel_id, context.clock(), VIA, raw)
            return PlainTextResponse(OK)
        case Rejected(Flaw.MALFORMED):
            raise HTTPException(400, "This is not a call of VK's.")
        case _:
            raise UnauthenticatedError("The webhook's secret is wrong.")


async def _confirmation(request: Request, context: Context, channel_id: int) -> str:
    known: dict[int, tuple[float, str]] = request.app.state.__dict__.setdefault("vk_confirmations", {})
    asked_at, code = known.get(channel_id, (0.0, ""))
    if code and time.monotonic() - asked_at < KEPT_SECONDS:
        return code
    async with context.database.session(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, channel_id)
    account = account_of(channel, context.cipher)
    try:
        code = await context.adapters[Platform.VK].confirmation_code(account)
    except PlatformError as error:
        log.warning("confirmation_not_read", channel_id=channel_id, reason=error.reason)
        raise HTTPException(503, "The confirmation string cannot be read at the moment.") from None
    known[channel_id] = time.monotonic(), code
    return code

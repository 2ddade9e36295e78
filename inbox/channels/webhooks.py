"""Platform webhooks: the secret is compared before anything else, and 200 means that the update is on the stream.

With PostgreSQL away, channels that called before go on by what is known of them; with Redis away the platform is asked
to repeat. Who does not know the secret learns nothing, not even which channels there are.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Request, Response
from sqlalchemy import or_, select
from starlette.exceptions import HTTPException

from inbox.channels.account import webhook_secret_of
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ReceiveMode
from inbox.conversations.trouble import Dead, write_dead
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import SetupError, UnauthenticatedError
from inbox.core.secrets import is_same_secret, make_secret
from inbox.core.stream import Entry, IntakeStream
from inbox.core.transient import is_transient
from inbox.core.web.dependencies import ContextDep
from inbox.organisations.archived import at_work

LONGEST_BODY = 1024 * 1024
VIA = "webhook"
BOTH_WAYS = frozenset({Platform.VK})
"""Platforms that call and are polled at once without harm."""

webhooks = APIRouter(prefix="/webhooks", tags=["webhooks"])
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hook:
    """What a caller must show, and for which workspace."""

    workspace_id: int
    secret: str = field(repr=False)
    external_id: str = ""
    is_known: bool = True
    """False: nobody's, made up so that who does not know the secret learns nothing."""


class Hooks:
    """The channels that receive by webhook; what was last read of them serves while the database is away."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[int, Hook] = {}
        self._nobodys = make_secret()

    async def admit(self, platform: Platform, channel_id: int, shown: str) -> Hook:
        """The hook, for who shows its secret; UnauthenticatedError for anybody else and for no such channel."""
        hook = await self.find(platform, channel_id)
        if not is_same_secret(hook.secret, shown) or not hook.is_known:
            raise UnauthenticatedError("The webhook's secret is wrong.")
        return hook

    async def find(self, platform: Platform, channel_id: int) -> Hook:
        """The hook, or nobody's, for routes that compare by themselves."""
        return await self._find(platform, channel_id) or Hook(0, self._nobodys, is_known=False)

    async def _find(self, platform: Platform, channel_id: int) -> Hook | None:
        try:
            hook = await self._read(platform, channel_id)
        except Exception as error:
            if not is_transient(error) or channel_id not in self._known:
                raise
            return self._known[channel_id]
        if hook is None:
            self._known.pop(channel_id, None)
        else:
            self._known[channel_id] = hook
        return hook

    async def _read(self, platform: Platform, channel_id: int) -> Hook | None:
        async with self._context.database.session(EVERY_WORKSPACE) as session:
            channel = await session.scalar(
                select(Channel).where(
                    Channel.id == channel_id,
                    Channel.platform == platform,
                    Channel.removed_at.is_(None),
                    at_work(Channel.workspace_id),
                    or_(Channel.mode == ReceiveMode.WEBHOOK, Channel.platform.in_(BOTH_WAYS)),
                )
            )
        if channel is None:
            return None
        try:
            return Hook(channel.workspace_id, webhook_secret_of(channel, self._context.cipher), channel.external_id)
        except SetupError:
            log.error("webhook_secret_unreadable", channel_id=channel_id)
            return None


Secret = Annotated[str, Header(alias="X-Telegram-Bot-Api-Secret-Token", description="The channel's webhook secret.")]


@webhooks.post("/telegram/{channel_id}", response_class=Response)
async def receive_telegram(request: Request, context: ContextDep, channel_id: int, secret: Secret = "") -> Response:
    """Telegram brings an update. 200: it is kept; anything else: Telegram repeats it."""
    hooks: Hooks = request.app.state.hooks
    hook = await hooks.admit(Platform.TELEGRAM, channel_id, secret)
    await keep(context, hook, channel_id, await read_body(request))
    return Response()


async def read_body(request: Request) -> bytes:
    """The body, if it is no longer than any update is."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise HTTPException(413, "The body is longer than any update is.")
    return bytes(body)


async def keep(context: Context, hook: Hook, channel_id: int, body: bytes) -> None:
    """Put it on the stream; what is not even a JSON object is a dead event at once."""
    now = context.clock()
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raw = None
    if isinstance(raw, dict):
        await IntakeStream(context.redis).add(channel_id, now, VIA, raw)
        return
    entry = Entry(
        entry_id=f"{VIA}-{channel_id}-{hashlib.sha256(body).hexdigest()[:32]}", channel_id=channel_id, received_at=now,
        via=VIA, raw=body.decode("utf-8", "replace"),
    )  # fmt: skip
    async with context.transaction(EVERY_WORKSPACE) as session:
        await write_dead(session, [Dead(entry, hook.workspace_id, "not a JSON object")])

"""Another program that hears of leads, and a workspace that tells it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import web
from sqlalchemy import select

from inbox.core.database import EVERY_WORKSPACE
from routing.webhooks.models import HookEvent, Shape, Webhook, WebhookDelivery
from routing.webhooks.service import sweep_webhooks
from tests.routing.rung import Rung, open_rung
from tests.servers import TestServers


@dataclass(slots=True)
class Program:
    """Answers as told, keeps what it got. `answers`: the next statuses; `says`: bodies of its next good answers."""

    root: str = ""
    answers: list[int] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it hears."""
        return f"{self.root}/hook"

    async def hear(self, request: web.Request) -> web.Response:
        """Whatever is asked, wherever."""
        self.asked.append(f"{request.method} {request.path_qs}")
        self.got.append((dict(request.headers), await request.read()))
        status = self.answers.pop(0) if self.answers else 200
        text = self.says.pop(0) if status == 200 and self.says else ""
        return web.Response(status=status, text=text, headers={"Location": self.url} if status == 302 else {})


@asynccontextmanager
async def running() -> AsyncIterator[Program]:
    """A program for the length of the block."""
    program = Program()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", program.hear)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    program.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield program
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_hooked(servers: TestServers) -> AsyncIterator[Rung]:
    """A desk whose webhooks may go to programs on this machine."""
    async with open_rung(servers) as opened:
        context = opened.bridge.desk.context
        settings = context.settings.model_copy(update={"webhooks_private": True})
        opened.bridge.desk.context = replace(context, settings=settings)
        yield opened


async def add(
    rung: Rung, url: str, shape: Shape = Shape.OTKLIK, events: Sequence[HookEvent] = (HookEvent.LEAD_CREATED,)
) -> int:
    """A webhook; returns its id."""
    context = rung.bridge.desk.context
    async with context.transaction(EVERY_WORKSPACE) as session:
        row = Webhook(
            workspace_id=rung.bridge.desk.workspace_id, name="CRM", url=url, shape=shape,
            events=[event.value for event in events], secret_encrypted=context.cipher.encrypt("s3cret"),
            authorization_encrypted=context.cipher.encrypt("Bearer token"),
        )  # fmt: skip
        session.add(row)
        await session.flush()
        return row.id


async def sweep(rung: Rung) -> None:
    """What is due goes out."""
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await sweep_webhooks(session, rung.bridge.clock.now)
    await rung.bridge.work()


async def deliveries(rung: Rung) -> list[WebhookDelivery]:
    """All, oldest first."""
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        return list(await session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))

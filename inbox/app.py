"""Composition root of the web part: the JSON API, the panel, webhooks, live updates and health."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from bots.vk.webhook import webhooks as vk_webhooks
from inbox.channels.webhooks import Hooks, webhooks
from inbox.core.context import Context
from inbox.core.health import Counting, health
from inbox.core.live import Pokes
from inbox.core.web.bodies import BodyLimit
from inbox.core.web.headers import API, Edge
from inbox.core.web.metrics import Numbers, Requests
from inbox.core.web.problems import install_handlers
from inbox.core.web.schema import describe_api
from inbox.core.web.static import StaticAssets
from inbox.live.routes import panel as live_panel
from routing.alerts.panel import panel as alerts_panel
from routing.alerts.routes import api as alerts_api
from routing.assignment.panel import panel as handover_panel
from routing.assignment.routes import api as handover_api
from routing.autoreplies.panel import panel as auto_replies_panel
from routing.autoreplies.routes import api as auto_replies_api
from routing.leads.panel import panel as leads_panel
from routing.leads.routes import api as leads_api
from routing.privacy.panel import panel as privacy_panel
from routing.privacy.routes import api as privacy_api
from routing.rules.panel import panel as rules_panel
from routing.rules.routes import api as rules_api
from routing.webhooks.panel import panel as webhooks_panel
from routing.webhooks.routes import api as webhooks_api

API_FEATURES = (
    "agents",
    "organisations",
    "channels",
    "conversations",
    "replies",
    "canned",
    "contacts",
    "calendars",
    "sla",
    "reports",
    "classify",
    "live",
)
PANEL_FEATURES = (
    "conversations",
    "replies",
    "agents",
    "organisations",
    "channels",
    "canned",
    "contacts",
    "calendars",
    "sla",
    "reports",
    "learning",
)
"""The inbox first: routes are tried in turn."""
STATIC = Path(__file__).parent / "static"


def create_app(context: Context, stop: asyncio.Event | None = None) -> FastAPI:
    """The web part. `stop`, when it is set, ends live streams, so that a server need not wait for them."""
    pokes = Pokes(context.redis)
    requests = Requests()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        listening = asyncio.create_task(pokes.listen(), name="pokes")
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    app = FastAPI(
        title="Otklik", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=lifespan,
        routes=list(_routes()),
    )  # fmt: skip
    app.state.context = context
    app.state.pokes = pokes
    app.state.requests = requests
    app.state.counting = Counting(context, Numbers(requests.registry))
    app.state.stop = stop or asyncio.Event()
    app.state.hooks = Hooks(context)
    app.state.classifying = asyncio.Semaphore(context.settings.tagger_threads)
    app.mount("/static", StaticAssets(STATIC), name="static")
    install_handlers(app)
    describe_api(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Edge, settings=context.settings, requests=requests)
    return app


@cache
def _routes() -> Sequence[BaseRoute]:
    """Those of all features. FastAPI reads their signatures at the first call: once a process, however many apps.

    They are no app's own, so that `dependency_overrides` of an app do not reach them.
    """
    whole = APIRouter()
    for router in _find_routers("routes", "api", API_FEATURES):
        whole.include_router(router, prefix=API)
    for router in (handover_api, rules_api, auto_replies_api, alerts_api, leads_api, webhooks_api, privacy_api):
        whole.include_router(router, prefix=API)
    whole.include_router(webhooks)
    whole.include_router(vk_webhooks)
    whole.include_router(health)
    for router in (
        live_panel,
        *_find_routers("panel", "panel", PANEL_FEATURES),
        handover_panel,
        rules_panel,
        auto_replies_panel,
        alerts_panel,
        leads_panel,
        webhooks_panel,
        privacy_panel,
    ):
        whole.include_router(router, include_in_schema=False)
    return whole.routes


def _find_routers(module: str, name: str, features: Sequence[str]) -> list[APIRouter]:
    """The router `name` of each feature that has such a module."""
    found: list[APIRouter] = []
    for feature in features:
        path = f"inbox.{feature}.{module}"
        if find_spec(path) is not None:
            router = getattr(importlib.import_module(path), name)
            found.append(router)
    return found

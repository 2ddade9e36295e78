"""The simulator as one application: platforms for bots, a control plane for tests, a phone for people."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random

from fastapi import FastAPI
from starlette.types import ASGIApp

from bots.simulator.calls import CallLog
from bots.simulator.control import control_routes
from bots.simulator.faults import Faults
from bots.simulator.line import LineMiddleware
from bots.simulator.page import page_routes
from bots.simulator.platform import PlatformSimulator
from bots.simulator.problems import add_problems
from bots.simulator.telegram.simulator import TelegramSimulator
from bots.simulator.vk.simulator import VkSimulator
from inbox.channels.events import Platform
from inbox.core.clock import Clock, utc_now


def create_simulator(seed: int = 0, clock: Clock = utc_now) -> ASGIApp:
    """A simulator with nothing in it. The same seed makes the same names and numbers for the same bot."""
    faults = Faults(Random(seed))  # noqa: S311  # repeatable, not secret
    calls = CallLog()
    simulators: Mapping[Platform, PlatformSimulator] = {
        Platform.TELEGRAM: TelegramSimulator(seed, faults, calls, clock),
        Platform.VK: VkSimulator(seed, faults, calls, clock),
    }

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for simulator in simulators.values():
            await simulator.close()

    app = FastAPI(title="Otklik simulator", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    add_problems(app)
    app.include_router(control_routes(simulators, faults, calls))
    for simulator in simulators.values():
        app.router.routes.extend(simulator.routes())
    app.router.routes.extend(page_routes())
    return LineMiddleware(app)

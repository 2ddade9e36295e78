"""A bot's webhook: records what arrives, answers as a test tells it to."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.serving import serving
from tests.simulator.conftest import Json


@dataclass(slots=True)
class Hook:
    """Answers first in, first out; then 200."""

    url: str = ""
    answers: deque[tuple[int, Json]] = field(default_factory=deque)
    updates: list[Json] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.updates.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self._news.set()
        status, body = self.answers.popleft() if self.answers else (200, {})
        return web.json_response(body, status=status)

    async def took(self, count: int) -> None:
        """Wait until so many came."""
        async with asyncio.timeout(10):
            while len(self.updates) < count:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running_hook() -> AsyncIterator[Hook]:
    """A webhook that is ready."""
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    async with serving(app) as address:
        hook.url = f"{address}/hook"
        yield hook

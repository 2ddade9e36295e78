"""Telegram at the wire, as far as the API's tests need it: records calls, gives files, refuses when told to."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import update

from inbox.channels.models import Channel
from inbox.core.database import EVERY_WORKSPACE
from tests.company import Company


@dataclass(slots=True)
class Wire:
    """`answers`: method → result (True unless said); `refusals`: method → why; `dropped`: cut after being asked."""

    calls: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)

    def called(self, method: str) -> list[dict[str, object]]:
        """The parameters of all calls of a method."""
        return [params for name, params in self.calls if name == method]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any call."""
        method = request.match_info["method"]
        form = await request.post()
        self.calls.append((method, {name: _plain(str(value)) for name, value in form.items()}))
        if method in self.dropped and request.transport is not None:
            request.transport.abort()
        if method in self.refusals:
            body = {"ok": False, "error_code": 400, "description": f"Bad Request: {self.refusals[method]}"}
            return web.json_response(body, status=400)
        return web.json_response({"ok": True, "result": self.answers.get(method, True)})

    async def give_file(self, request: web.Request) -> web.StreamResponse:
        """A file by its path."""
        return web.Response(body=self.files[request.match_info["path"]])


@asynccontextmanager
async def wired(company: Company) -> AsyncIterator[Wire]:
    """A wire to which all channels of the company speak."""
    wire = Wire()
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", wire.answer)
    app.router.add_get("/file/bot{token}/{path:.+}", wire.give_file)
    async with TestServer(app) as running:
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(update(Channel).values(api_url=str(running.make_url("")).rstrip("/")))
        yield wire


def _plain(value: str) -> object:
    """A form's value with its JSON read; a text stays a text."""
    try:
        return json.loads(value)
    except ValueError:
        return value

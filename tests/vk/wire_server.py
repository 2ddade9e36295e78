"""A stand-in for VK at the wire: records each call, checks it by the schema, answers as a test tells it to."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.serving import serving
from tests.vk.schema import flaws

OWN_TOKEN = "vk1.a.ownSECRETownSECRETown"
USER_TOKEN = "vk1.a.userSECRETuserSECRETuser"
LONG_POLL_KEY = "lpSECRETlpSECRET"

Params = dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: a body with a status, or a fault of the line."""

    status: int = 200
    body: object = None
    fault: str | None = None
    """drop: the line is cut once the request was read · hang: no answer"""


def ok(result: object) -> Reply:
    """An answer with a result."""
    return Reply(body={"response": result})


def refused(code: int, message: str = "", **more: object) -> Reply:
    """A refusal with VK's code; its status is 200 all the same."""
    return Reply(body={"error": {"error_code": code, "error_msg": message, **more}})


@dataclass(slots=True)
class WireServer:
    """Replies by method (and `poll`, `upload`), first in first out; the last one stays."""

    url: str = ""
    calls: list[tuple[str, Params]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list, repr=False)
    polls: list[Params] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    uploads: list[tuple[str, bytes]] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    _replies: dict[str, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    def will_answer(self, method: str, *replies: Reply) -> None:
        """Queue replies for a method."""
        self._replies[method].extend(replies)

    def called(self, method: str) -> list[Params]:
        """The parameters of all calls of a method."""
        return [params for name, params in self.calls if name == method]

    def keys_of(self, method: str) -> set[str]:
        """Whose keys called a method."""
        return {key for (name, _), key in zip(self.calls, self.keys, strict=True) if name == method}

    async def was_polled(self, times: int) -> None:
        """Wait until so many long polls came."""
        while len(self.polls) < times:
            self._asked.clear()
            await self._asked.wait()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any API call."""
        method = request.match_info["method"]
        form = await request.post()
        params = {name: value for name, value in form.items() if isinstance(value, str)}
        key = "user" if params.pop("access_token", None) == USER_TOKEN else "group"
        self.flaws += flaws(method, params, key)
        if params.pop("v", None) != "5.199":
            self.flaws.append(f"{method}: another version")
        self.calls.append((method, params))
        self.keys.append(key)
        self._asked.set()
        return await self._reply(method, request, ok(1))

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """A long poll."""
        self.polls.append(dict(request.query))
        self._asked.set()
        return await self._reply("poll", request, Reply(fault="hang"))

    async def take_file(self, request: web.Request) -> web.StreamResponse:
        """An upload."""
        for name, value in (await request.post()).items():
            assert isinstance(value, web.FileField)
            self.uploads.append((name, value.file.read()))
        return await self._reply("upload", request, Reply(status=500))

    async def give_file(self, request: web.Request) -> web.StreamResponse:
        """A file by its path."""
        content = self.files.get(request.match_info["path"])
        return web.Response(status=404) if content is None else web.Response(body=content, content_type="image/jpeg")

    async def _reply(self, name: str, request: web.Request, usual: Reply) -> web.StreamResponse:
        replies = self._replies[name]
        reply = replies.popleft() if len(replies) > 1 else replies[0] if replies else usual
        if reply.fault == "hang":
            await self.is_over.wait()
        if reply.fault == "drop" and request.transport is not None:
            request.transport.abort()
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        return web.Response(status=reply.status, text=text, content_type="application/json")


@asynccontextmanager
async def running_server() -> AsyncIterator[WireServer]:
    """A server on a free port of the loopback; at its end no call may have been flawed."""
    vk = WireServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/method/{method}", vk.answer)
    app.router.add_get("/longpoll", vk.poll)
    app.router.add_post("/upload", vk.take_file)
    app.router.add_get("/files/{path}", vk.give_file)
    async with serving(app) as address:
        vk.url = address
        try:
            yield vk
        finally:
            vk.is_over.set()
    assert vk.flaws == [], "calls that VK would not take"

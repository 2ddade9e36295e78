"""A stand-in for Telegram at the wire: records each call, checks it by the schema, answers as a test tells it to."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.platform_schema import check_call

Params = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: a body with a status, or a fault of the line."""

    status: int = 200
    body: object = None
    fault: str | None = None
    """drop: the line is cut once the request was read · hang: no answer"""


def ok(result: object) -> Reply:
    """An answer with a result."""
    return Reply(200, {"ok": True, "result": result})


def refused(code: int, description: str, **parameters: object) -> Reply:
    """A refusal with Telegram's code and text."""
    body: Params = {"ok": False, "error_code": code, "description": description}
    return Reply(code, {**body, "parameters": parameters} if parameters else body)


@dataclass(slots=True)
class WireServer:
    """Replies by method, first in first out; the last one stays."""

    url: str = ""
    calls: list[tuple[str, Params]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """Where a file's path redirects to"""
    uploads: dict[str, bytes] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set, repr=False)
    ports: list[object] = field(default_factory=list)
    """The caller's port of each call: equal ones came over one connection"""
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    _replies: dict[str, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    _deeds: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    def will_answer(self, method: str, *replies: Reply) -> None:
        """Queue replies for a method."""
        self._replies[method].extend(replies)

    def meanwhile(self, method: str, deed: Callable[[], Awaitable[None]]) -> None:
        """What happens here while the next call of a method is under way."""
        self._deeds[method] = deed

    def called(self, method: str) -> list[Params]:
        """The parameters of all calls of a method."""
        return [params for name, params in self.calls if name == method]

    async def was_asked(self, method: str, times: int = 1) -> None:
        """Wait until a method was called so many times."""
        while len(self.called(method)) < times:
            self._asked.clear()
            await self._asked.wait()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any Bot API call."""
        method = request.match_info["method"]
        self.tokens.add(request.match_info["token"])
        if request.transport is not None:
            self.ports.append(request.transport.get_extra_info("peername")[1])
        params = await self._read(request)
        check_call(method, params)
        self.calls.append((method, params))
        self._asked.set()
        if (deed := self._deeds.pop(method, None)) is not None:
            await deed()
        replies = self._replies[method]
        reply = replies.popleft() if len(replies) > 1 else replies[0] if replies else ok(True)
        if reply.fault == "hang":
            await self.is_over.wait()
        if reply.fault == "drop" and request.transport is not None:
            request.transport.abort()
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        return web.Response(status=reply.status, text=text, content_type="application/json")

    async def give_file(self, request: web.Request) -> web.StreamResponse:
        """A file by its path."""
        if (location := self.moved.get(request.match_info["path"])) is not None:
            raise web.HTTPFound(location)
        content = self.files.get(request.match_info["path"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def _read(self, request: web.Request) -> Params:
        params: Params = {}
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                self.uploads[name] = value.file.read()
            else:
                assert isinstance(value, str)
                params[name] = _plain(value)
        return params


def _plain(value: str) -> object:
    """A form's value with its JSON read; a text stays a text."""
    try:
        return json.loads(value)
    except ValueError:
        return value

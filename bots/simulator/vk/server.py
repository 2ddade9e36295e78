"""The HTTP of VK: method calls, long polls, uploads and files, and the faults that were ordered in between."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bots.simulator.calls import Call, CallLog
from bots.simulator.faults import Fault, Faults
from bots.simulator.line import line_of
from bots.simulator.platform import SimFile
from bots.simulator.vk.community import Community
from bots.simulator.vk.keys import Key, read_key
from bots.simulator.vk.methods import Method
from bots.simulator.vk.params import Params, read_params
from bots.simulator.vk.refusals import Json, VkApiError
from bots.simulator.vk.uploading import take_file
from inbox.channels.events import Platform
from inbox.core.clock import Clock

LONGEST_SILENCE = 120.0
"""seconds a call with an ordered timeout is left without an answer, unless its caller goes earlier"""
LONGEST_POLL = 90
LONG_POLL = "longpoll"
OWN_CALLS_PER_SECOND, USER_CALLS_PER_SECOND = 20, 3
_NOT_ASKED = frozenset({"access_token", "v"})


class VkApi:
    """Serves every community at one address; a key that nobody has used makes its community."""

    def __init__(
        self,
        faults: Faults,
        calls: CallLog,
        clock: Clock,
        methods: Mapping[str, Method],
        make_community: Callable[[int], Community],
    ) -> None:
        self.communities: dict[int, Community] = {}
        """by id, in the order of their first call"""
        self.is_limited = False
        self.revoked: set[str] = set()
        self.tokens: dict[int, set[str]] = {}
        self._faults = faults
        self._calls = calls
        self._clock = clock
        self._methods = methods
        self._make_community = make_community
        self._recent: dict[str, deque[float]] = {}

    async def call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """/method/{method}"""
        request = Request(scope, receive)
        method = request.path_params["method"]
        values = await read_params(request)
        asked = {name: value for name, value in values.items() if name not in _NOT_ASKED}
        try:
            key = self._key(values.get("access_token"))
        except VkApiError as refusal:
            call = self._calls.add(Platform.VK, None, method, dict(asked), self._clock())
            await _refuse(call, refusal, asked)(scope, receive, send)
            return
        community = self._community(key, request)
        call = self._calls.add(Platform.VK, key.group_id, method, dict(asked), self._clock())

        async def answer() -> Response:
            return self._answer(community, key, call, asked)

        await self._with_fault(call, answer, asked, scope, receive, send)

    def _key(self, token: str | None) -> Key:
        key = read_key(token)
        if key.token in self.revoked:
            raise VkApiError(5)
        self.tokens.setdefault(key.group_id, set()).add(key.token)
        return key

    def _community(self, key: Key, request: Request) -> Community:
        community = self.communities.get(key.group_id)
        if community is None:
            community = self.communities[key.group_id] = self._make_community(key.group_id)
        community.base_url = str(request.base_url).rstrip("/")
        return community

    def _answer(self, community: Community, key: Key, call: Call, asked: Mapping[str, str]) -> Response:
        try:
            self._check_limit(key)
            result = _permitted(self._methods.get(call.method), community, key).do(community, key, Params(asked))
        except VkApiError as refusal:
            return _refuse(call, refusal, asked)
        call.code = 200
        return JSONResponse({"response": result})

    def _check_limit(self, key: Key) -> None:
        """Calls of the last second by one key."""
        if not self.is_limited:
            return
        now = self._clock().timestamp()
        recent = self._recent.setdefault(key.token, deque())
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= (OWN_CALLS_PER_SECOND if key.is_community else USER_CALLS_PER_SECOND):
            raise VkApiError(6)
        recent.append(now)

    async def long_poll(self, scope: Scope, receive: Receive, send: Send) -> None:
        """/longpoll/{group}"""
        request = Request(scope, receive)
        query = request.query_params
        community = self.communities.get(_number(request.path_params["group"]))
        if community is None:
            await JSONResponse({"failed": 2})(scope, receive, send)
            return
        shown = {name: value for name, value in query.items() if name != "key"}
        call = self._calls.add(Platform.VK, community.group_id, LONG_POLL, dict(shown), self._clock())
        patience = min(max(_number(query.get("wait", "25")), 0), LONGEST_POLL)

        async def answer() -> Response:
            polling = community.log.poll(query.get("key", ""), query.get("ts", ""), patience)
            reply = await _while_there(scope, polling)
            call.code = 200
            return JSONResponse(reply)

        await self._with_fault(call, answer, {}, scope, receive, send)

    async def upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """/vkupload/{group}/{kind}"""
        request = Request(scope, receive)
        community = self.communities.get(_number(request.path_params["group"]))
        answer: Json = {"error": "ERR_UPLOAD_BAD_REQUEST"}
        async with request.form() as form:
            file = next((value for value in form.values() if isinstance(value, UploadFile)), None)
            if community is not None and file is not None:
                content = SimFile(await file.read(), file.content_type or "application/octet-stream")
                answer = take_file(community, request.path_params["kind"], file.filename or "file", content)
        await JSONResponse(answer)(scope, receive, send)

    async def file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """/vkfile/{group}/{name}"""
        request = Request(scope, receive)
        community = self.communities.get(_number(request.path_params["group"]))
        found = None if community is None else community.files.get(request.path_params["name"])
        response = Response(status_code=404) if found is None else Response(found.content, media_type=found.mime_type)
        await response(scope, receive, send)

    async def _with_fault(
        self,
        call: Call,
        answer: Callable[[], Awaitable[Response]],
        asked: Mapping[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """The answer, or what was ordered in its place."""
        fault = self._faults.take(Platform.VK, call.method, call.bot)
        if fault is None:
            response: Response | None = await answer()
        else:
            response = await _disturbed(fault, call, answer, asked, scope)
        if response is not None:
            await response(scope, receive, send)


def _permitted(method: Method | None, community: Community, key: Key) -> Method:
    """Which kind of key may call it is asked before anything else."""
    if method is None:
        raise VkApiError(3)
    if key.is_community and not method.for_community:
        raise VkApiError(27)
    if not key.is_community and not method.for_user:
        raise VkApiError(15, "no access to call this method")
    if not key.is_community and method.needs_administrator and not community.is_administrator:
        raise VkApiError(15)
    return method


async def _disturbed(
    fault: Fault, call: Call, answer: Callable[[], Awaitable[Response]], asked: Mapping[str, str], scope: Scope
) -> Response | None:
    """The answer, or None when it is lost and the line with it."""
    given: Response | None = await answer() if fault.is_after else None
    await asyncio.sleep(fault.delay)
    if fault.error is None:
        return given or await answer()
    if isinstance(fault.error, int):
        return _ordered(call, fault, fault.error, asked)
    line = line_of(scope)
    call.code, call.description = None, fault.error
    if fault.error == "timeout":
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(line.wait_closed(), LONGEST_SILENCE)
            return None
    await line.cut()
    return None


def _ordered(call: Call, fault: Fault, code: int, asked: Mapping[str, str]) -> Response:
    """From 400 to 599 a page with that status; else VK's code, or a long poll's `failed`."""
    if 400 <= code <= 599:
        call.code, call.description = code, fault.description
        return Response(f"<html><body><h1>{code}</h1></body></html>", code, media_type="text/html")
    if call.method == LONG_POLL:
        call.code, call.description = code, "failed"
        return JSONResponse({"failed": code, **({"ts": _number(str(call.params.get("ts")))} if code == 1 else {})})
    return _refuse(call, VkApiError(code, fault.description or ""), asked)


def _refuse(call: Call, refusal: VkApiError, asked: Mapping[str, str]) -> Response:
    call.code, call.description = refusal.code, refusal.message
    return JSONResponse(refusal.body(asked))


async def _while_there(scope: Scope, poll: Awaitable[Json]) -> Json:
    """The result of a long poll; it ends when its caller is gone, since nobody would read it."""
    work = asyncio.ensure_future(poll)
    leaving = asyncio.create_task(line_of(scope).wait_closed())
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else {}
    finally:
        for unfinished in (work, leaving):
            unfinished.cancel()
        await asyncio.gather(work, leaving, return_exceptions=True)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0

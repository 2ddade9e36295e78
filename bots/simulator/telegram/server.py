"""The HTTP of the Bot API: a call in, Telegram's answer out, and the faults that were ordered in between."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Coroutine

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bots.simulator.calls import Call, CallLog
from bots.simulator.faults import Fault, Faults
from bots.simulator.line import line_of
from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.flood import FloodLimits
from bots.simulator.telegram.methods import FLOODED, METHODS
from bots.simulator.telegram.params import Params, read_params
from bots.simulator.telegram.receiving import get_updates
from bots.simulator.telegram.refusals import ANOTHER_POLL, BotApiError, Json, not_found, too_many, unauthorized
from inbox.channels.events import Platform
from inbox.core.clock import Clock

LONGEST_SILENCE = 120.0
"""seconds a call with an ordered timeout is left without an answer, unless its caller goes earlier"""
_NUMBERED = re.compile(r"\d{1,15}:.+")
_TOKEN = re.compile(r"\d{3,15}:[A-Za-z0-9_-]{8,}")
_ORDERED = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: ANOTHER_POLL.description,
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class BotApi:
    """Serves every bot at one address; a token that nobody has used makes a bot."""

    def __init__(
        self, faults: Faults, calls: CallLog, flood: FloodLimits, clock: Clock, make_bot: Callable[[str], Bot]
    ) -> None:
        self.bots: dict[int, Bot] = {}
        """by id, in the order of their first call"""
        self._faults = faults
        self._calls = calls
        self._flood = flood
        self._clock = clock
        self._make_bot = make_bot

    def bot_of(self, token: str) -> Bot:
        """The bot of a token; a new token takes over a bot whose old one was revoked."""
        if not _TOKEN.fullmatch(token):
            raise unauthorized() if _NUMBERED.fullmatch(token) else not_found()
        bot_id = int(token.partition(":")[0])
        bot = self.bots.get(bot_id)
        if bot is None:
            bot = self.bots[bot_id] = self._make_bot(token)
        elif bot.token != token:
            if not bot.is_revoked:
                raise unauthorized()
            bot.token, bot.is_revoked = token, False
        if bot.is_revoked:
            raise unauthorized()
        return bot

    async def call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """/bot{token}/{method}"""
        request = Request(scope, receive)
        token, method = request.path_params["token"], request.path_params["method"]
        try:
            bot = self.bot_of(token)
            params = await read_params(request)
        except BotApiError as refusal:
            bot_id = token.partition(":")[0]
            known = int(bot_id) if bot_id.isascii() and bot_id.isdigit() and len(bot_id) < 16 else None
            call = self._calls.add(Platform.TELEGRAM, known, method, {}, self._clock())
            await _refuse(call, refusal)(scope, receive, send)
            return
        call = self._calls.add(Platform.TELEGRAM, bot.bot_id, method, params.recorded(), self._clock())
        fault = self._faults.take(Platform.TELEGRAM, method, bot.bot_id)
        response = await self._answer_with(fault, bot, call, params, scope)
        if response is not None:
            await response(scope, receive, send)

    async def _answer_with(
        self, fault: Fault | None, bot: Bot, call: Call, params: Params, scope: Scope
    ) -> Response | None:
        """The answer, or None when it is lost and the line with it."""
        if fault is None:
            return await self._answer(bot, call, params, scope)
        if fault.is_after:
            answer: Response | None = await self._answer(bot, call, params, scope)
            await asyncio.sleep(fault.delay)
        else:
            await asyncio.sleep(fault.delay)
            answer = None if fault.error is not None else await self._answer(bot, call, params, scope)
        if fault.error is None:
            return answer
        if isinstance(fault.error, int):
            return _ordered(call, fault, fault.error)
        line = line_of(scope)
        call.code, call.description = None, fault.error
        if fault.error == "timeout":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(line.wait_closed(), LONGEST_SILENCE)
                return None
        await line.cut()
        return None

    async def _answer(self, bot: Bot, call: Call, params: Params, scope: Scope) -> Response:
        try:
            result = await self._do(bot, call.method.lower(), params, scope)
        except BotApiError as refusal:
            return _refuse(call, refusal)
        call.code = 200
        body: Json = {"ok": True, "result": result}
        words = _webhook_words(bot, call.method.lower())
        return JSONResponse({**body, "description": words} if words else body)

    async def _do(self, bot: Bot, name: str, params: Params, scope: Scope) -> object:
        if name == "getupdates":
            return await _while_there(scope, get_updates(bot, params))
        method = METHODS.get(name)
        if method is None:
            raise BotApiError(404, "Not Found: method not found")
        if name in FLOODED:
            self._flood.check(bot.bot_id, params.find_int("chat_id"))
        return method(bot, params)

    def take_webhook_answer(self, bot: Bot, answer: httpx.Response) -> None:
        """A webhook may answer with a call; Telegram makes it and tells nobody how it went."""
        body: object = answer.json()
        if not isinstance(body, dict) or not isinstance(name := body.get("method"), str):
            return
        values: Json = {field: value for field, value in body.items() if field != "method"}
        call = self._calls.add(Platform.TELEGRAM, bot.bot_id, name, values, self._clock())
        method = METHODS.get(name.lower())
        try:
            if method is None:
                raise BotApiError(404, "Not Found: method not found")
            method(bot, Params(values, {}))
            call.code = 200
        except BotApiError as refusal:
            call.code, call.description = refusal.code, refusal.description

    async def file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """/file/bot{token}/{path}"""
        request = Request(scope, receive)
        try:
            stored = self.bot_of(request.path_params["token"]).files.find_at(request.path_params["path"])
            if stored is None:
                raise not_found()
        except BotApiError as refusal:
            await JSONResponse(refusal.body(), refusal.code)(scope, receive, send)
            return
        await Response(stored.content, media_type="application/octet-stream")(scope, receive, send)


async def _while_there(scope: Scope, poll: Coroutine[None, None, list[Json]]) -> list[Json]:
    """The result of a long poll; it ends when its caller is gone, since nobody would read it."""
    work = asyncio.create_task(poll)
    leaving = asyncio.create_task(line_of(scope).wait_closed())
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else []
    finally:
        for unfinished in (work, leaving):
            unfinished.cancel()
        await asyncio.gather(work, leaving, return_exceptions=True)


def _webhook_words(bot: Bot, name: str) -> str | None:
    """What Telegram says of a webhook beside "ok"."""
    if name not in {"setwebhook", "deletewebhook"}:
        return None
    return "Webhook was deleted" if bot.webhook.setting is None else "Webhook was set"


def _refuse(call: Call, refusal: BotApiError) -> Response:
    call.code, call.description = refusal.code, refusal.description
    return JSONResponse(refusal.body(), refusal.code)


def _ordered(call: Call, fault: Fault, code: int) -> Response:
    """A refusal that was ordered; a gateway's comes as a page, not as JSON."""
    if code in {502, 503, 504} and fault.description is None:
        call.code, call.description = code, _ORDERED[code]
        return Response(f"<html><body><h1>{code} {_ORDERED[code]}</h1></body></html>", code, media_type="text/html")
    if code == 429:
        refusal = too_many(fault.retry_after or 1)
        return _refuse(
            call, BotApiError(429, fault.description or refusal.description, retry_after=refusal.retry_after)
        )
    words = fault.description or _ORDERED.get(code, "Error")
    return _refuse(call, BotApiError(code, words, retry_after=fault.retry_after))

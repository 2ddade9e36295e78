"""How long a request's body may be: what is read is counted as it comes, and much is read only of who is signed in.

A framework reads the body before it asks who sends it, so that the question is asked here for the routes with files.
"""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox.agents.models import TokenKind
from inbox.agents.tokens import find_caller
from inbox.core.context import Context
from inbox.core.database import scope_of
from inbox.core.web.cookies import session_secret
from inbox.core.web.problems import Refusal, answer, is_for_programs

MEGABYTE: Final = 1024 * 1024
LONGEST: Final = MEGABYTE
WITH_FILES: Final = (
    # 50 MB of files, in base64 inside of JSON.
    (re.compile(r"/api/v1/conversations/\d+/messages"), 75 * MEGABYTE),
    (re.compile(r"/w/[^/]+/inbox/\d+/messages"), 55 * MEGABYTE),
)
TOO_LONG: Final = "The request is longer than {} MB."


class BodyLimit:
    """ASGI middleware: a body that is said to be too long is not read at all, one that turns out to be is cut off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        longest = longest_body(scope["method"], scope["path"])
        if _said_length(scope) > longest:
            refusal = Refusal(413, "Content Too Large", _words(longest))
            await answer(Request(scope), refusal)(scope, receive, send)
            return
        is_short = 0 < _said_length(scope) <= LONGEST
        if longest > LONGEST and not is_short and not await _is_known(Request(scope)):
            refusal = Refusal(401, "Not signed in", "Sign in: the token is missing, revoked or out of date.")
            await answer(Request(scope), refusal)(scope, receive, send)
            return
        length = 0

        async def receive_counted() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            if length > longest:
                # The app's handlers answer it as any other refusal.
                raise HTTPException(413, _words(longest))
            return message

        await self._app(scope, receive_counted, send)


async def _is_known(request: Request) -> bool:
    """Whether a token that lives came with it; the route itself asks what its person may do."""
    context: Context = request.app.state.context
    kind = TokenKind.API if is_for_programs(request) else TokenKind.COOKIE
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    secret = (bearer if scheme.lower() == "bearer" else "") if kind is TokenKind.API else session_secret(request)
    if not secret:
        return False
    async with context.transaction(scope_of(())) as session:
        return await find_caller(session, secret, kind, context.clock()) is not None


def longest_body(method: str, path: str) -> int:
    """Bytes that a request to `path` may have."""
    if method != "POST":
        return LONGEST
    return next((length for pattern, length in WITH_FILES if pattern.fullmatch(path)), LONGEST)


def _said_length(scope: Scope) -> int:
    said = Headers(scope=scope).get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else 0


def _words(longest: int) -> str:
    return TOO_LONG.format(longest // MEGABYTE)

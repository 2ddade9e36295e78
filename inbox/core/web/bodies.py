"""How long a request's body may be, before anybody has said who asks: what is read is counted as it comes."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox.core.web.problems import Refusal, answer

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

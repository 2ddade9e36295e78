"""The line to a caller: cutting it without a word, which no HTTP answer can say."""

from typing import Protocol, runtime_checkable

from starlette.types import ASGIApp, Receive, Scope, Send

_KEY = "otklik.line"


@runtime_checkable
class _Transport(Protocol):
    def abort(self) -> None:
        """Close at once."""


class Line:
    """One request's connection, and how to lose it."""

    def __init__(self, send: Send, receive: Receive) -> None:
        self._send = send
        self._receive = receive

    async def cut(self) -> None:
        """Close the connection with the answer unsaid; where the server hides it, break the answer off instead."""
        cycle: object = getattr(self._send, "__self__", None)
        transport: object = getattr(cycle, "transport", None)
        if isinstance(transport, _Transport):
            transport.abort()
            await self.wait_closed()
            return
        headers = [(b"content-length", b"1000")]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"{", "more_body": False})

    async def wait_closed(self) -> None:
        """Until the caller has gone; the request's body was read before."""
        message_type = ""
        while message_type != "http.disconnect":
            message_type = (await self._receive())["type"]


class LineMiddleware:
    """The outermost application: lets endpoints reach their connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_KEY] = Line(send, receive)
        await self._app(scope, receive, send)


def line_of(scope: Scope) -> Line:
    """The connection of a request."""
    line: object = scope[_KEY]
    if not isinstance(line, Line):
        raise TypeError("the simulator runs without its LineMiddleware")
    return line

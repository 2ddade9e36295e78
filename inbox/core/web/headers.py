"""The outermost layer: request ids, one log line a request, security headers, and the last catch of a bug."""

import time
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox.core.secrets import make_secret
from inbox.core.settings import Settings
from inbox.core.web.cookies import GUEST, is_https
from inbox.core.web.csrf import new_guest_secret
from inbox.core.web.metrics import Requests
from inbox.core.web.problems import FAULT, answer

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HSTS: Final = "max-age=31536000"
GUEST_SECONDS: Final = 12 * 3600
API: Final = "/api/v1"

log = structlog.get_logger()


class Edge:
    """ASGI middleware around everything else. The log knows routes, never query strings, headers or bodies."""

    def __init__(self, app: ASGIApp, *, settings: Settings, requests: Requests) -> None:
        self._app = app
        self._https = is_https(settings)
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = make_secret()[:16]
        with structlog.contextvars.bound_contextvars(request_id=state["request_id"]):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(scope, MutableHeaders(scope=message))
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:  # the edge: a bug of ours is logged whole and told in one sentence
            log.exception("request_failed", method=scope["method"], route=route_of(scope))
            if status:
                raise
            await answer(Request(scope), FAULT)(scope, receive, send_with_headers)
        finally:
            seconds = time.monotonic() - started
            self._requests.note(scope["method"], route_of(scope), status, seconds)
            log.info(
                "request", method=scope["method"], route=route_of(scope), status=status, ms=round(seconds * 1000, 1)
            )

    def _add_headers(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers["X-Request-Id"] = scope["state"]["request_id"]
        headers.setdefault("Cache-Control", "no-store")
        if self._https:
            headers["Strict-Transport-Security"] = HSTS
        if secret := new_guest_secret(scope["state"]):
            secure = "; Secure" if self._https else ""
            headers.append(
                "Set-Cookie", f"{GUEST}={secret}; Path=/; Max-Age={GUEST_SECONDS}; HttpOnly; SameSite=Lax{secure}"
            )


def route_of(scope: Scope) -> str:
    """The route's pattern, not the path that was asked for: a path may hold what a log must not."""
    path = getattr(scope.get("route"), "path", None)
    if not isinstance(path, str):
        return "unknown"
    # A route of an included router knows its path without the prefix.
    is_inside = scope["path"].startswith(f"{API}/") and not path.startswith(f"{API}/")
    return API + path if is_inside else path

"""The panel's cookies: a signed-in browser's session, and a guest's secret that protects the sign-in form."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.core.settings import Settings

SESSION = "otklik_session"
GUEST = "otklik_guest"
LONGEST_SECONDS = 400 * 24 * 3600
"""Browsers keep no cookie longer; the token's own time runs out on our side."""


def session_secret(request: Request) -> str | None:
    """The token in the browser's cookie."""
    return request.cookies.get(SESSION)


def is_https(settings: Settings) -> bool:
    """Whether people reach us by HTTPS, as `OTKLIK_BASE_URL` says."""
    return bool(settings.base_url) and str(settings.base_url).lower().startswith("https://")


def set_session_cookie(response: Response, secret: str, settings: Settings) -> None:
    """Sign the browser in; scripts cannot read the cookie, other sites' posts do not carry it."""
    response.set_cookie(
        SESSION, secret, max_age=LONGEST_SECONDS, path="/", httponly=True, samesite="lax", secure=is_https(settings)
    )
    response.delete_cookie(GUEST, path="/", httponly=True, samesite="lax", secure=is_https(settings))


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Sign the browser out."""
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="lax", secure=is_https(settings))

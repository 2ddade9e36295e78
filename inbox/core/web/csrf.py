"""CSRF for requests that a cookie admits: a token derived from the cookie's secret, which other sites cannot read.

Pages carry it (`csrf_token(request)`); htmx sends it as the header X-CSRF-Token, plain forms as the field
`csrf_token`. A guest (the sign-in form) gets a secret cookie of their own for it.
"""

import hashlib
import hmac

from starlette.requests import Request

from inbox.core.errors import ForbiddenError
from inbox.core.secrets import is_same_secret, make_secret
from inbox.core.web.cookies import GUEST, session_secret

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def csrf_token(request: Request) -> str:
    """The token for forms of this page; a guest without a secret gets one with the answer (`new_guest_secret`)."""
    secret = _secret_of(request)
    if secret is None:
        secret = request.state.guest_secret = make_secret()
    return _derive(secret)


def new_guest_secret(state: dict[str, object]) -> str | None:
    """The guest's secret that `csrf_token` made for this request and that the answer must set as a cookie."""
    secret = state.get("guest_secret")
    return secret if isinstance(secret, str) else None


async def check_csrf(request: Request) -> None:
    """ForbiddenError unless a changing request comes from a page of ours."""
    if request.method in SAFE_METHODS:
        return
    secret = _secret_of(request)
    sent = request.headers.get(HEADER) or await _sent_in_form(request)
    if secret is None or not is_same_secret(_derive(secret), sent):
        raise ForbiddenError("This page is out of date. Load it again and repeat what you did.")


async def _sent_in_form(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(FORM_TYPES):
        return ""
    field = (await request.form()).get(FIELD)
    return field if isinstance(field, str) else ""


def _secret_of(request: Request) -> str | None:
    made = getattr(request.state, "guest_secret", None)
    return session_secret(request) or request.cookies.get(GUEST) or (made if isinstance(made, str) else None)


def _derive(secret: str) -> str:
    return hmac.new(secret.encode(), b"otklik csrf", hashlib.sha256).hexdigest()

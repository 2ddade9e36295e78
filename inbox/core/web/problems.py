"""Refusals and faults as answers: RFC 9457 problem details for programs, a toast for htmx, a page for people.

Routes never catch; the handlers here are the one place. No answer repeats what was sent, for it may hold a password.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from inbox.core.errors import (
    ConflictError,
    PlatformError,
    RefusedError,
    SetupError,
    TemporaryRefusalError,
    TooManyAttemptsError,
)
from inbox.core.transient import is_transient
from inbox.core.web.error_pages import error_page
from inbox.core.web.templates import words_of

MEDIA_TYPE = "application/problem+json"
SIGN_IN = "/sign-in"
FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")
RETRY_SECONDS = 5

log = structlog.get_logger()


class FieldProblem(BaseModel):
    """One value that cannot be accepted."""

    field: str = Field(description="Where it stands, as a dotted path, e.g. `settings.api_url`.")
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str | None = Field(default=None, description="Names this request in the log.")
    field: str | None = Field(default=None, description="The first value that cannot be accepted.")
    errors: list[FieldProblem] | None = Field(default=None, description="All of them.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What went wrong, before it is known who must be told and how."""

    status: int
    title: str
    detail: str
    fields: Sequence[FieldProblem] = ()
    error: RefusedError | None = None
    """What it came from, whose words are known in every language."""
    extra: dict[str, str | int | None] = field(default_factory=dict)
    retry_seconds: int | None = None


def install_handlers(app: FastAPI) -> None:
    """Have every refusal answered here."""
    app.add_exception_handler(RefusedError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_error)
    app.add_exception_handler(HTTPException, answer_error)
    app.add_exception_handler(PlatformError, answer_error)
    app.add_exception_handler(SQLAlchemyError, answer_error)
    app.add_exception_handler(RedisError, answer_error)
    app.add_exception_handler(SetupError, answer_error)


async def answer_error(request: Request, error: Exception) -> Response:
    """The answer to an error of a kind that we know; any other goes on to the edge, which logs it."""
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_refused", status=refusal.status, error=f"{type(error).__name__}: {refusal.detail}")
    return answer(request, refusal)


def refusal_of(error: Exception) -> Refusal | None:
    """What an error means for who asked; None for a bug of ours."""
    match error:
        case RefusedError():
            return _of_refused(error)
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return Refusal(error.status_code, _phrase(error.status_code), str(error.detail))
        case PlatformError():
            return _of_platform(error)
        case DataError():
            return Refusal(422, "Invalid input", "A value cannot be stored: a null character, or too big.")
        case SetupError():
            return Refusal(500, "Set-up is wrong", str(error))
        case _ if is_transient(error):
            return Refusal(
                503, "Out of service", "A server that we need is away; this will pass.", retry_seconds=RETRY_SECONDS
            )
        case _:
            return None


FAULT = Refusal(500, "Internal error", "Something is wrong on our side. The log has it under the request's id.")


def answer(request: Request, refusal: Refusal) -> Response:
    """Problem details for programs, a toast for htmx, the sign-in page for guests, else a page."""
    if is_for_programs(request):
        response = _problem(request, refusal)
    elif refusal.status == HTTPStatus.UNAUTHORIZED:
        return _to_sign_in(request)
    elif request.headers.get("HX-Request") == "true":
        response = _toast(request, refusal)
    else:
        response = error_page(request, refusal.status, refusal.title, _in_words(request, refusal))
    if refusal.retry_seconds is not None:
        response.headers["Retry-After"] = str(refusal.retry_seconds)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def is_for_programs(request: Request) -> bool:
    """Whether a program asks, which wants JSON."""
    return request.url.path.startswith(FOR_PROGRAMS)


def _of_refused(error: RefusedError) -> Refusal:
    fields = [FieldProblem(field=error.field, detail=error.detail)] if error.field else []
    extra = error.extra if isinstance(error, ConflictError) else {}
    pause = math.ceil(error.retry_after.total_seconds()) if isinstance(error, TooManyAttemptsError) else None
    return Refusal(error.status, error.title, error.detail, fields, error, extra, pause)


def _of_validation(error: RequestValidationError) -> Refusal:
    fields = [FieldProblem(field=_path(one["loc"]), detail=str(one["msg"])) for one in error.errors()]
    first = fields[0]
    return Refusal(422, "Invalid input", f"{first.field}: {first.detail}", fields)


def _path(location: Sequence[str | int]) -> str:
    """`("body", "settings", "api_url")` → `settings.api_url`; a body that cannot be read is `body`."""
    return ".".join(str(step) for step in location[1:]) or str(location[0])


def _of_platform(error: PlatformError) -> Refusal:
    if isinstance(error, TemporaryRefusalError):
        pause = RETRY_SECONDS if error.retry_after is None else math.ceil(error.retry_after.total_seconds())
        return Refusal(503, "The platform asks to wait", error.reason, retry_seconds=pause)
    return Refusal(502, "The platform refused", error.reason)


def _problem(request: Request, refusal: Refusal) -> Response:
    first = refusal.fields[0].field if refusal.fields else None
    problem = Problem(
        title=refusal.title, status=refusal.status, detail=refusal.detail, field=first,
        request_id=getattr(request.state, "request_id", None), errors=list(refusal.fields) or None,
    )  # fmt: skip
    body = problem.model_dump(exclude_none=True) | refusal.extra
    return JSONResponse(body, status_code=refusal.status, media_type=MEDIA_TYPE)


def _toast(request: Request, refusal: Refusal) -> Response:
    """htmx swaps nothing and raises the event `toast`, which the page's script shows in the reader's language."""
    text = _in_words(request, refusal)
    shown = {"toast": {"level": "error", "text": text, "field": _first_field(refusal), **refusal.extra}}
    return Response(
        status_code=refusal.status, headers={"HX-Trigger": json.dumps(shown), "HX-Reswap": "none"}
    )  # ASCII JSON: headers bear nothing else


def _in_words(request: Request, refusal: Refusal) -> str:
    words = words_of(request)
    return words.gettext(refusal.detail) if refusal.error is None else words.refusal(refusal.error)


def _first_field(refusal: Refusal) -> str | None:
    return refusal.fields[0].field if refusal.fields else None


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    if request.headers.get("accept", "").startswith("text/event-stream"):
        return Response(status_code=401)
    if request.method != "GET":
        return RedirectResponse(SIGN_IN, status_code=303)
    came_for = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = "" if came_for == "/" else f"?next={quote(came_for, safe='')}"
    return RedirectResponse(SIGN_IN + back, status_code=303)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"

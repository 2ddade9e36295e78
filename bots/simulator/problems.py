"""Refusals of the control plane as problem details that name the field."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from inbox.core.errors import RefusedError

_MEDIA_TYPE = "application/problem+json"
_UNPROCESSABLE = 422
_PARTS = frozenset({"body", "query", "path", "header"})


def add_problems(app: FastAPI) -> None:
    """Answer refusals and invalid bodies with application/problem+json."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RefusedError):
        raise error
    problem: dict[str, object] = {
        "type": "about:blank", "title": error.title, "status": error.status, "detail": error.detail
    }  # fmt: skip
    if error.field is not None:
        problem["errors"] = [{"field": error.field, "message": error.detail}]
    return JSONResponse(problem, error.status, media_type=_MEDIA_TYPE)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {"field": _field(entry["loc"]) or str(entry.get("ctx", {}).get("field", "")), "message": str(entry["msg"])}
        for entry in error.errors()
    ]
    named = ", ".join(entry["field"] for entry in errors if entry["field"])
    problem = {
        "type": "about:blank",
        "title": "Invalid input",
        "status": _UNPROCESSABLE,
        "detail": f"Check {named or 'the body'}.",
        "errors": errors,
    }
    return JSONResponse(problem, _UNPROCESSABLE, media_type=_MEDIA_TYPE)


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place if part not in _PARTS)

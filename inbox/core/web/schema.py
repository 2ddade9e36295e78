"""The OpenAPI description: every API call may answer with problem details, and says so."""

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from inbox.core.database import Json
from inbox.core.web.problems import MEDIA_TYPE, Problem

DESCRIPTION = """One inbox for everything subscribers write to a brand's communities.

A token (`POST /api/v1/auth/token`) is a person's and spans the person's workspaces: every row carries `workspace_id`.
Lists are `{"items": […], "next_cursor": …}` with keyset cursors, times are RFC 3339 in UTC, errors are RFC 9457
problem details."""
REFUSALS = {
    "401": "Not signed in",
    "403": "Not allowed",
    "404": "Not found, or another workspace's",
    "409": "The row's state does not allow it",
    "422": "Invalid input; `field` names it",
    "429": "Too many attempts; see Retry-After",
    "503": "A server is away; see Retry-After",
}


def describe_api(app: FastAPI) -> None:
    """Have the app describe its refusals as they are."""

    def describe() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(
                get_openapi(title="Otklik", version=app.version, description=DESCRIPTION, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented way to extend the description


def _with_problems(schema: dict[str, Json]) -> Json:
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    assert isinstance(schemas, dict)
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in schema["paths"].values():
        assert isinstance(operations, dict)
        for operation in operations.values():
            operation["responses"] |= {
                status: {"description": words, "content": content} for status, words in REFUSALS.items()
            }
    return dict(schema)

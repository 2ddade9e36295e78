"""The OpenAPI description holds every API route, whole; no answer, log line or page holds a secret."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import structlog
from starlette.routing import BaseRoute, Match

from inbox.core.log import configure_logs
from tests.company import Company, bot_token

METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def list_paths(company: Company) -> Iterator[tuple[str, str]]:
    """(method, path) of the description."""
    for path, operations in company.app.openapi()["paths"].items():
        for method in operations.keys() & METHODS:
            yield method, path


def answers(company: Company, method: str, path: str) -> bool:
    """Whether a route of the app takes it."""
    scope = {"type": "http", "method": method.upper(), "path": path, "headers": [], "root_path": ""}
    routes: list[BaseRoute] = company.app.routes
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


async def test_the_description_is_whole(company: Company) -> None:
    answer = await (await company.guest()).get("/api/openapi.json")
    assert answer.status_code == 200
    described = answer.json()
    components = described["components"]["schemas"]
    assert "HTTPValidationError" not in components
    for method, path in list_paths(company):
        operation = described["paths"][path][method]
        name = f"{method} {path}"
        assert operation.get("tags"), f"{name} has no tag"
        assert operation.get("description"), f"{name} says not what it does"
        for parameter in operation.get("parameters", []):
            assert parameter["schema"], name
        for status in ("401", "404", "422", "503"):
            content = operation["responses"][status]["content"]
            assert "application/problem+json" in content, name
        for status, response in operation["responses"].items():
            if status in {"200", "201"}:
                assert all(one.get("schema") != {} for one in response.get("content", {}).values()), (
                    f"{name}: no schema"
                )
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert references <= components.keys()


async def test_no_api_route_is_left_out_of_the_description(company: Company) -> None:
    described = {(method, path) for method, path in list_paths(company)}
    served = {
        (method.lower(), context.path)
        for route in company.app.routes
        for context in effective_routes(route)
        for method in context.methods
        if context.path.startswith(("/api/v1/", "/webhooks/")) and method.lower() in METHODS
    }
    assert len(served) > 20
    assert served == {one for one in described if one[1].startswith(("/api/v1/", "/webhooks/"))}


class Served:
    """A route as it is served: with its prefix."""

    def __init__(self, path: str, methods: frozenset[str]) -> None:
        self.path = path
        self.methods = methods


def effective_routes(route: BaseRoute, prefix: str = "") -> Iterator[Served]:
    """The route itself, or those of an included router under its prefix."""
    inner = getattr(route, "original_router", None)
    if inner is not None:
        outer = prefix + str(getattr(getattr(route, "include_context", None), "prefix", ""))
        for one in inner.routes:
            yield from effective_routes(one, outer)
    elif isinstance(path := getattr(route, "path", None), str):
        yield Served(prefix + path, frozenset(getattr(route, "methods", None) or ()))


async def test_no_answer_and_no_log_line_holds_a_secret(
    company: Company, simulator: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every call of the description, by its owner, by a stranger and by nobody, with good and bad bodies."""
    with logging_as_in_production():
        said = await _call_everything(company, simulator)
    logged = "".join(capfd.readouterr())
    assert "/api/v1/channels" in logged
    for secret in _secrets(company):
        assert secret not in said, "an answer holds a secret"
        assert secret not in logged, "the log holds a secret"


@contextmanager
def logging_as_in_production() -> Iterator[None]:
    """The process's logs for the length of the block; no logger keeps this test's standard error."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("DEBUG")
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)


def _secrets(company: Company) -> list[str]:
    secrets = [secret for person in company.people.values() for secret in (person.token, person.cookie)]
    for external_id in ("700001", "700002", "700003", "810001"):
        secrets += [bot_token(external_id), bot_token(external_id).split(":")[1]]
    secrets += [f"hook-{external_id}-secret" for external_id in ("700001", "700002", "700003")]
    return [*secrets, "my-proxy-password", "my-user-token-0123456789"]


async def _call_everything(company: Company, simulator: str) -> str:
    heard: list[str] = []
    owner, outsider, guest = (
        await company.client_of("owner"), await company.client_of("outsider"), await company.guest(),
    )  # fmt: skip
    key = bot_token("810001")
    bodies: list[object] = [
        None,
        {},
        [],
        {"workspace_id": company.workspace_id, "platform": "telegram", "credentials": {"token": key},
         "settings": {"api_url": simulator, "proxy_url": "ftp://u:my-proxy-password@x"}},
        {"workspace_id": company.workspace_id, "platform": "telegram",
         "credentials": {"token": key, "user_token": "my-user-token-0123456789"}, "settings": {"api_url": simulator}},
        {"credentials": {"token": key}},
        {"credentials": {"token": [key]}},
    ]  # fmt: skip
    for method, path in sorted(list_paths(company)):
        if path.endswith("/live") or (method, path) == ("delete", "/api/v1/auth/token"):
            continue
        concrete = re.sub(r"\{[^}]+\}", str(company.channel_id), path)
        for client in (guest, outsider, owner):
            for body in bodies if method in {"post", "put", "patch"} else [None]:
                answer = await client.request(method, concrete, json=body)
                assert answer.status_code != 500, f"{method} {path} broke: {answer.text}"
                heard.append(_whole(answer))
    for path in ("/", "/nothing", "/sign-in", f"/w/{company.workspace_id}/inbox"):
        browsers = [await company.browser_of(name) for name in ("owner", "outsider")]
        heard += [_whole(await browser.get(path)) for browser in browsers]
    return "\n".join(heard)


def _whole(answer: httpx.Response) -> str:
    return f"{answer.headers}\n{answer.text}"

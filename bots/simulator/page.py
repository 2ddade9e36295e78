"""The phone page: its HTML, style and script, served from the package."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
LANGUAGES = ("ru", "en")


def page_routes() -> list[BaseRoute]:
    """The page and its files."""
    return [Route("/", _page), Route("/phone/{name}", _asset)]


async def _page(request: Request) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    html = _read("phone.html").decode().replace('lang="ru"', f'lang="{language}"', 1)
    return Response(html, media_type="text/html; charset=utf-8", headers=_HEADERS | {"vary": "accept-language"})


async def _asset(request: Request) -> Response:
    name: str = request.path_params["name"]
    media_type = _TYPES.get(name.rpartition(".")[2])
    if media_type is None or not files("bots.simulator").joinpath("static", name).is_file():
        return Response(status_code=404)
    return Response(_read(name), media_type=media_type, headers=_HEADERS)


def _read(name: str) -> bytes:
    return files("bots.simulator").joinpath("static", name).read_bytes()


def language_of(header: str) -> str:
    """The language that a browser asks for first, of those that the page speaks; Russian otherwise."""
    for part in header.lower().split(","):
        language = part.partition(";")[0].strip()[:2]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]

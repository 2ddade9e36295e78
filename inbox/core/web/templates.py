"""Pages by Jinja: one environment a language, with gettext, lengths of time, icons and safe links as filters."""

from functools import lru_cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from inbox.agents.caller import Caller
from inbox.core.i18n import Words, choose_locale, words_in
from inbox.core.web.assets import load_assets
from inbox.core.web.csrf import csrf_token
from inbox.core.web.folding import FoldingEnvironment
from inbox.core.web.linkify import linkify, map_of, page_of
from inbox.core.web.pieces import Pieces, icon, initials, tint

PACKAGE = Path(__file__).parents[2]
ROUTING = PACKAGE.parent / "routing"
"""Its pages lie with its features, too."""
LOCALE_COOKIE = "otklik_locale"
THEMES = {"light": "otklik", "dark": "otklik-dark"}


def render(request: Request, template: str, /, status_code: int = 200, **values: object) -> HTMLResponse:
    """The template `<feature>/<name>.html` with the caller, words, theme, CSRF token and assets beside `values`."""
    caller = caller_of(request)
    words = words_of(request)
    page = {
        "request": request,
        "reader": caller,
        "locale": words.locale,
        "theme": THEMES.get(caller.theme if caller else "system"),
        "csrf_token": csrf_token(request),
        "assets": load_assets(),
        "is_fragment": is_fragment(request),
    }
    html = environment(words.locale).get_template(template).render(page | values)
    return HTMLResponse(html, status_code=status_code)


def caller_of(request: Request) -> Caller | None:
    """Who is signed in, as far as the route found out."""
    caller = getattr(request.state, "caller", None)
    return caller if isinstance(caller, Caller) else None


def words_of(request: Request) -> Words:
    """The reader's language: the person's own, else the browser's choice on the sign-in page, else its settings."""
    caller = caller_of(request)
    chosen = caller.locale if caller else request.cookies.get(LOCALE_COOKIE)
    return words_in(chosen or choose_locale(request.headers.get("accept-language")))


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page (going back through history wants whole pages)."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


@lru_cache(maxsize=4)
def environment(locale: str) -> Environment:
    """Templates of every feature under its name, in one language."""
    features = [*sorted(PACKAGE.glob("*/templates")), *sorted(ROUTING.glob("*/templates"))]
    folders = [*features, PACKAGE / "core" / "web" / "templates"]
    names = {folder: "core" if folder.parent.name == "web" else folder.parent.name for folder in folders}
    words = words_in(locale)
    made = FoldingEnvironment(
        {"_": words.gettext, "icon": icon},
        loader=PrefixLoader({name: FileSystemLoader(folder) for folder, name in names.items()}),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters["in_words"] = words.length
    made.globals.update({"ngettext": words.ngettext, "words": words, "pieces": Pieces(words)})
    for filter_ in (
        words.ago, words.exact, words.time, words.day, words.moment, words.wall, words.until, words.number,
        words.counted,
        words.zone_name, words.country_name,
        linkify, page_of, map_of, initials, tint,
    ):  # fmt: skip
        made.filters[filter_.__name__] = filter_
    return made

"""The page that a person sees when something is refused or broken: plain, in their language, without any server."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="{locale}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Otklik</title></head>
<body><main><h1>{title}</h1><p>{detail}</p><p><a href="{again}">{again_words}</a></p></main></body>
</html>
"""
TITLES = {
    "en": {403: "Not allowed", 404: "Nothing here", 503: "One moment", 500: "Something broke"},
    "ru": {403: "Нельзя", 404: "Здесь ничего нет", 503: "Одну минуту", 500: "Что-то сломалось"},
}
DETAILS = {
    "en": {
        404: "The page is gone, or you may not see it.",
        503: "A server is away. Nothing is lost: messages wait. Load the page again in a few seconds.",
        500: "The fault is on our side, and it is in the log.",
    },
    "ru": {
        403: "Ваша роль этого не позволяет.",
        404: "Страницы больше нет, или она вам не видна.",
        503: "Сервер недоступен. Ничего не потеряно: сообщения ждут. Обновите страницу через несколько секунд.",
        500: "Ошибка на нашей стороне, она записана в журнал.",
    },
}
AGAIN = {"en": "Try again", "ru": "Попробовать ещё раз"}


def error_page(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """A whole page; `title` and `detail` are shown where the status has no words of its own."""
    locale = locale_of(request)
    known = min(status, 503) if status >= 503 else status
    content = PAGE.format(
        locale=locale,
        title=escape(TITLES[locale].get(known, title)),
        detail=escape(DETAILS[locale].get(known, detail)),
        again=escape(request.url.path if request.method == "GET" else "/"),
        again_words=AGAIN[locale],
    )
    return HTMLResponse(content, status_code=status)


def locale_of(request: Request) -> str:
    """The caller's language when they are known, else the browser's."""
    caller = getattr(request.state, "caller", None)
    chosen = getattr(caller, "locale", None) or request.headers.get("accept-language", "ru")
    return "ru" if str(chosen).lower().startswith("ru") else "en"

"""The page that a person sees when something is refused or broken: plain, in their language, without any server."""

from starlette.requests import Request
from starlette.responses import HTMLResponse

from inbox.core.i18n import N_
from inbox.core.web.templates import caller_of, render, words_of

TITLES = {
    403: N_("Not allowed"),
    404: N_("Nothing here"),
    503: N_("One moment"),
    500: N_("Something broke"),
}
DETAILS = {
    403: N_("Your role does not allow this."),
    404: N_("The page is gone, or you may not see it."),
    503: N_("A server is away. Nothing is lost: messages wait. Load the page again in a few seconds."),
    500: N_("The fault is on our side, and it is in the log."),
}


def error_page(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """A whole page; `title` and `detail` are shown where the status has no words of its own.

    Who is in no project is refused everywhere, and reads what to do.
    """
    caller = caller_of(request)
    if caller is not None and not caller.roles and status in {403, 404}:
        return render(request, "agents/no_project.html", status_code=status)
    words = words_of(request)
    known = min(status, 503) if status >= 503 else status
    return render(
        request, "core/error.html", status_code=status, status=status,
        title=words.gettext(TITLES.get(known, title)), detail=words.gettext(DETAILS.get(known, detail)),
        again=request.url.path if request.method == "GET" else "/",
    )  # fmt: skip

"""Signing in and out, and a person's own shift, language and theme, as pages."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from inbox.agents import two_step
from inbox.agents.frame import ALL, load_frame, read_place
from inbox.agents.models import ShiftState, TokenKind
from inbox.agents.service import MyChange, change_me
from inbox.agents.shifts import note_active, take_idle_notice
from inbox.agents.sign_in import Credentials, sign_in
from inbox.agents.tokens import revoke_token
from inbox.core.errors import InvalidInputError, RefusedError, TooManyAttemptsError, UnauthenticatedError
from inbox.core.i18n import LOCALES
from inbox.core.web.cookies import clear_session_cookie, set_session_cookie
from inbox.core.web.csrf import check_csrf
from inbox.core.web.dependencies import ContextDep, PanelCaller, PanelCallerAlone, SessionDep
from inbox.core.web.requests import address_of
from inbox.core.web.templates import LOCALE_COOKIE, render, words_of

panel = APIRouter(default_response_class=Response)
YEAR_SECONDS = 365 * 24 * 3600


@panel.get("/")
async def go_home(request: Request, caller: PanelCaller) -> Response:
    """To the only project, or to all of them at once; who has none reads what to do."""
    if not caller.roles:
        return render(request, "agents/no_project.html")
    (ws,) = caller.roles if len(caller.roles) == 1 else (ALL,)
    return RedirectResponse(f"/w/{ws}/inbox", status_code=303)


@panel.get("/sign-in")
async def show_sign_in(
    request: Request,
    next_: Annotated[str, Query(alias="next", max_length=2000)] = "",
    locale: Annotated[str, Query(max_length=2)] = "",
    renewed: Annotated[bool, Query(description="A reset has just set the password.")] = False,
) -> Response:
    """The form; choosing a language keeps it in a cookie."""
    if locale in LOCALES:
        response = RedirectResponse(_with_next("/sign-in", next_), status_code=303)
        response.set_cookie(LOCALE_COOKIE, locale, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
        return response
    return render(request, "agents/sign_in.html", next=next_, email="", error=None, renewed=renewed, needs_code=False)


@panel.post("/sign-in", dependencies=[Depends(check_csrf)])
async def do_sign_in(
    request: Request,
    context: ContextDep,
    email: Annotated[str, Form(max_length=320)],
    password: Annotated[str, Form(max_length=1000)],
    totp: Annotated[str, Form(max_length=20)] = "",
    next_: Annotated[str, Form(alias="next", max_length=2000)] = "",
) -> Response:
    """Back to where the person wanted to go; or the form again, with what is wrong."""
    try:
        signed_in = await sign_in(
            context, Credentials(email, password, totp or None, address_of(request)), TokenKind.COOKIE
        )
    except (UnauthenticatedError, TooManyAttemptsError) as error:
        return _form_again(request, error, email, next_)
    response = RedirectResponse(_safe(next_), status_code=303)
    set_session_cookie(response, signed_in.secret, context.settings)
    return response


def _form_again(
    request: Request, error: UnauthenticatedError | TooManyAttemptsError, email: str, next_: str
) -> Response:
    return render(
        request, "agents/sign_in.html", status_code=error.status, next=next_, email=email,
        error=_refusal(request, error), renewed=False, needs_code=error.field == "totp",
    )  # fmt: skip


def _refusal(request: Request, error: RefusedError) -> str:
    words = words_of(request)
    if isinstance(error, TooManyAttemptsError):
        return words.gettext("Too many attempts. Try again in %(length)s.", length=words.length(error.retry_after))
    return words.refusal(error)


@panel.post("/sign-out")
async def do_sign_out(session: SessionDep, context: ContextDep, caller: PanelCaller) -> Response:
    """This browser's way in ends."""
    await revoke_token(session, caller.token_id)
    response = RedirectResponse("/sign-in", status_code=303)
    clear_session_cookie(response, context.settings)
    return response


@panel.post("/me")
async def change_own(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    shift_state: Annotated[ShiftState | None, Form()] = None,
    theme: Annotated[str | None, Form(pattern="^(system|light|dark)$")] = None,
    locale: Annotated[str | None, Form(pattern="^(ru|en)$")] = None,
) -> Response:
    """Shift, theme or language; then the same page again, which htmx needs not."""
    await change_me(session, caller, MyChange(shift_state, locale, theme), context.clock())
    if "hx-request" in request.headers:
        return Response(status_code=204)
    came_from = urlsplit(request.headers.get("referer", "/"))
    return RedirectResponse(_safe(f"{came_from.path}?{came_from.query}".rstrip("?")), status_code=303)


@panel.post("/me/active")
async def note_presence(request: Request, context: ContextDep, caller: PanelCallerAlone) -> Response:
    """The person uses the page. Who was set off meanwhile is told, with the way back."""
    now = context.clock()
    async with context.transaction(caller.scope) as session:
        await note_active(session, caller.agent_id, now)
        is_told = await take_idle_notice(session, caller.agent_id)
    return render(request, "agents/idle_notice.html") if is_told else Response(status_code=204)


@panel.get("/w/{ws}/more")
async def show_more(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """On a phone: projects, shift, theme and language on a page of their own."""
    frame = await load_frame(session, caller, read_place(ws, caller), context.clock())
    return render(request, "agents/more.html", frame=frame, section="more", tab="more")


@panel.get("/w/{ws}/me/notifications")
async def show_notifications(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """The switch for notifications of this browser, which keeps it: the permission is the browser's, too."""
    frame = await load_frame(session, caller, read_place(ws, caller), context.clock())
    return render(request, "agents/notifications.html", frame=frame, section="me", tab="more")


@panel.get("/me/two-step")
async def find_two_step(_caller: PanelCaller) -> Response:
    """The page belongs to the person, whichever projects are theirs, and also to one who has none yet."""
    return RedirectResponse(f"/w/{ALL}/me/two-step", status_code=303)


@panel.get("/w/{ws}/me/two-step")
async def show_two_step(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """On or off; with a key for an authenticator app."""
    return await _two_step(request, session, context, caller, ws)


@panel.post("/w/{ws}/me/two-step/on")
async def switch_two_step_on(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str,
    secret: Annotated[str, Form(max_length=64)], totp: Annotated[str, Form(max_length=20)],
) -> Response:  # fmt: skip
    """The first code shows that the app has the key; a mistyped one keeps the key."""
    try:
        await two_step.switch_on(session, context.cipher, caller, secret, totp, context.clock())
    except InvalidInputError as error:
        return await _two_step(request, session, context, caller, ws, error=error, secret=secret)
    return RedirectResponse(f"/w/{ws}/me/two-step", status_code=303)


@panel.post("/w/{ws}/me/two-step/off")
async def switch_two_step_off(
    request: Request, context: ContextDep, caller: PanelCallerAlone, ws: str,
    password: Annotated[str, Form(max_length=1000)],
) -> Response:  # fmt: skip
    """With the password."""
    read_place(ws, caller)
    try:
        await two_step.switch_off(context, caller, password, address_of(request))
    except (InvalidInputError, TooManyAttemptsError) as error:
        async with context.transaction(caller.scope) as session:
            return await _two_step(request, session, context, caller, ws, error=error)
    return RedirectResponse(f"/w/{ws}/me/two-step", status_code=303)


async def _two_step(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str,
    *, error: RefusedError | None = None, secret: str | None = None,
) -> Response:  # fmt: skip
    frame = await load_frame(session, caller, read_place(ws, caller), context.clock())
    is_on = await two_step.is_on(session, caller)
    response = render(
        request, "agents/two_step.html", status_code=error.status if error else 200, frame=frame, is_on=is_on,
        error=_refusal(request, error) if error else None,
        enrolment=None if is_on else two_step.offer(caller.email, secret), section="me", tab="more",
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


@panel.get("/w/{ws}/settings")
async def show_settings(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """All sections of the settings with what each is for."""
    frame = await load_frame(session, caller, read_place(ws, caller), context.clock())
    return render(
        request, "agents/settings_index.html", frame=frame, section="settings", tab="more", settings_section=""
    )


def _with_next(path: str, next_: str) -> str:
    return f"{path}?{urlencode({'next': next_})}" if next_ else path


def _safe(address: str) -> str:
    """Only a path of ours: what another site wrote into the address leads nowhere."""
    parts = urlsplit(address)
    is_ours = (
        not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith(("//", "/\\"))
    )
    return address if is_ours else "/"

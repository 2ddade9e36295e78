"""People and teams of a project as settings pages, and the page that a one-time link leads to."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.core.context import Context
from inbox.core.errors import ConflictError, ForbiddenError, GoneError, InvalidInputError, NotFoundError
from inbox.core.i18n import N_
from inbox.core.web.cookies import set_session_cookie
from inbox.core.web.csrf import check_csrf
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from inbox.organisations.links import Chosen, accept, invite, offer_reset, read_offer
from inbox.organisations.models import Membership, Role, Team, Workspace
from inbox.organisations.open_links import access_invitation, list_invitations, withdraw
from inbox.organisations.people import list_people, list_teams
from inbox.organisations.project_panel import projects
from inbox.organisations.schemas import LinkOut
from inbox.organisations.service import allow_idle, minutes_of
from inbox.organisations.staffing import change_team, create_team, dismiss, leave, set_role

panel = APIRouter()
settings = APIRouter(prefix="/w/{ws}/settings")
MOST = 200
MOST_RESTLESS = 10
"""Minutes: a page tells every three that somebody is there, and one telling or two may be lost on the way."""
ROLES = {
    Role.OWNER: N_("Owner"), Role.ADMIN: N_("Administrator"), Role.MODERATOR: N_("Moderator"),
    Role.SALES: N_("Sales"), Role.VIEWER: N_("Reads reports"),
}  # fmt: skip
Secret = Annotated[str, Query(alias="key", max_length=200)]


@dataclass(frozen=True, slots=True)
class Page:
    """What the settings pages here need."""

    request: Request
    session: AsyncSession
    context: Context
    caller: Caller
    workspace_id: int

    async def people(self, link: str | None = None, said: str | None = None, error: str | None = None) -> Response:
        """Everybody with their roles; `link` is shown this once."""
        rows, _ = await list_people(self.session, self.caller, self.workspace_id, None, MOST)
        teams, _ = await list_teams(self.session, self.caller, self.workspace_id, None, MOST)
        names = {row.team.id: row.team.name for row in teams}
        now = self.context.clock()
        invitations, _ = await list_invitations(self.session, self.caller, self.workspace_id, now, None, MOST)
        workspace = await self.session.get_one(Workspace, self.workspace_id)
        return await self._show(
            "people", rows=rows, team_names=names, roles=ROLES, link=link, said=said, error=error,
            idle_minutes=minutes_of(workspace.idle_off_after), invitations=invitations, now=now,
        )  # fmt: skip

    async def teams(self, error: str | None = None) -> Response:
        """Every team with its people."""
        rows, _ = await list_teams(self.session, self.caller, self.workspace_id, None, MOST)
        people, _ = await list_people(self.session, self.caller, self.workspace_id, None, MOST)
        return await self._show("teams", rows=rows, people=people, error=error)

    async def _show(self, template: str, **values: object) -> Response:
        frame = await load_frame(self.session, self.caller, self.workspace_id, self.context.clock())
        return render(
            self.request, f"organisations/{template}.html", 200, frame=frame, settings_section=template,
            section="settings", tab="settings", **values,
        )  # fmt: skip

    def link(self, secret: str | None) -> str | None:
        """The address to copy."""
        return LinkOut.of(self.context.settings.base_url or str(self.request.base_url), secret).url

    def refusal(self, error: InvalidInputError | ConflictError | ForbiddenError) -> str:
        """Why not, in the reader's language; what was begun is forgotten."""
        self.session.expunge_all()
        return words_of(self.request).refusal(error)


async def open_page(request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str) -> Page:
    """For those who manage people here. The session keeps all projects: leaving an account concerns each of them."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_PEOPLE)
    return Page(request, session, context, caller, workspace_id)


async def open_at_person(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, agent_id: RowId
) -> Page:
    """The page at somebody of the project: a stranger is not there, whoever asks."""
    scope = scope_at(read_place(ws, caller), caller)
    places = await session.scalars(
        select(Membership.workspace_id).where(Membership.agent_id == agent_id, Membership.workspace_id.in_(scope))
    )
    found = sorted(places)
    if not found:
        raise NotFoundError("There is no such person in this project.")
    return await open_page(request, session, context, caller, str(found[0]))


async def open_at_team(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, team_id: RowId
) -> Page:
    """The page at a team of the project."""
    scope = scope_at(read_place(ws, caller), caller)
    found = await session.scalar(select(Team.workspace_id).where(Team.id == team_id, Team.workspace_id.in_(scope)))
    if found is None:
        raise NotFoundError("There is no such team.")
    return await open_page(request, session, context, caller, str(found))


PageDep = Annotated[Page, Depends(open_page)]
PersonDep = Annotated[Page, Depends(open_at_person)]
TeamDep = Annotated[Page, Depends(open_at_team)]


@settings.get("/people")
async def show_people(page: PageDep) -> Response:
    """Who works here."""
    return await page.people()


@settings.post("/people/idle")
async def change_idle(page: PageDep, minutes: Annotated[int, Form(ge=0, le=24 * 60)]) -> Response:
    """After how long people are set off shift; less than MOST_RESTLESS could not be told from working."""
    if 0 < minutes < MOST_RESTLESS:
        said = words_of(page.request).gettext("At least %(n)s minutes, or 0 for never.", n=MOST_RESTLESS)
        return await page.people(error=said)
    length = timedelta(minutes=minutes)
    await allow_idle(page.session, page.caller, page.workspace_id, length, page.context.clock())
    return await page.people(said=words_of(page.request).gettext("Saved"))


@settings.post("/people")
async def invite_person(
    page: PageDep, email: Annotated[str, Form(max_length=320)], role: Annotated[Role, Form()]
) -> Response:
    """Show the link once, or say that the person has joined."""
    try:
        secret = await invite(page.session, page.caller, page.workspace_id, email, role, page.context.clock())
    except (InvalidInputError, ConflictError, ForbiddenError) as error:
        return await page.people(error=page.refusal(error))
    await page.session.flush()
    said = None if secret else words_of(page.request).gettext("They belong to your organisation and have joined.")
    return await page.people(link=page.link(secret), said=said)


@settings.post("/people/invitations/{invitation_id}/remove")
async def withdraw_invitation(
    session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, invitation_id: RowId
) -> Response:
    """Its link opens nothing from now on."""
    scope = scope_at(read_place(ws, caller), caller)
    link = await access_invitation(session, caller, invitation_id, scope, context.clock())
    await withdraw(session, caller, link, context.clock())
    return RedirectResponse(f"/w/{ws}/settings/people", status_code=303)


@settings.post("/people/{agent_id}/reset")
async def reset_password(page: PersonDep, agent_id: RowId) -> Response:
    """A link by which the person sets a new password, shown once."""
    try:
        secret = await offer_reset(page.session, page.caller, page.workspace_id, agent_id, page.context.clock())
    except (ConflictError, ForbiddenError) as error:
        return await page.people(error=page.refusal(error))
    await page.session.flush()
    return await page.people(link=page.link(secret))


@settings.post("/people/{agent_id}/role")
async def change_role(page: PersonDep, ws: str, agent_id: RowId, role: Annotated[Role, Form()]) -> Response:
    """Another role here."""
    try:
        await set_role(page.session, page.caller, page.workspace_id, agent_id, role, page.context.clock())
    except (ConflictError, ForbiddenError) as error:
        return await page.people(error=page.refusal(error))
    return RedirectResponse(f"/w/{ws}/settings/people", status_code=303)


@settings.post("/people/{agent_id}/remove")
async def remove_person(page: PersonDep, ws: str, agent_id: RowId) -> Response:
    """Out of this project."""
    try:
        await leave(page.session, page.caller, page.workspace_id, agent_id, page.context.clock())
    except (ConflictError, ForbiddenError) as error:
        return await page.people(error=page.refusal(error))
    return RedirectResponse(f"/w/{ws}/settings/people", status_code=303)


@settings.post("/people/{agent_id}/account/remove")
async def deactivate_person(page: PersonDep, ws: str, agent_id: RowId) -> Response:
    """The end of the account."""
    try:
        await dismiss(page.session, page.caller, page.workspace_id, agent_id, page.context.clock())
    except (ConflictError, ForbiddenError) as error:
        return await page.people(error=page.refusal(error))
    return RedirectResponse(f"/w/{ws}/settings/people", status_code=303)


@settings.get("/teams")
async def show_teams(page: PageDep) -> Response:
    """Teams with their people."""
    return await page.teams()


@settings.post("/teams")
async def add_team(page: PageDep, ws: str, name: Annotated[str, Form(max_length=200)]) -> Response:
    """A new team."""
    try:
        await create_team(page.session, page.caller, page.workspace_id, name, page.context.clock())
    except (InvalidInputError, ConflictError) as error:
        return await page.teams(error=page.refusal(error))
    return RedirectResponse(f"/w/{ws}/settings/teams", status_code=303)


@settings.post("/teams/{team_id}")
async def save_team(
    page: TeamDep,
    ws: str,
    team_id: RowId,
    name: Annotated[str, Form(max_length=200)],
    agent_ids: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Name and people, exactly these."""
    try:
        await change_team(page.session, page.caller, team_id, name, agent_ids or [], page.context.clock())
    except (InvalidInputError, ConflictError) as error:
        return await page.teams(error=page.refusal(error))
    return RedirectResponse(f"/w/{ws}/settings/teams", status_code=303)


@panel.get("/welcome")
async def show_link(request: Request, context: ContextDep, secret: Secret = "") -> Response:
    """Where an invitation or a reset leads: choose a password; one that had its day says so, and nothing else."""
    try:
        offer = await read_offer(context, secret)
    except GoneError as error:
        return _ended(request, error)
    return render(request, "organisations/welcome.html", offer=offer, error=None, name="")


@panel.post("/welcome", dependencies=[Depends(check_csrf)])
async def use_link(
    request: Request,
    context: ContextDep,
    password: Annotated[str, Form(max_length=1024)],
    secret: Secret = "",
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Signed in, or, with two-step sign-in, about to; the link is used up."""
    try:
        session_secret = await accept(context, secret, Chosen(name, password))
    except GoneError as error:
        return _ended(request, error)
    except (InvalidInputError, ConflictError) as error:
        offer, said = await read_offer(context, secret), words_of(request).gettext(error.detail)
        return render(request, "organisations/welcome.html", offer=offer, error=said, name=name)
    if session_secret is None:
        return RedirectResponse("/sign-in?renewed=1", status_code=303)
    response = RedirectResponse("/", status_code=303)
    set_session_cookie(response, session_secret, context.settings)
    return response


def _ended(request: Request, error: GoneError) -> Response:
    return render(
        request, "organisations/ended_link.html", status_code=error.status, said=words_of(request).refusal(error)
    )


panel.include_router(settings)
panel.include_router(projects)

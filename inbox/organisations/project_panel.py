"""A project as a settings page (name, time zone, colour, archive), and the page of all projects, with new ones."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import ALL, Place, load_frame, read_place
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.calendars.zones import COMMON
from inbox.core.context import Context
from inbox.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from inbox.organisations.colours import Colour, colour_of
from inbox.organisations.models import Workspace
from inbox.organisations.projects import (
    ONLY_OWNERS,
    About,
    archive_project,
    create_project,
    describe_project,
    list_projects,
    resume_project,
)
from inbox.organisations.service import paint

projects = APIRouter()
settings = APIRouter(prefix="/w/{ws}/settings")
ProjectName = Annotated[str, Form(max_length=200)]
ZoneName = Annotated[str, Form(max_length=100)]


@dataclass(frozen=True, slots=True)
class Page:
    """What these pages need."""

    request: Request
    session: AsyncSession
    context: Context
    caller: Caller
    place: Place

    async def project(self, workspace_id: int, said: str | None = None, error: str | None = None) -> Response:
        """What tells the project apart; its owners also change its name and time zone, and archive it."""
        workspace = await self.session.get_one(Workspace, workspace_id)
        return await self._show(
            "project", workspace_id, colours=list(Colour), chosen=colour_of(workspace.id, workspace.colour), said=said,
            error=error, is_owner=self.caller.may(workspace_id, Permission.MANAGE_PROJECTS),
            zones=list(dict.fromkeys([workspace.time_zone, *COMMON])),
        )  # fmt: skip

    async def projects(
        self, name: str = "", time_zone: str = "", error: str | None = None, status: int = 200
    ) -> Response:
        """All of the reader's, those of the archive apart; with the form of a new one."""
        if not self.caller.makes_projects:
            raise ForbiddenError(ONLY_OWNERS)
        rows = await list_projects(self.session, self.caller)
        chosen = time_zone or next((row.workspace.time_zone for row in rows), COMMON[1])
        return await self._show(
            "projects", self.place, status, name=name, error=error, time_zone=chosen,
            zones=list(dict.fromkeys([chosen, *COMMON])), now=self.context.clock(),
            active=[row for row in rows if row.workspace.archived_at is None],
            archived=[row for row in rows if row.workspace.archived_at is not None],
        )  # fmt: skip

    async def _show(self, template: str, place: Place, status: int = 200, /, **values: object) -> Response:
        frame = await load_frame(self.session, self.caller, place, self.context.clock())
        return render(
            self.request, f"organisations/{template}.html", status, frame=frame, settings_section=template,
            section="settings", tab="settings", **values,
        )  # fmt: skip

    def refusal(self, error: InvalidInputError | ConflictError) -> str:
        """Why not, in the reader's language; what was begun is forgotten."""
        self.session.expunge_all()
        return words_of(self.request).refusal(error)


async def open_page(request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str) -> Page:
    """At a project of the caller's, or at all of them."""
    return Page(request, session, context, caller, read_place(ws, caller))


PageDep = Annotated[Page, Depends(open_page)]


async def at_all(request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller) -> Page:
    """What is about no project of the address."""
    return Page(request, session, context, caller, ALL)


AtAll = Annotated[Page, Depends(at_all)]


@settings.get("/project")
async def show_project(page: PageDep) -> Response:
    """The project itself."""
    return await page.project(settings_workspace(page.place, page.caller, Permission.MANAGE_PEOPLE))


@settings.post("/project")
async def change_project(page: PageDep, colour: Annotated[Colour, Form()]) -> Response:
    """Its colour."""
    workspace_id = settings_workspace(page.place, page.caller, Permission.MANAGE_PEOPLE)
    await paint(page.session, page.caller, workspace_id, colour, page.context.clock())
    return await page.project(workspace_id, said=words_of(page.request).gettext("Saved"))


@settings.post("/project/about")
async def describe(page: PageDep, name: ProjectName, time_zone: ZoneName) -> Response:
    """Its name and time zone."""
    workspace_id = settings_workspace(page.place, page.caller, Permission.MANAGE_PROJECTS)
    about = About(name, time_zone)
    try:
        await describe_project(page.session, page.caller, workspace_id, about, page.context.clock())
    except (InvalidInputError, ConflictError) as error:
        return await page.project(workspace_id, error=page.refusal(error))
    return await page.project(workspace_id, said=words_of(page.request).gettext("Saved"))


@settings.post("/project/archive")
async def archive(page: PageDep) -> Response:
    """It rests from now on; the page of all projects has the way back."""
    if page.place == ALL:
        raise NotFoundError("There is no such project.")
    await archive_project(page.session, page.caller, page.place, page.context.clock())
    return RedirectResponse(f"/w/{ALL}/settings/projects", status_code=303)


@settings.get("/projects")
async def show_projects(page: PageDep) -> Response:
    """All projects."""
    return await page.projects()


@projects.post("/projects")
async def add_project(page: AtAll, name: ProjectName, time_zone: ZoneName) -> Response:
    """A new one; what comes next is to connect a channel."""
    try:
        made = await create_project(page.session, page.caller, name, time_zone, page.context.clock())
    except (InvalidInputError, ConflictError) as error:
        return await page.projects(name, time_zone, page.refusal(error), error.status)
    return RedirectResponse(f"/w/{made.id}/channels", status_code=303)


@projects.post("/projects/{project_id}/resume")
async def resume(page: AtAll, project_id: RowId) -> Response:
    """Back from the archive."""
    await resume_project(page.session, page.caller, project_id, page.context.clock())
    return RedirectResponse(f"/w/{project_id}/inbox", status_code=303)


projects.include_router(settings)

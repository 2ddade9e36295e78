"""Projects, teams and people over the API."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page
from inbox.organisations.links import invite, offer_reset
from inbox.organisations.models import Role
from inbox.organisations.open_links import access_invitation, list_invitations, withdraw
from inbox.organisations.people import list_people, list_teams, load_team
from inbox.organisations.projects import About, change_project, create_project, list_projects
from inbox.organisations.schemas import (
    AgentOut,
    InvitationIn,
    InvitationOut,
    LinkOut,
    PlacePatch,
    ProjectIn,
    ProjectOut,
    ProjectPatch,
    TeamIn,
    TeamOut,
    TeamPatch,
)
from inbox.organisations.service import Place
from inbox.organisations.staffing import change_team, create_team, dismiss, leave, set_role

api = APIRouter(tags=["people"])

WorkspaceParam = Annotated[Id | None, Query(description="One workspace; none: all of yours.")]


@api.get("/workspaces")
async def read_projects(session: SessionDep, caller: ApiCaller) -> Page[ProjectOut]:
    """Your projects by name, also archived ones that you own."""
    return Page(items=[ProjectOut.of(place) for place in await list_projects(session, caller)])


@api.post("/workspaces", status_code=201)
async def add_project(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: ProjectIn) -> ProjectOut:
    """A new project of yours, for owners of any; its teams and ready rules follow at once."""
    made = await create_project(session, caller, wanted.name, wanted.time_zone, context.clock())
    return ProjectOut.of(Place(made, Role.OWNER))


@api.patch("/workspaces/{workspace_id}")
async def patch_project(
    session: SessionDep, context: ContextDep, caller: ApiCaller, workspace_id: RowId, patch: ProjectPatch
) -> ProjectOut:
    """Another name or time zone, into the archive, or back; for its owners."""
    about = About(patch.name, patch.time_zone)
    changed = await change_project(session, caller, workspace_id, about, patch.archived, context.clock())
    return ProjectOut.of(Place(changed, Role.OWNER))


@api.get("/teams")
async def read_teams(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: WorkspaceParam = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[TeamOut]:
    """Teams of your workspaces."""
    rows, next_cursor = await list_teams(session, caller, workspace_id, cursor, limit)
    return Page(items=[TeamOut.of(row) for row in rows], next_cursor=next_cursor)


@api.get("/agents")
async def read_agents(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: WorkspaceParam = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[AgentOut]:
    """People of your workspaces, one row for each place that a person has."""
    rows, next_cursor = await list_people(session, caller, workspace_id, cursor, limit)
    return Page(items=[AgentOut.of(row) for row in rows], next_cursor=next_cursor)


@api.post("/teams", status_code=201)
async def add_team(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: TeamIn) -> TeamOut:
    """A new team."""
    team = await create_team(session, caller, wanted.workspace_id, wanted.name, context.clock())
    if wanted.agent_ids:
        await change_team(session, caller, team.id, None, wanted.agent_ids, context.clock())
    return TeamOut.of(await load_team(session, team))


@api.patch("/teams/{team_id}")
async def patch_team(
    session: SessionDep, context: ContextDep, caller: ApiCaller, team_id: RowId, patch: TeamPatch
) -> TeamOut:
    """Another name, or exactly these people."""
    team = await change_team(session, caller, team_id, patch.name, patch.agent_ids, context.clock())
    return TeamOut.of(await load_team(session, team))


@api.post("/agents/invitations", status_code=201)
async def add_invitation(
    request: Request, session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: InvitationIn
) -> LinkOut:
    """A link to hand over, shown this once; null when the person belongs to the organisation and has joined at once."""
    secret = await invite(session, caller, wanted.workspace_id, wanted.email, wanted.role, context.clock())
    return LinkOut.of(context.settings.base_url or str(request.base_url), secret)


@api.get("/agents/invitations")
async def read_invitations(
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    workspace_id: WorkspaceParam = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[InvitationOut]:
    """Invitations that nobody has used yet, of workspaces where you manage people."""
    rows, next_cursor = await list_invitations(session, caller, workspace_id, context.clock(), cursor, limit)
    return Page(items=[InvitationOut.of(row) for row in rows], next_cursor=next_cursor)


@api.delete("/agents/invitations/{invitation_id}", status_code=204, response_class=Response)
async def withdraw_invitation(
    session: SessionDep, context: ContextDep, caller: ApiCaller, invitation_id: RowId
) -> None:
    """Withdraw it: its link opens nothing from now on."""
    link = await access_invitation(session, caller, invitation_id, caller.scope, context.clock())
    await withdraw(session, caller, link, context.clock())


@api.post("/workspaces/{workspace_id}/agents/{agent_id}/reset", status_code=201)
async def add_reset(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    workspace_id: RowId,
    agent_id: RowId,
) -> LinkOut:
    """A link by which the person sets a new password, shown this once."""
    secret = await offer_reset(session, caller, workspace_id, agent_id, context.clock())
    return LinkOut.of(context.settings.base_url or str(request.base_url), secret)


@api.patch("/workspaces/{workspace_id}/agents/{agent_id}", status_code=204, response_class=Response)
async def patch_place(
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    workspace_id: RowId,
    agent_id: RowId,
    patch: PlacePatch,
) -> None:
    """Another role in this workspace."""
    await set_role(session, caller, workspace_id, agent_id, patch.role, context.clock())


@api.delete("/workspaces/{workspace_id}/agents/{agent_id}", status_code=204, response_class=Response)
async def remove_place(
    session: SessionDep, context: ContextDep, caller: ApiCaller, workspace_id: RowId, agent_id: RowId
) -> None:
    """Out of this workspace; open conversations go back to the queue."""
    await leave(session, caller, workspace_id, agent_id, context.clock())


@api.post("/workspaces/{workspace_id}/agents/{agent_id}/deactivate", status_code=204, response_class=Response)
async def deactivate_agent(
    session: SessionDep, context: ContextDep, caller: ApiCaller, workspace_id: RowId, agent_id: RowId
) -> None:
    """The end of the account: sessions and tokens end at once, open conversations go back to the queue."""
    await dismiss(session, caller, workspace_id, agent_id, context.clock())

"""Teams and people over the API: who a conversation can be given to."""

from typing import Annotated

from fastapi import APIRouter, Query

from inbox.core.web.dependencies import ApiCaller, SessionDep
from inbox.core.web.fields import Id
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page
from inbox.organisations.people import list_people, list_teams
from inbox.organisations.schemas import AgentOut, TeamOut

api = APIRouter(tags=["people"])

WorkspaceParam = Annotated[Id | None, Query(description="One workspace; none: all of yours.")]


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

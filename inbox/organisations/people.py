"""Who works in the caller's workspaces: teams and people, for menus of assignment."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.core.errors import InvalidInputError
from inbox.core.web.paging import decode_cursor, encode_cursor, id_after
from inbox.organisations.models import Membership, Role, Team, TeamMember


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team with the ids of its people."""

    team: Team
    agent_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person's place in one workspace; somebody in two workspaces has two rows."""

    workspace_id: int
    agent: Agent
    role: Role
    team_ids: tuple[int, ...]


async def list_teams(
    session: AsyncSession, caller: Caller, workspace_id: int | None, cursor: str | None, limit: int
) -> tuple[list[TeamRow], str | None]:
    """Teams of one workspace or of all of the caller's."""
    statement = select(Team).where(Team.workspace_id.in_(_chosen(caller, workspace_id)), Team.id > id_after(cursor))
    found = list(await session.scalars(statement.order_by(Team.id).limit(limit + 1)))
    page = found[:limit]
    members = await session.execute(
        select(TeamMember.team_id, TeamMember.agent_id)
        .where(TeamMember.team_id.in_([team.id for team in page]))
        .order_by(TeamMember.agent_id)
    )
    people: dict[int, list[int]] = {}
    for team_id, agent_id in members:
        people.setdefault(team_id, []).append(agent_id)
    rows = [TeamRow(team, tuple(people.get(team.id, ()))) for team in page]
    return rows, encode_cursor([page[-1].id]) if len(found) > limit else None


async def list_people(
    session: AsyncSession, caller: Caller, workspace_id: int | None, cursor: str | None, limit: int
) -> tuple[list[PersonRow], str | None]:
    """People of one workspace or of all of the caller's; who left is not among them."""
    statement = (
        select(Membership.workspace_id, Membership.role, Agent)
        .join(Agent, Agent.id == Membership.agent_id)
        .where(Membership.workspace_id.in_(_chosen(caller, workspace_id)), Agent.deactivated_at.is_(None))
        .order_by(Membership.workspace_id, Membership.agent_id)
        .limit(limit + 1)
    )
    if cursor is not None:
        place = tuple_(Membership.workspace_id, Membership.agent_id)
        statement = statement.where(place > tuple_(*_place(cursor)))
    found = (await session.execute(statement)).all()
    page = found[:limit]
    teams = await _load_teams(session, [agent.id for _, _, agent in page])
    rows = [
        PersonRow(place_id, agent, role, tuple(teams.get((place_id, agent.id), ()))) for place_id, role, agent in page
    ]
    more = len(found) > limit
    return rows, encode_cursor([rows[-1].workspace_id, rows[-1].agent.id]) if more else None


async def load_team(session: AsyncSession, team: Team) -> TeamRow:
    """The team with its people."""
    ids = await session.scalars(
        select(TeamMember.agent_id).where(TeamMember.team_id == team.id).order_by(TeamMember.agent_id)
    )
    return TeamRow(team, tuple(ids))


def _chosen(caller: Caller, workspace_id: int | None) -> list[int]:
    if workspace_id is None:
        return sorted(caller.scope)
    caller.role_in(workspace_id)
    return [workspace_id]


async def _load_teams(session: AsyncSession, agent_ids: Sequence[int]) -> dict[tuple[int, int], list[int]]:
    rows = await session.execute(
        select(TeamMember.workspace_id, TeamMember.agent_id, TeamMember.team_id)
        .where(TeamMember.agent_id.in_(agent_ids))
        .order_by(TeamMember.team_id)
    )
    teams: dict[tuple[int, int], list[int]] = {}
    for workspace_id, agent_id, team_id in rows:
        teams.setdefault((workspace_id, agent_id), []).append(team_id)
    return teams


def _place(cursor: str) -> tuple[int, int]:
    workspace_id, agent_id = decode_cursor(cursor, 2)
    if isinstance(workspace_id, int) and isinstance(agent_id, int):
        return workspace_id, agent_id
    raise InvalidInputError("This cursor is not from an earlier page of this list.", field="cursor")

"""Who may be given a conversation: a person of the workspace whose role answers, a team of the same workspace."""

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import ALLOWED, Permission
from inbox.core.errors import InvalidInputError
from inbox.organisations.models import Membership, Team

ANSWERING = frozenset(role for role, permissions in ALLOWED.items() if Permission.ANSWER in permissions)
may_answer: ColumnElement[bool] = and_(
    Membership.role.in_(ANSWERING), Agent.shift_state == ShiftState.ON, Agent.deactivated_at.is_(None)
)
"""Of an agent and a membership of theirs: they are on shift, and may answer there."""


async def check_assignee(session: AsyncSession, workspace_id: int, agent_id: int | None) -> str | None:
    """The person's name (None for nobody); InvalidInputError when they cannot answer here."""
    if agent_id is None:
        return None
    row = (
        await session.execute(
            select(Agent.name, Membership.role)
            .join(Membership, Membership.agent_id == Agent.id)
            .where(Agent.id == agent_id, Membership.workspace_id == workspace_id, Agent.deactivated_at.is_(None))
        )
    ).one_or_none()
    if row is None:
        raise InvalidInputError("There is no such person in this workspace.", field="assignee_id")
    if row.role not in ANSWERING:
        raise InvalidInputError(
            "%(name)s may read reports only, not answer.", field="assignee_id", values={"name": row.name}
        )
    return str(row.name)


async def check_team(session: AsyncSession, workspace_id: int, team_id: int | None) -> str | None:
    """The team's name (None for no team); InvalidInputError when the workspace has no such team."""
    if team_id is None:
        return None
    name: str | None = await session.scalar(
        select(Team.name).where(Team.id == team_id, Team.workspace_id == workspace_id)
    )
    if name is None:
        raise InvalidInputError("There is no such team in this workspace.", field="team_id")
    return name

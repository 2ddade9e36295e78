"""Whom rules name: the people of a workspace by id, with their roles."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.core.bulk import among
from inbox.organisations.models import Membership, Role


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a rule's lines show them."""

    agent_id: int
    name: str
    role: Role = Role.MODERATOR


async def load_people(session: AsyncSession, workspace_ids: Collection[int]) -> dict[tuple[int, int], Named]:
    """(workspace, agent) → who works there now and may answer."""
    rows = await session.execute(
        select(Membership.workspace_id, Agent.id, Agent.name, Membership.role)
        .join(Agent, Agent.id == Membership.agent_id)
        .where(
            among(Membership.workspace_id, workspace_ids),
            Membership.role != Role.VIEWER,
            Agent.deactivated_at.is_(None),
        )
        .order_by(Membership.workspace_id, Agent.id)
    )
    return {(workspace_id, agent_id): Named(agent_id, name, role) for workspace_id, agent_id, name, role in rows}

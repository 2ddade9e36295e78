"""Workspaces and who belongs to them, as the caller may see them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.organisations.models import Organisation, Role, Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace of the caller's with the role they have there."""

    workspace: Workspace
    role: Role


async def list_places(session: AsyncSession, caller: Caller) -> list[Place]:
    """The caller's workspaces by name."""
    workspaces = await session.scalars(
        select(Workspace).where(Workspace.id.in_(caller.scope)).order_by(Workspace.name, Workspace.id)
    )
    return [Place(workspace, caller.roles[workspace.id]) for workspace in workspaces]


async def get_organisation(session: AsyncSession, caller: Caller) -> Organisation:
    """The caller's organisation."""
    return await session.get_one(Organisation, caller.organisation_id)

"""Workspaces and who belongs to them, as the caller may see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.models import AuditEntry
from inbox.organisations.colours import Colour, colour_of
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


async def paint(session: AsyncSession, caller: Caller, workspace_id: int, colour: Colour, now: datetime) -> None:
    """Choose a project's colour; for those who manage people there."""
    caller.require(workspace_id, Permission.MANAGE_PEOPLE)
    workspace = await session.get_one(Workspace, workspace_id)
    before = colour_of(workspace.id, workspace.colour)
    workspace.colour = colour
    if before is not colour:
        session.add(
            AuditEntry(
                workspace_id=workspace_id, agent_id=caller.agent_id, action="workspace.changed", row_kind="workspace",
                row_id=workspace_id, before={"colour": before.value}, after={"colour": colour.value}, occurred_at=now,
            )
        )  # fmt: skip
    await session.flush()


async def allow_idle(
    session: AsyncSession, caller: Caller, workspace_id: int, length: timedelta, now: datetime
) -> None:
    """Choose after how long of doing nothing people are set off shift, zero: never; for those who manage people."""
    caller.require(workspace_id, Permission.MANAGE_PEOPLE)
    workspace = await session.get_one(Workspace, workspace_id)
    before = workspace.idle_off_after
    workspace.idle_off_after = length
    if before != length:
        session.add(
            AuditEntry(
                workspace_id=workspace_id, agent_id=caller.agent_id, action="workspace.changed", row_kind="workspace",
                row_id=workspace_id, before={"idle_off_minutes": minutes_of(before)},
                after={"idle_off_minutes": minutes_of(length)}, occurred_at=now,
            )
        )  # fmt: skip
    await session.flush()


def minutes_of(length: timedelta) -> int:
    """Whole minutes."""
    return int(length.total_seconds()) // 60

"""Loads what workspaces promise; a workspace without a policy has the default one and is always open."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.calendars.service import load_hours
from inbox.sla.clocks import Promise
from inbox.sla.models import SlaPolicy

FIRST_RESPONSE = timedelta(minutes=15)
NEXT_RESPONSE = timedelta(minutes=30)
AFTER_CLOSED = timedelta(hours=2)


async def load_promises(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, Promise]:
    """Workspace → its promise."""
    hours = await load_hours(session, workspace_ids)
    policies = await session.scalars(
        select(SlaPolicy).where(SlaPolicy.workspace_id.in_(workspace_ids), SlaPolicy.is_default)
    )
    by_workspace = {policy.workspace_id: policy for policy in policies}
    promises: dict[int, Promise] = {}
    for workspace_id in workspace_ids:
        policy = by_workspace.get(workspace_id)
        promises[workspace_id] = Promise(
            hours=hours[workspace_id],
            first_response=policy.first_response if policy else FIRST_RESPONSE,
            next_response=policy.next_response if policy else NEXT_RESPONSE,
            after_closed=policy.after_closed if policy else AFTER_CLOSED,
        )
    return promises

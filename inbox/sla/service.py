"""Loads what workspaces promise; a workspace without a policy has the default one and is always open."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.calendars.service import load_hours, load_team_hours
from inbox.conversations.models.states import Priority
from inbox.core.once import once_a_batch
from inbox.sla.models import SlaPolicy
from inbox.sla.promises import Goals, Promises, Terms


@once_a_batch
async def load_promises(session: AsyncSession, workspace_ids: Collection[int]) -> Promises:
    """Everything that clocks of these workspaces run by: three queries."""
    hours = await load_hours(session, workspace_ids)
    found = await session.scalars(
        select(SlaPolicy).where(SlaPolicy.workspace_id.in_(workspace_ids)).options(joinedload(SlaPolicy.goals))
    )
    policies = found.unique().all()
    terms = {policy.id: terms_of(policy) for policy in policies}
    return Promises(
        hours=hours,
        team_hours=await load_team_hours(session, workspace_ids),
        terms=terms,
        default_terms={policy.workspace_id: terms[policy.id] for policy in policies if policy.is_default},
    )


async def load_policy_names(session: AsyncSession, workspace_ids: Collection[int]) -> dict[tuple[int, int], str]:
    """(workspace, policy) → what the policy is called."""
    rows = await session.execute(
        select(SlaPolicy.workspace_id, SlaPolicy.id, SlaPolicy.name)
        .where(SlaPolicy.workspace_id.in_(workspace_ids))
        .order_by(SlaPolicy.id)
    )
    return {(workspace_id, policy_id): name for workspace_id, policy_id, name in rows}


def terms_of(policy: SlaPolicy) -> Terms:
    """The policy (its goals are loaded) as clocks read it."""
    own = Goals(policy.first_response, policy.next_response, policy.resolution)
    special = {one.priority: Goals(one.first_response, one.next_response, one.resolution) for one in policy.goals}
    return Terms(
        {priority: special.get(priority, own) for priority in Priority}, policy.after_closed, policy.warn_before,
        policy.head_id,
    )  # fmt: skip

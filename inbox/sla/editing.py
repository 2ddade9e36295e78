"""Making, changing and removing SLA policies; each edit queues one job that brings open clocks up to date."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.calendars.editing import follow_hours
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from inbox.organisations.models import Membership
from inbox.sla.models import SlaGoal, SlaPolicy
from inbox.sla.schemas import GoalIn, PolicyIn, PolicyOut, PolicyPatch


async def list_policies(
    session: AsyncSession, caller: Caller, workspace_id: int | None, after_id: int = 0, limit: int = 200
) -> Sequence[SlaPolicy]:
    """Policies of one project or of all of the caller's, by id: every member may know what is promised."""
    if workspace_id is not None:
        caller.role_in(workspace_id)
    wanted = caller.scope if workspace_id is None else {workspace_id}
    statement = select(SlaPolicy).where(SlaPolicy.workspace_id.in_(wanted), SlaPolicy.id > after_id)
    return (await session.scalars(_whole(statement).order_by(SlaPolicy.id).limit(limit))).all()


async def access_policy(
    session: AsyncSession, caller: Caller, policy_id: int, permission: Permission | None = None
) -> SlaPolicy:
    """The policy with its goals; NotFoundError in a project that is not the caller's."""
    statement = select(SlaPolicy).where(SlaPolicy.id == policy_id, SlaPolicy.workspace_id.in_(caller.scope))
    policy = await session.scalar(_whole(statement))
    if policy is None:
        raise NotFoundError("There is no such SLA policy.")
    if permission is not None:
        caller.require(policy.workspace_id, permission)
    return policy


async def create_policy(session: AsyncSession, caller: Caller, wanted: PolicyIn, now: datetime) -> SlaPolicy:
    """A new policy; the first one of a project is its default."""
    workspace_id = wanted.workspace_id
    caller.require(workspace_id, Permission.MANAGE_HOURS)
    await _check(session, workspace_id, wanted.name, wanted.head_id)
    has_default = await session.scalar(
        select(SlaPolicy.id).where(SlaPolicy.workspace_id == workspace_id, SlaPolicy.is_default)
    )
    if wanted.is_default:
        await _no_default(session, workspace_id)
    policy = SlaPolicy(
        workspace_id=workspace_id,
        name=wanted.name,
        first_response=_length(wanted.first_response_minutes),
        next_response=_length(wanted.next_response_minutes),
        resolution=_length(wanted.resolution_minutes) if wanted.resolution_minutes else None,
        after_closed=_length(wanted.after_closed_minutes),
        warn_before=_length(wanted.warn_before_minutes),
        head_id=wanted.head_id,
        is_default=wanted.is_default or has_default is None,
    )
    session.add(policy)
    await session.flush()
    await _set_goals(session, policy, wanted.goals)
    return await _edited(session, caller, policy, "created", now, None)


async def change_policy(
    session: AsyncSession, caller: Caller, policy_id: int, wanted: PolicyPatch, now: datetime
) -> SlaPolicy:
    """Change what is set in `wanted`; open clocks follow, recorded breaches stay."""
    policy = await access_policy(session, caller, policy_id, Permission.MANAGE_HOURS)
    before, given = _snapshot(policy), wanted.model_fields_set
    name = wanted.name if wanted.name is not None and wanted.name != policy.name else None
    await _check(session, policy.workspace_id, name, wanted.head_id)
    policy.name = name or policy.name
    for field in ("first_response", "next_response", "after_closed", "warn_before"):
        length = getattr(wanted, f"{field}_minutes")
        if length is not None:
            setattr(policy, field, _length(length))
    if "resolution_minutes" in given:
        policy.resolution = _length(wanted.resolution_minutes) if wanted.resolution_minutes else None
    if "head_id" in given:
        policy.head_id = wanted.head_id
    if wanted.is_default and not policy.is_default:
        await _no_default(session, policy.workspace_id)
        policy.is_default = True
    elif wanted.is_default is False and policy.is_default:
        raise InvalidInputError("Make another policy the default one instead.", field="is_default")
    await session.flush()
    if wanted.goals is not None:
        await _set_goals(session, policy, wanted.goals)
    return await _edited(session, caller, policy, "changed", now, before)


async def remove_policy(session: AsyncSession, caller: Caller, policy_id: int, now: datetime) -> None:
    """Conversations that had it have the default one again."""
    policy = await access_policy(session, caller, policy_id, Permission.MANAGE_HOURS)
    if policy.is_default:
        raise ConflictError("The project's own promise cannot be removed: make another one the default first.")
    record(session, policy.workspace_id, caller.agent_id, "policy.removed", policy.id, now, _snapshot(policy), {})
    await session.execute(delete(SlaPolicy).where(SlaPolicy.id == policy.id))
    await follow_hours(session, policy.workspace_id)


async def _edited(
    session: AsyncSession, caller: Caller, policy: SlaPolicy, deed: str, now: datetime, before: Json | None
) -> SlaPolicy:
    await session.flush()
    stored = await access_policy(session, caller, policy.id)
    record(session, policy.workspace_id, caller.agent_id, f"policy.{deed}", policy.id, now, before, _snapshot(stored))
    await follow_hours(session, policy.workspace_id)
    return stored


async def _set_goals(session: AsyncSession, policy: SlaPolicy, goals: Sequence[GoalIn]) -> None:
    await session.execute(delete(SlaGoal).where(SlaGoal.policy_id == policy.id))
    session.add_all(
        SlaGoal(
            workspace_id=policy.workspace_id,
            policy_id=policy.id,
            priority=one.priority,
            first_response=_length(one.first_response_minutes),
            next_response=_length(one.next_response_minutes),
            resolution=_length(one.resolution_minutes) if one.resolution_minutes else None,
        )
        for one in goals
    )
    await session.flush()


async def _check(session: AsyncSession, workspace_id: int, name: str | None, head_id: int | None) -> None:
    taken = select(SlaPolicy.id).where(SlaPolicy.workspace_id == workspace_id, SlaPolicy.name == name)
    if name is not None and await session.scalar(taken) is not None:
        raise InvalidInputError("There is a promise of this name already.", field="name")
    if head_id is not None:
        member = select(Membership.agent_id).where(
            Membership.workspace_id == workspace_id, Membership.agent_id == head_id
        )
        if await session.scalar(member) is None:
            raise InvalidInputError("There is no such person in this workspace.", field="head_id")


async def _no_default(session: AsyncSession, workspace_id: int) -> None:
    await session.execute(
        update(SlaPolicy)
        .where(SlaPolicy.workspace_id == workspace_id, SlaPolicy.is_default)
        .values(is_default=False)
        .execution_options(synchronize_session="fetch")
    )


def _whole(statement: Select[SlaPolicy]) -> Select[SlaPolicy]:
    return statement.options(selectinload(SlaPolicy.goals)).execution_options(populate_existing=True)


def _snapshot(policy: SlaPolicy) -> Json:
    return PolicyOut.of(policy).model_dump(mode="json", exclude={"id", "workspace_id"})


def _length(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)

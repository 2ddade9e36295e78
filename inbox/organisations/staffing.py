"""Who works where: roles, teams, leaving a project, and the end of a person's access, which returns their cases."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import Permission
from inbox.agents.tokens import deactivate
from inbox.audit.service import record
from inbox.conversations.assigning import ANSWERING
from inbox.conversations.models import Activity, Conversation, Status
from inbox.core.database import Json, enter_scope
from inbox.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from inbox.core.events import DrainQueue
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.organisations.models import Membership, Role, Team, TeamMember
from inbox.organisations.open_links import end_links, end_resets


def may_give(caller: Caller, workspace_id: int, role: Role) -> bool:
    """Whoever manages people gives roles there; only an owner makes owners."""
    has_rank = role is not Role.OWNER or caller.roles.get(workspace_id) is Role.OWNER
    return has_rank and caller.may(workspace_id, Permission.MANAGE_PEOPLE)


def check_may_give(caller: Caller, workspace_id: int, role: Role) -> None:
    """ForbiddenError for a role that is above whoever manages people there."""
    if not may_give(caller, workspace_id, role):
        raise ForbiddenError("Only an owner can make somebody an owner.")


async def access_member(session: AsyncSession, caller: Caller, workspace_id: int, agent_id: int) -> Membership:
    """The person's place, held, for whoever manages people there; an owner's only for owners."""
    caller.require(workspace_id, Permission.MANAGE_PEOPLE)
    member = await session.scalar(
        select(Membership)
        .where(Membership.workspace_id == workspace_id, Membership.agent_id == agent_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if member is None:
        raise NotFoundError("There is no such person in this project.")
    check_may_give(caller, workspace_id, member.role)
    return member


async def check_whole(session: AsyncSession, caller: Caller, workspace_id: int, agent_id: int) -> Agent:
    """The person, if the caller manages people wherever they are: what concerns the whole account needs that."""
    await access_member(session, caller, workspace_id, agent_id)
    agent = await session.scalar(select(Agent).where(Agent.id == agent_id, Agent.deactivated_at.is_(None)))
    if agent is None:
        raise NotFoundError("There is no such person in this project.")
    if not await manages_whole(session, caller, agent):
        raise ForbiddenError("This person is in other projects, too: remove them from this one instead.")
    return agent


async def manages_whole(session: AsyncSession, caller: Caller, agent: Agent) -> bool:
    """Whether the caller could have given the person each role that they have, in archived projects, too; never for one
    who has none."""
    everywhere = replace(caller, roles={**caller.archived, **caller.roles})
    places = await session.execute(
        select(Membership.workspace_id, Membership.role).where(Membership.agent_id == agent.id)
    )
    given = [may_give(everywhere, place, role) for place, role in places]
    return agent.organisation_id == caller.organisation_id and bool(given) and all(given)


async def set_role(
    session: AsyncSession, caller: Caller, workspace_id: int, agent_id: int, role: Role, now: datetime
) -> None:
    """Another role in this project; who answers no more is out of its teams, and their cases go back to the queue."""
    member = await access_member(session, caller, workspace_id, agent_id)
    check_may_give(caller, workspace_id, role)
    if member.role is role:
        return
    if member.role is Role.OWNER:
        await _check_another_owner(session, workspace_id, agent_id)
    before, member.role = member.role, role
    await session.flush()
    if role is Role.OWNER:
        # They may all that they might before; their account is from now on a matter of owners.
        await end_resets(session, agent_id, now)
    else:
        await end_links(session, agent_id, [workspace_id], now)
    if role not in ANSWERING:
        await _return_cases(session, agent_id, [workspace_id], now)
        await _leave_teams(session, agent_id, workspace_id)
    record(
        session, workspace_id, caller.agent_id, "agent.role", agent_id, now, before={"role": before.value},
        after={"role": role.value},
    )  # fmt: skip


async def leave(session: AsyncSession, caller: Caller, workspace_id: int, agent_id: int, now: datetime) -> None:
    """Out of this project: their cases here go back to the queue, other projects stay."""
    member = await access_member(session, caller, workspace_id, agent_id)
    if agent_id == caller.agent_id:
        raise ConflictError("Nobody removes themselves: ask another owner.")
    if member.role is Role.OWNER:
        await _check_another_owner(session, workspace_id, agent_id)
    await end_links(session, agent_id, [workspace_id], now)
    await _return_cases(session, agent_id, [workspace_id], now)
    await _leave_teams(session, agent_id, workspace_id)
    await session.delete(member)
    await session.flush()
    record(session, workspace_id, caller.agent_id, "agent.left", agent_id, now, before={"role": member.role.value})
    announce(session, workspace_id, "agent", agent_id=agent_id, shift_state=ShiftState.OFF.value)


async def dismiss(session: AsyncSession, caller: Caller, workspace_id: int, agent_id: int, now: datetime) -> None:
    """The end of the account: sessions, tokens and links end at once, open cases go back to the queue."""
    agent = await check_whole(session, caller, workspace_id, agent_id)
    if agent_id == caller.agent_id:
        raise ConflictError("Nobody removes themselves: ask another owner.")
    places = list(await session.scalars(select(Membership.workspace_id).where(Membership.agent_id == agent_id)))
    for place in sorted(places):
        await _check_another_owner(session, place, agent_id)
    enter_scope(session, caller.scope.union(places))
    await end_links(session, agent_id, places, now)
    agent.shift_state, agent.shift_changed_at = ShiftState.OFF, now
    await session.flush()
    await deactivate(session, agent_id, now)
    await _return_cases(session, agent_id, places, now)
    for place in sorted(places):
        record(session, place, caller.agent_id, "agent.deactivated", agent_id, now, before={"email": agent.email})
        announce(session, place, "agent", agent_id=agent_id, shift_state=ShiftState.OFF.value)


async def _return_cases(session: AsyncSession, agent_id: int, places: Collection[int], now: datetime) -> None:
    """Nobody's again, each with a line; whoever is on shift gets them."""
    held = await session.scalars(
        select(Conversation)
        .where(
            Conversation.assignee_id == agent_id,
            Conversation.workspace_id.in_(places),
            Conversation.status != Status.CLOSED,
        )
        .order_by(Conversation.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    for conversation in held:
        conversation.assignee_id = None
        session.add(
            Activity(
                workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind="unassigned",
                details={"why": "left"}, occurred_at=now,
            )
        )  # fmt: skip
        for assignee_id in (agent_id, None):
            announce(
                session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
                assignee_id=assignee_id, team_id=conversation.team_id,
            )  # fmt: skip
    await session.flush()
    await defer(session, [DrainQueue(workspace_id=place) for place in sorted(places)])


async def _leave_teams(session: AsyncSession, agent_id: int, workspace_id: int) -> None:
    await session.execute(
        delete(TeamMember).where(TeamMember.workspace_id == workspace_id, TeamMember.agent_id == agent_id)
    )


async def _check_another_owner(session: AsyncSession, workspace_id: int, agent_id: int) -> None:
    owners = await session.scalars(
        select(Membership.agent_id)
        .join(Agent, Agent.id == Membership.agent_id)
        .where(Membership.workspace_id == workspace_id, Membership.role == Role.OWNER, Agent.deactivated_at.is_(None))
        .with_for_update(of=Membership)
    )
    found = set(owners)
    if agent_id in found and len(found) == 1:
        raise ConflictError("This is the project's only owner: make somebody else an owner first.")


async def create_team(session: AsyncSession, caller: Caller, workspace_id: int, name: str, now: datetime) -> Team:
    """A team without people yet."""
    caller.require(workspace_id, Permission.MANAGE_PEOPLE)
    team = Team(workspace_id=workspace_id, name=await _free_name(session, workspace_id, name, 0))
    session.add(team)
    await session.flush()
    record(session, workspace_id, caller.agent_id, "team.created", team.id, now, after={"name": team.name})
    return team


async def access_team(session: AsyncSession, caller: Caller, team_id: int) -> Team:
    """The row; NotFoundError for another workspace's."""
    team = await session.scalar(select(Team).where(Team.id == team_id, Team.workspace_id.in_(sorted(caller.scope))))
    if team is None:
        raise NotFoundError("There is no such team.")
    caller.require(team.workspace_id, Permission.MANAGE_PEOPLE)
    return team


async def change_team(
    session: AsyncSession,
    caller: Caller,
    team_id: int,
    name: str | None,
    agent_ids: Sequence[int] | None,
    now: datetime,
) -> Team:
    """Another name, or exactly these people, who must be such as answer; who stays keeps their turn."""
    team = await access_team(session, caller, team_id)
    present = set(await session.scalars(select(TeamMember.agent_id).where(TeamMember.team_id == team_id)))
    before: Json = {"name": team.name, "agent_ids": sorted(present)}
    wanted = present if agent_ids is None else set(agent_ids)
    if agent_ids is not None:
        await _check_answering(session, team.workspace_id, wanted)
    if name is not None:
        team.name = await _free_name(session, team.workspace_id, name, team_id)
    await session.execute(
        delete(TeamMember).where(TeamMember.team_id == team_id, TeamMember.agent_id.in_(present - wanted))
    )
    session.add_all(
        TeamMember(workspace_id=team.workspace_id, team_id=team_id, agent_id=one) for one in sorted(wanted - present)
    )
    await session.flush()
    if wanted - present:
        await defer(session, [DrainQueue(workspace_id=team.workspace_id)])
    after: Json = {"name": team.name, "agent_ids": sorted(wanted)}
    record(session, team.workspace_id, caller.agent_id, "team.changed", team_id, now, before=before, after=after)
    return team


async def _check_answering(session: AsyncSession, workspace_id: int, agent_ids: Collection[int]) -> None:
    """All of them work here and may answer. Their places are held: nobody's role changes meanwhile."""
    rows = await session.execute(
        select(Membership.agent_id, Agent.name, Membership.role)
        .join(Agent, Agent.id == Membership.agent_id)
        .where(Membership.workspace_id == workspace_id, Membership.agent_id.in_(agent_ids))
        .order_by(Membership.agent_id)
        .with_for_update(of=Membership, read=True)
    )
    found = rows.all()
    if {agent_id for agent_id, _, _ in found} != set(agent_ids):
        raise InvalidInputError("There is no such person in this workspace.", field="agent_ids")
    for _, name, role in found:
        if role not in ANSWERING:
            raise InvalidInputError(
                "%(name)s may read reports only, not answer.", field="agent_ids", values={"name": name}
            )


async def _free_name(session: AsyncSession, workspace_id: int, name: str, team_id: int) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 60 or "\x00" in cleaned:
        raise InvalidInputError("A team needs a name of at most 60 characters.", field="name")
    taken = await session.scalar(
        select(Team.id).where(Team.workspace_id == workspace_id, Team.name == cleaned, Team.id != team_id)
    )
    if taken is not None:
        raise ConflictError("There is a team of this name already.")
    return cleaned

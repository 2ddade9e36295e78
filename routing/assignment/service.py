"""Assignment: round robin among the people of a team who are on shift and have room; what waits is handed out later."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.conversations.assigning import may_answer
from inbox.conversations.models import Conversation, Direction, Message, MessageKind, Status
from inbox.core.bulk import among
from inbox.core.database import OVER_ALL
from inbox.core.live import announce
from inbox.organisations.archived import at_work, is_archived
from inbox.organisations.models import Membership, Team, TeamMember
from routing.assignment.handing import Desk, Handout, Seat, Turn

DRAIN_PAGE = 200


async def load_desks(
    session: AsyncSession,
    workspace_ids: Collection[int],
    further_agent_ids: Collection[int] = (),
    *,
    only_to_show: bool = False,
) -> Handout:
    """The teams of these workspaces with whoever is on shift and may answer there; `further_agent_ids` are asked about,
    too.

    Holds the people until the transaction ends, in id order and before their loads are counted: two transactions, of
    whatever projects, cannot fill one person's room twice, nor take one turn twice. `only_to_show` holds nobody, and
    turns taken on it are written nowhere.
    """
    desks = await _load_teams(session, workspace_ids)
    members = select(TeamMember.agent_id).where(among(TeamMember.workspace_id, workspace_ids))
    statement = (
        select(Membership.workspace_id, Agent.id, Agent.name, Agent.capacity)
        .join(Membership, Membership.agent_id == Agent.id)
        .where(
            among(Membership.workspace_id, workspace_ids),
            Agent.id.in_(members) | among(Agent.id, further_agent_ids),
            may_answer,
        )
        .order_by(Agent.id, Membership.workspace_id)
    )
    held = statement if only_to_show else statement.with_for_update(of=Agent, key_share=True)
    people = (await session.execute(held)).all()
    on_shift = {agent_id: (name, capacity) for _, agent_id, name, capacity in people}
    handout = Handout(desks, places={(workspace_id, agent_id) for workspace_id, agent_id, _, _ in people})
    if not on_shift:
        return handout
    loads = await _loads(session, on_shift.keys())
    handout.names = {agent_id: name for agent_id, (name, _) in on_shift.items()}
    handout.rooms = {agent_id: capacity - loads.get(agent_id, 0) for agent_id, (_, capacity) in on_shift.items()}
    for member in await _load_members(session, workspace_ids, on_shift.keys(), hold=not only_to_show):
        if only_to_show:
            session.expunge(member)
        if handout.is_on_shift(member.workspace_id, member.agent_id):
            seat = Seat(member.agent_id, on_shift[member.agent_id][0], member)
            handout.seats.setdefault(member.team_id, []).append(seat)
    return handout


async def load_teams_alone(session: AsyncSession, workspace_ids: Collection[int]) -> Handout:
    """The teams without their people: nobody is handed anything, nobody's row is held."""
    return Handout(await _load_teams(session, workspace_ids))


async def load_last_answering(session: AsyncSession, contact_ids: Collection[int]) -> dict[int, int]:
    """Contact → who of us answered them last, in any of their conversations."""
    rows = await session.execute(
        select(Conversation.contact_id, Message.author_agent_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(
            among(Conversation.contact_id, contact_ids),
            Message.direction == Direction.OUTBOUND,
            Message.kind == MessageKind.MESSAGE,
            Message.author_agent_id.is_not(None),
        )
        .order_by(Conversation.contact_id, Message.sent_at.desc(), Message.id.desc())
        .ext(distinct_on(Conversation.contact_id))
    )
    return {contact_id: agent_id for contact_id, agent_id in rows if agent_id is not None}


async def _load_teams(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, Desk]:
    teams = await session.execute(
        select(Team.id, Team.workspace_id, Team.name).where(among(Team.workspace_id, workspace_ids))
    )
    return {team_id: Desk(workspace_id, name) for team_id, workspace_id, name in teams}


async def _load_members(
    session: AsyncSession, workspace_ids: Collection[int], agent_ids: Collection[int], *, hold: bool
) -> Sequence[TeamMember]:
    statement = (
        select(TeamMember)
        .where(among(TeamMember.workspace_id, workspace_ids), among(TeamMember.agent_id, agent_ids))
        .order_by(TeamMember.team_id, TeamMember.agent_id)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement.with_for_update() if hold else statement)).all()


async def _loads(session: AsyncSession, agent_ids: Collection[int]) -> dict[int, int]:
    """Agent → open conversations that wait for an answer, over all projects at work."""
    rows = await session.execute(
        select(Conversation.assignee_id, func.count())
        .where(
            among(Conversation.assignee_id, agent_ids), Conversation.status == Status.OPEN, Conversation.needs_answer,
            at_work(Conversation.workspace_id),
        )
        .group_by(Conversation.assignee_id)
        .execution_options(**{OVER_ALL: True})
    )  # fmt: skip
    return {agent_id: count for agent_id, count in rows if agent_id is not None}


async def drain(session: AsyncSession, workspace_id: int, now: datetime) -> int:
    """Hand out what waits in the teams, oldest first; returns how many found somebody. In an archived project nobody is
    handed anything.

    Conversations that somebody else holds at this moment are passed over: the next drain finds them.
    """
    if await is_archived(session, workspace_id):
        return 0
    desks = await load_desks(session, {workspace_id})
    handed = 0
    while teams := [team_id for team_id in desks.desks if desks.has_room(team_id)]:
        waiting = (
            await session.scalars(
                select(Conversation)
                .where(
                    Conversation.workspace_id == workspace_id,
                    Conversation.assignee_id.is_(None),
                    among(Conversation.team_id, teams),
                    Conversation.needs_answer,
                    Conversation.status == Status.OPEN,
                )
                .order_by(Conversation.waiting_since_at, Conversation.id)
                .limit(DRAIN_PAGE)
                .with_for_update(skip_locked=True, key_share=True)
                .execution_options(populate_existing=True)
            )
        ).all()
        handed += _hand_out(session, desks, waiting, now)
        await session.flush()
        if len(waiting) < DRAIN_PAGE:
            break
    await desks.write_lines(session)
    return handed


def _hand_out(session: AsyncSession, desks: Handout, waiting: Sequence[Conversation], now: datetime) -> int:
    handed = 0
    for conversation in waiting:
        team_id = conversation.team_id
        if team_id is None or not desks.has_room(team_id) or not desks.hand(conversation, Turn(team_id), now):
            continue
        handed += 1
        # First for those who saw it as nobody's, then for those who see it now.
        for assignee_id in (None, conversation.assignee_id):
            announce(
                session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
                assignee_id=assignee_id, team_id=team_id,
            )  # fmt: skip
    return handed

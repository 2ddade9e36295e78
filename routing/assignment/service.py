"""Assignment: round robin among the people of a team who are on shift and have room; what waits is handed out later."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, ShiftState
from inbox.conversations.models import Activity, Conversation, Status
from inbox.core.live import announce
from inbox.organisations.models import Team, TeamMember

DRAIN_PAGE = 200
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Seat:
    """A person of a team who is on shift. `room`: how many more conversations they take."""

    agent_id: int
    name: str
    member: TeamMember
    room: int


@dataclass(slots=True)
class Handout:
    """Who can be handed something now, with their turns; lives for one transaction, which holds the members' rows."""

    teams: dict[int, str] = field(default_factory=dict)
    seats: dict[int, list[Seat]] = field(default_factory=dict)
    rooms: dict[int, int] = field(default_factory=dict)

    def hand(
        self, session: AsyncSession, conversation: Conversation, team_id: int, rule: str | None, now: datetime
    ) -> bool:
        """Give the conversation to the team and to whose turn it is; False when nobody on shift has room."""
        if team_id not in self.teams:
            return False
        conversation.team_id = team_id
        conversation.routed_at = conversation.waiting_since_at or now
        seat = self._next(team_id)
        details: dict[str, object] = {"team": self.teams[team_id], "rule": rule}
        if seat is not None:
            conversation.assignee_id = seat.agent_id
            seat.member.last_assigned_at = self._turn(team_id, now)
            self.rooms[seat.agent_id] -= 1
            details["assignee"] = seat.name
        session.add(
            Activity(
                workspace_id=conversation.workspace_id,
                conversation_id=conversation.id,
                kind="assigned" if seat else "team",
                details=details,
                occurred_at=now,
            )
        )
        return seat is not None

    def _next(self, team_id: int) -> Seat | None:
        free = [seat for seat in self.seats.get(team_id, []) if self.rooms[seat.agent_id] > 0]
        return min(free, key=_turn_of, default=None)

    def _turn(self, team_id: int, now: datetime) -> datetime:
        """A moment later than everybody's last, so that turns within one batch follow each other."""
        latest = max((seat.member.last_assigned_at or now for seat in self.seats[team_id]), default=now)
        return max(now, latest + timedelta(microseconds=1))


def _turn_of(seat: Seat) -> tuple[bool, datetime, int]:
    last = seat.member.last_assigned_at
    return last is not None, last or _NEVER, seat.agent_id


async def load_desks(session: AsyncSession, workspace_ids: Collection[int]) -> Handout:
    """The teams of these workspaces with whoever is on shift; locks their turns until the transaction ends."""
    teams = await session.execute(select(Team.id, Team.name).where(Team.workspace_id.in_(workspace_ids)))
    handout = Handout(teams=dict(teams.all()))
    rows = await session.execute(
        select(TeamMember, Agent.id, Agent.name, Agent.capacity)
        .join(Agent, Agent.id == TeamMember.agent_id)
        .where(
            TeamMember.workspace_id.in_(workspace_ids),
            Agent.shift_state == ShiftState.ON,
            Agent.deactivated_at.is_(None),
        )
        .order_by(TeamMember.team_id, TeamMember.agent_id)
        .with_for_update(of=TeamMember)
        .execution_options(populate_existing=True)
    )
    found = rows.all()
    loads = await _loads(session, {agent_id for _, agent_id, _, _ in found})
    for member, agent_id, name, capacity in found:
        room = capacity - loads.get(agent_id, 0)
        handout.rooms[agent_id] = room
        handout.seats.setdefault(member.team_id, []).append(Seat(agent_id, name, member, room))
    return handout


async def _loads(session: AsyncSession, agent_ids: Collection[int]) -> dict[int, int]:
    """Agent → open conversations that wait for an answer, over all projects."""
    if not agent_ids:
        return {}
    rows = await session.execute(
        select(Conversation.assignee_id, func.count())
        .where(Conversation.assignee_id.in_(agent_ids), Conversation.status == Status.OPEN, Conversation.needs_answer)
        .group_by(Conversation.assignee_id)
    )
    return {agent_id: count for agent_id, count in rows if agent_id is not None}


async def drain(session: AsyncSession, workspace_id: int, now: datetime) -> int:
    """Hand out what waits in the teams, oldest first; returns how many found somebody."""
    desks = await load_desks(session, {workspace_id})
    waiting = await session.scalars(
        select(Conversation)
        .where(
            Conversation.workspace_id == workspace_id,
            Conversation.assignee_id.is_(None),
            Conversation.team_id.is_not(None),
            Conversation.needs_answer,
            Conversation.status == Status.OPEN,
        )
        .order_by(Conversation.waiting_since_at, Conversation.id)
        .limit(DRAIN_PAGE)
        .with_for_update(skip_locked=True)
    )
    handed = 0
    for conversation in waiting:
        team_id = conversation.team_id
        if team_id is None or not any(desks.rooms[seat.agent_id] > 0 for seat in desks.seats.get(team_id, [])):
            continue
        if desks.hand(session, conversation, team_id, None, now):
            handed += 1
            announce(
                session, workspace_id, "conversation", conversation_id=conversation.id,
                assignee_id=conversation.assignee_id, team_id=team_id,
            )  # fmt: skip
    return handed

"""Assignment: round robin among the people of a team who are on shift and have room; what waits is handed out later."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, ShiftState
from inbox.conversations.models import Activity, Conversation, Status
from inbox.core.bulk import among, insert_rows
from inbox.core.live import announce
from inbox.organisations.models import Team, TeamMember

DRAIN_PAGE = 200
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Seat:
    """A person of a team who is on shift."""

    agent_id: int
    name: str
    member: TeamMember


@dataclass(frozen=True, slots=True)
class Desk:
    """A team of a workspace."""

    workspace_id: int
    name: str


@dataclass(slots=True)
class Handout:
    """Who can be handed something now, with their turns; lives for one transaction, which holds the people's rows.

    `rooms`: agent → how many more conversations they take, over all projects.
    """

    desks: Mapping[int, Desk]
    seats: dict[int, list[Seat]] = field(default_factory=dict)
    rooms: dict[int, int] = field(default_factory=dict)
    lines: list[dict[str, object]] = field(default_factory=list)

    def hand(self, conversation: Conversation, team_id: int, rule: str | None, now: datetime) -> bool:
        """Give the conversation to the team and to whose turn it is; False when nobody on shift has room."""
        desk = self.desks.get(team_id)
        if desk is None or desk.workspace_id != conversation.workspace_id:
            return False
        conversation.team_id = team_id
        conversation.routed_at = conversation.waiting_since_at or now
        seat = self._next(team_id)
        details: dict[str, object] = {"team": desk.name, "rule": rule}
        if seat is not None:
            conversation.assignee_id = seat.agent_id
            seat.member.last_assigned_at = self._turn(team_id, now)
            self.rooms[seat.agent_id] -= 1
            details["assignee"] = seat.name
        self._note(conversation, "assigned" if seat else "team", details, now)
        return seat is not None

    def take_back(self, conversation: Conversation, now: datetime) -> None:
        """Its person is not on shift, and the contact writes anew: whoever is here answers."""
        conversation.assignee_id = None
        self._note(conversation, "unassigned", {"why": "off_shift"}, now)

    def is_on_shift(self, agent_id: int) -> bool:
        """Whether the person works now."""
        return agent_id in self.rooms

    def has_room(self, team_id: int) -> bool:
        """Whether anybody of the team can be handed something."""
        return any(self.rooms[seat.agent_id] > 0 for seat in self.seats.get(team_id, []))

    async def write_lines(self, session: AsyncSession) -> None:
        """The grey lines in the threads."""
        await insert_rows(session, Activity, self.lines)
        self.lines.clear()

    def _note(self, conversation: Conversation, kind: str, details: dict[str, object], now: datetime) -> None:
        line = {
            "workspace_id": conversation.workspace_id, "conversation_id": conversation.id, "kind": kind,
            "details": details, "occurred_at": now,
        }  # fmt: skip
        self.lines.append(line)

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


async def load_desks(
    session: AsyncSession, workspace_ids: Collection[int], further_agent_ids: Collection[int] = ()
) -> Handout:
    """The teams of these workspaces with whoever is on shift; `further_agent_ids` are asked about, too.

    Holds the people until the transaction ends, in id order and before their loads are counted: two transactions, of
    whatever projects, cannot fill one person's room twice, nor take one turn twice.
    """
    teams = await session.execute(
        select(Team.id, Team.workspace_id, Team.name).where(among(Team.workspace_id, workspace_ids))
    )
    desks = {team_id: Desk(workspace_id, name) for team_id, workspace_id, name in teams}
    members = select(TeamMember.agent_id).where(among(TeamMember.workspace_id, workspace_ids))
    people = await session.execute(
        select(Agent.id, Agent.name, Agent.capacity)
        .where(
            Agent.id.in_(members) | among(Agent.id, further_agent_ids),
            Agent.shift_state == ShiftState.ON,
            Agent.deactivated_at.is_(None),
        )
        .order_by(Agent.id)
        .with_for_update(key_share=True)
    )
    on_shift = {agent_id: (name, capacity) for agent_id, name, capacity in people}
    handout = Handout(desks)
    if not on_shift:
        return handout
    loads = await _loads(session, on_shift.keys())
    handout.rooms = {agent_id: capacity - loads.get(agent_id, 0) for agent_id, (_, capacity) in on_shift.items()}
    for member in await _load_members(session, workspace_ids, on_shift.keys()):
        seat = Seat(member.agent_id, on_shift[member.agent_id][0], member)
        handout.seats.setdefault(member.team_id, []).append(seat)
    return handout


async def _load_members(
    session: AsyncSession, workspace_ids: Collection[int], agent_ids: Collection[int]
) -> Sequence[TeamMember]:
    rows = await session.scalars(
        select(TeamMember)
        .where(among(TeamMember.workspace_id, workspace_ids), among(TeamMember.agent_id, agent_ids))
        .order_by(TeamMember.team_id, TeamMember.agent_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _loads(session: AsyncSession, agent_ids: Collection[int]) -> dict[int, int]:
    """Agent → open conversations that wait for an answer, over all projects."""
    rows = await session.execute(
        select(Conversation.assignee_id, func.count())
        .where(
            among(Conversation.assignee_id, agent_ids), Conversation.status == Status.OPEN, Conversation.needs_answer
        )
        .group_by(Conversation.assignee_id)
    )
    return {agent_id: count for agent_id, count in rows if agent_id is not None}


async def drain(session: AsyncSession, workspace_id: int, now: datetime) -> int:
    """Hand out what waits in the teams, oldest first; returns how many found somebody.

    Conversations that somebody else holds at this moment are passed over: the next drain finds them.
    """
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
        if team_id is None or not desks.has_room(team_id) or not desks.hand(conversation, team_id, None, now):
            continue
        handed += 1
        # First for those who saw it as nobody's, then for those who see it now.
        for assignee_id in (None, conversation.assignee_id):
            announce(
                session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
                assignee_id=assignee_id, team_id=team_id,
            )  # fmt: skip
    return handed

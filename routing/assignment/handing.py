"""Who can be handed something now, with their turns: lives for one transaction, which holds the people's rows."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Activity, Conversation
from inbox.core.bulk import insert_rows
from inbox.organisations.models import TeamMember
from routing.assignment.choosing import Choosing

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


@dataclass(frozen=True, slots=True)
class Turn:
    """For which team, in whose name and how somebody is chosen. `rule` None: the queue is handed out."""

    team_id: int
    rule: str | None = None
    choose: Choosing = Choosing.ROUND_ROBIN


@dataclass(slots=True)
class Handout:
    """`rooms`: agent on shift → how many more conversations they take, over all projects; `names` of the same people.

    `places`: (workspace, agent) where each of them may answer: nobody else is seated there.
    `before`: contact → who answered them last, for those who are asked to be given the same person.
    """

    desks: Mapping[int, Desk]
    seats: dict[int, list[Seat]] = field(default_factory=dict)
    rooms: dict[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    places: Set[tuple[int, int]] = frozenset()
    before: Mapping[int, int] = field(default_factory=dict)
    lines: list[dict[str, object]] = field(default_factory=list)

    def hand(self, conversation: Conversation, turn: Turn, now: datetime) -> bool:
        """Give the conversation to the team and to one of its people; False when nobody on shift has room.

        What needs no answer goes to the team alone: nobody's turn is spent on it.
        """
        desk = self.desks.get(turn.team_id)
        if desk is None or desk.workspace_id != conversation.workspace_id:
            return False
        conversation.team_id = turn.team_id
        conversation.routed_at = conversation.waiting_since_at or now
        seat = self._choose(conversation, turn) if conversation.needs_answer else None
        details: dict[str, object] = {"team": desk.name, "rule": turn.rule}
        if seat is not None:
            self._pass_turn(turn.team_id, seat, now)
            self._seat(conversation, seat.agent_id)
            details["assignee"] = seat.name
        self.note(conversation, "assigned" if seat else "team", details, now)
        return seat is not None

    def give(self, conversation: Conversation, agent_id: int, name: str, rule: str, now: datetime) -> None:
        """To this person, on shift or not: a rule names them."""
        self._seat(conversation, agent_id)
        conversation.routed_at = conversation.waiting_since_at or now
        self.note(conversation, "assigned", {"assignee": name, "rule": rule}, now)

    def freest(self, workspace_id: int) -> Seat | None:
        """Who is on shift in any team of the workspace and has the most room."""
        here = self._teams_of(workspace_id)
        seats = [seat for team_id in here for seat in self.seats.get(team_id, []) if self.rooms[seat.agent_id] > 0]
        return max(seats, key=lambda seat: (self.rooms[seat.agent_id], -seat.agent_id), default=None)

    def seats_for(self, conversation: Conversation) -> list[Seat]:
        """Who is on shift and could be given it: of its team, or of any team while it has none."""
        team_id = conversation.team_id
        here = [team_id] if team_id is not None else self._teams_of(conversation.workspace_id)
        return [seat for one in here for seat in self.seats.get(one, [])]

    def pick(self, conversation: Conversation) -> Seat | None:
        """Who would be given it out of the queue; None when nobody on shift has room."""
        if conversation.team_id is None:
            return self.freest(conversation.workspace_id)
        return self._choose(conversation, Turn(conversation.team_id))

    def spend(self, conversation: Conversation, seat: Seat, now: datetime) -> None:
        """The turn and the room that giving it to `seat` costs; the conversation itself is not touched."""
        if conversation.team_id is not None:
            self._pass_turn(conversation.team_id, seat, now)
        self.rooms[seat.agent_id] -= 1

    def take_back(self, conversation: Conversation, now: datetime) -> None:
        """Its person is not on shift, and the contact writes anew: whoever is here answers."""
        conversation.assignee_id = None
        self.note(conversation, "unassigned", {"why": "off_shift"}, now)

    def is_on_shift(self, workspace_id: int, agent_id: int) -> bool:
        """Whether the person works now, and may answer there."""
        return (workspace_id, agent_id) in self.places

    def has_room(self, team_id: int) -> bool:
        """Whether anybody of the team can be handed something."""
        return any(self.rooms[seat.agent_id] > 0 for seat in self.seats.get(team_id, []))

    async def write_lines(self, session: AsyncSession) -> None:
        """The grey lines in the threads."""
        await insert_rows(session, Activity, self.lines)
        self.lines.clear()

    def note(self, conversation: Conversation, kind: str, details: dict[str, object], now: datetime) -> None:
        """A grey line, written by `write_lines`."""
        line = {
            "workspace_id": conversation.workspace_id, "conversation_id": conversation.id, "kind": kind,
            "details": details, "occurred_at": now,
        }  # fmt: skip
        self.lines.append(line)

    def _teams_of(self, workspace_id: int) -> list[int]:
        return [team_id for team_id, desk in self.desks.items() if desk.workspace_id == workspace_id]

    def _pass_turn(self, team_id: int, seat: Seat, now: datetime) -> None:
        seat.member.last_assigned_at = turn_after((one.member for one in self.seats[team_id]), now)

    def _seat(self, conversation: Conversation, agent_id: int) -> None:
        conversation.assignee_id = agent_id
        if agent_id in self.rooms and conversation.needs_answer:
            self.rooms[agent_id] -= 1

    def _choose(self, conversation: Conversation, turn: Turn) -> Seat | None:
        free = [seat for seat in self.seats.get(turn.team_id, []) if self.rooms[seat.agent_id] > 0]
        match turn.choose:
            case Choosing.NOBODY:
                return None
            case Choosing.LEAST_LOADED:
                return max(free, key=lambda seat: (self.rooms[seat.agent_id], *_waited(seat)), default=None)
            case Choosing.STICKY:
                known = self.before.get(conversation.contact_id)
                same = next((seat for seat in free if seat.agent_id == known), None)
                return same or _next(free)
            case Choosing.ROUND_ROBIN:
                return _next(free)


def turn_after(members: Iterable[TeamMember], now: datetime) -> datetime:
    """A moment later than everybody's last turn, so that turns within one moment follow each other."""
    latest = max((one.last_assigned_at or now for one in members), default=now)
    return max(now, latest + timedelta(microseconds=1))


def _next(free: Sequence[Seat]) -> Seat | None:
    return min(free, key=lambda seat: turn_of(seat.member), default=None)


def turn_of(member: TeamMember) -> tuple[bool, datetime, int]:
    """Their place in the line: whoever never had a turn first, then whoever waits longest."""
    last = member.last_assigned_at
    return last is not None, last or _NEVER, member.agent_id


def _waited(seat: Seat) -> tuple[float, int]:
    """Of those with the same room, who waited longest."""
    last = seat.member.last_assigned_at
    return -last.timestamp() if last is not None else 0.0, -seat.agent_id

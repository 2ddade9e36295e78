"""What the product's rows say after the week, in the words of the plan."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from inbox.contacts.models import Identity
from inbox.conversations.models import Activity, Conversation, Delivery, Message, MessageKind, Post
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Team
from routing.alerts.models import Alert, AlertState
from routing.leads.models import Lead, Stage
from tests.week.desk import WeekDesk
from tests.week.plan import PROJECTS, Key
from tests.week.reference import Seen
from tests.week.talks import NO_CLOCK, Clock


class Finder:
    """Reads rows; names of people and teams are known once."""

    def __init__(self, desk: WeekDesk) -> None:
        self._desk = desk
        self._places = {channel_id: place for place, channel_id in desk.channels.items()}
        self._people = {agent_id: name for name, agent_id in desk.people.items()}
        self._teams: dict[int, str] = {}

    async def learn(self) -> None:
        """Which row is which conversation of the plan."""
        async with self._desk.context.database.session(EVERY_WORKSPACE) as session:
            self._teams = {
                found: purpose or "" for found, purpose in await session.execute(select(Team.id, Team.purpose))
            }
            after = max(self._desk.known.values(), default=0)
            rows = await session.execute(
                select(Conversation.id, Conversation.channel_id, Conversation.kind, Identity.external_id, Post.text)
                .join(Identity, Identity.id == Conversation.identity_id)
                .outerjoin(Post, Post.id == Conversation.post_id)
                .where(Conversation.id > after)
            )
            for row_id, channel_id, kind, who, post in rows:
                number = int(post.split()[-1]) if post else 0
                self._desk.known[*self._places[channel_id], str(kind.value), int(who), number] = row_id

    def _name(self, agent_id: int | None) -> str | None:
        return None if agent_id is None else self._people[agent_id]

    def _seen(self, one: Conversation) -> Seen:
        team = None if one.team_id is None else self._teams[one.team_id]
        return Seen(self._name(one.assignee_id), team, one.priority.value, first_clock(one), next_clock(one))

    async def seen(self, keys: set[Key]) -> dict[Key, Seen]:
        """These conversations as they stand."""
        ids = {self._desk.known[key]: key for key in keys if key in self._desk.known}
        async with self._desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.scalars(select(Conversation).where(Conversation.id.in_(ids)))
            return {ids[one.id]: self._seen(one) for one in rows}

    async def talks(self) -> dict[Key, tuple[Seen, str, Clock]]:
        """All conversations in the end: how they stand, their status, the clock of the case."""
        keys = {row_id: key for key, row_id in self._desk.known.items()}
        async with self._desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.scalars(select(Conversation))
            return {keys[one.id]: (self._seen(one), one.status.value, case_clock(one, keys[one.id][0])) for one in rows}

    async def handed(self) -> list[tuple[Key, datetime, str | None]]:
        """To whom each was given, when; None: taken back."""
        keys = {row_id: key for key, row_id in self._desk.known.items()}
        async with self._desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.scalars(
                select(Activity).where(Activity.kind.in_(["assigned", "unassigned"])).order_by(Activity.id)
            )
            return [(keys[one.conversation_id], one.occurred_at, _text(one.details.get("assignee"))) for one in rows]

    async def replies(self) -> list[tuple[Key, datetime, str]]:
        """What the machine said; all of it was delivered."""
        keys = {row_id: key for key, row_id in self._desk.known.items()}
        async with self._desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = list(
                await session.scalars(
                    select(Message).where(Message.kind == MessageKind.AUTO_REPLY).order_by(Message.id)
                )
            )
        astray = [(one.id, one.delivery, one.failure) for one in rows if one.delivery not in (None, Delivery.SENT)]
        assert astray == []
        return [(keys[one.conversation_id], one.sent_at, one.text) for one in rows]

    async def alerts(self) -> list[tuple[str, str, Key, str, datetime, datetime | None, str]]:
        """Project, kind, conversation, what it is about, when; when it rang by itself, and its state."""
        keys = {row_id: key for key, row_id in self._desk.known.items()}
        projects = {row_id: name for name, row_id in self._desk.workspaces.items()}
        async with self._desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(
                select(Alert, Message.text).outerjoin(Message, Message.id == Alert.message_id).order_by(Alert.id)
            )
            return [
                (
                    projects[one.workspace_id], one.kind.value, keys[one.conversation_id or 0], _mark(one, words),
                    one.occurred_at, one.sent_at if one.state is AlertState.SENT else None, one.state.value,
                )
                for one, words in rows
            ]  # fmt: skip

    async def leads(self) -> dict[Key, tuple[str | None, datetime | None, datetime | None, int]]:
        """Owner, due, taken up, how often missed."""
        keys = {row_id: key for key, row_id in self._desk.known.items()}
        async with self._desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.scalars(select(Lead))
            return {
                keys[one.conversation_id]: (
                    self._name(one.owner_id), one.take_up_due_at,
                    one.taken_up_at if one.stage is Stage.TAKEN_UP else None, one.missed,
                )
                for one in rows
            }  # fmt: skip


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _mark(alert: Alert, words: str | None) -> str:
    details: Mapping[str, object] = alert.details
    if words is not None:
        return words
    if "clock" in details:
        return f"{details['clock']} {datetime.fromisoformat(str(details['due_at'])):%d %H:%M:%S}"
    return f"missed {alert.rule_key.split(':')[-1]}"


def first_clock(one: Conversation) -> Clock:
    """Of the first response."""
    return (
        one.first_response_since_at, one.first_response_due_at, one.first_response_met_at,
        one.first_response_breached_at,
    )  # fmt: skip


def next_clock(one: Conversation) -> Clock:
    """Of the next response."""
    return (
        one.next_response_since_at, one.next_response_due_at, one.next_response_met_at, one.next_response_breached_at
    )  # fmt: skip


def case_clock(one: Conversation, name: str) -> Clock:
    """Of the resolution, where the project promises it."""
    if next(project for project in PROJECTS if project.name == name).goals.resolution is None:
        return NO_CLOCK
    return one.resolution_started_at, one.resolution_due_at, one.resolution_met_at, one.resolution_breached_at

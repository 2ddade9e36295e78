"""A workspace with channels, people and a pipeline of its own, for tests below the web."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from uuid import uuid4

from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.telegram.adapter import TelegramAdapter
from bots.telegram.wire import Wires
from inbox.agents.models import Agent, ShiftState
from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.cli.build import connect_redis
from inbox.conversations.committing import Route
from inbox.conversations.models import DeadEvent, Message
from inbox.conversations.pipeline import Pipeline
from inbox.conversations.tags import Intent, OwnModel, Sentiment, Tagged
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE, Database
from inbox.core.secrets import Cipher
from inbox.core.settings import Settings
from inbox.core.stream import IntakeStream
from inbox.organisations.models import Membership, Organisation, Role, Team, TeamMember, Workspace
from routing.arriving import route as route_new
from routing.rules.service import make_ready_rules
from tests.servers import TestServers


class WordTagger:
    """Tags by plain words: what the classifier says is not the matter of these tests. `hurries`: what it was asked."""

    model_version = "words"
    figures: Mapping[str, object] = {}

    def __init__(self) -> None:
        self.hurries: list[bool] = []

    def tag(self, texts: Sequence[str], own: OwnModel | None = None, *, hurried: bool = False) -> list[Tagged]:
        self.hurries.append(hurried)
        return [tag(text) for text in texts]


_INTENTS = {
    "цена": Intent.LEAD, "плохо": Intent.COMPLAINT, "спам": Intent.SPAM, "спасибо": Intent.PRAISE,
    "сотрудничество": Intent.PARTNERSHIP, "когда": Intent.QUESTION,
}  # fmt: skip


def tag(text: str) -> Tagged:
    intent = next((intent for word, intent in _INTENTS.items() if word in text), Intent.OTHER)
    mood = Sentiment.NEGATIVE if "ужас" in text else Sentiment.POSITIVE if "спасибо" in text else Sentiment.NEUTRAL
    toxic = "дурак" in text
    sure = 0.55 if "наверное" in text else 0.95
    labels = {"intent": intent.value, "sentiment": mood.value, "toxic": "1" if toxic else "0"}
    probabilities = {task: {label: sure} for task, label in labels.items()}
    if "аудит" in text:
        probabilities["intent"][Intent.PARTNERSHIP.value] = 0.12
    unsure = frozenset({"intent", "toxic"}) if "наверное" in text else frozenset[str]()
    return Tagged(mood, intent, toxic, False, probabilities, unsure, {}, "words")


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait for what other tasks bring about."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  # the servers' state has no event
            await asyncio.sleep(0.05)


@dataclass(slots=True)
class Desk:
    """A workspace of an organisation of its own."""

    context: Context
    workspace_id: int
    channel_ids: list[int]
    team_ids: dict[str, int]
    stream_name: str = field(default_factory=lambda: f"test:intake:{uuid4().hex}")
    numbers: "count[int]" = field(default_factory=lambda: count(1000))

    def stream(self, consumer: str = "one") -> IntakeStream:
        """A worker's view of this desk's own stream."""
        return IntakeStream(self.context.redis, consumer, self.stream_name)

    def pipeline(self, consumer: str = "one", route: Route = route_new) -> tuple[Pipeline, IntakeStream]:
        """A worker."""
        stream = self.stream(consumer)
        return Pipeline(self.context, stream, route), stream

    def message(self, text: str, person: int = 501) -> dict[str, object]:
        """A direct message as Telegram sends it."""
        number = next(self.numbers)
        author = {"id": person, "is_bot": False, "first_name": f"Person {person}"}
        return {
            "update_id": number,
            "message": {
                "message_id": number, "date": int(self.context.clock().timestamp()), "from": author, "text": text,
                "chat": {"id": person, "type": "private", "first_name": f"Person {person}"},
            },
        }  # fmt: skip

    async def put(self, *raws: dict[str, object], channel_id: int | None = None) -> None:
        """Put payloads on the stream."""
        stream = self.stream()
        await stream.ensure_group()
        for raw in raws:
            channel = self.channel_ids[0] if channel_id is None else channel_id
            await stream.add(channel, self.context.clock(), "test", raw)

    async def texts(self) -> list[str]:
        """All stored texts, sorted."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return sorted(await session.scalars(select(Message.text).where(Message.channel_id.in_(self.channel_ids))))

    async def dead(self) -> list[DeadEvent]:
        """Dead events, oldest first."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return list(await session.scalars(select(DeadEvent).order_by(DeadEvent.id)))

    async def pending(self) -> int:
        """Entries handed out and not acknowledged."""
        return int((await self.context.redis.xpending(self.stream_name, "workers"))["pending"])

    async def run_until_empty(self, *pipelines: Pipeline) -> None:
        """Run workers until the stream is empty."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(one.run(stop)) for one in pipelines]

        async def is_empty() -> bool:
            return await self.stream().length() == 0

        await until(is_empty)
        stop.set()
        await asyncio.gather(*tasks)

    async def add_agent(
        self, name: str, teams: Sequence[str], *, state: ShiftState = ShiftState.ON, capacity: int = 50
    ) -> int:
        """A person in these teams."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            organisation_id = await session.scalar(
                select(Workspace.organisation_id).where(Workspace.id == self.workspace_id)
            )
            agent = Agent(
                organisation_id=organisation_id, email=f"{uuid4().hex}@example.org", name=name,
                password_hash="-", shift_state=state, capacity=capacity,
            )  # fmt: skip
            session.add(agent)
            await session.flush()
            await self.join(session, agent.id, self.workspace_id, [self.team_ids[team] for team in teams])
            return agent.id

    async def join(self, session: AsyncSession, agent_id: int, workspace_id: int, team_ids: Sequence[int]) -> None:
        """Make the person a member of the workspace and of these teams."""
        agent = await session.get_one(Agent, agent_id)
        session.add(
            Membership(
                workspace_id=workspace_id, agent_id=agent_id, organisation_id=agent.organisation_id,
                role=Role.MODERATOR,
            )
        )  # fmt: skip
        await session.flush()
        session.add_all(TeamMember(workspace_id=workspace_id, team_id=team, agent_id=agent_id) for team in team_ids)
        await session.flush()


async def add_workspace(session: AsyncSession, organisation_id: int, channels: int) -> tuple[int, list[int]]:
    """A project with teams, rules and channels."""
    workspace = Workspace(organisation_id=organisation_id, name=f"w-{uuid4().hex}")
    session.add(workspace)
    await session.flush()
    await make_ready_rules(session, workspace.id)
    made = [
        Channel(
            workspace_id=workspace.id, platform=Platform.TELEGRAM, external_id=f"77-{uuid4().hex}", name="b",
            credentials_encrypted=b"-", key_fingerprint="----",
        )
        for _ in range(channels)
    ]  # fmt: skip
    session.add_all(made)
    await session.flush()
    return workspace.id, [channel.id for channel in made]


@asynccontextmanager
async def open_desk(servers: TestServers, *, channels: int = 1) -> AsyncIterator[Desk]:
    """A desk on a database of its own."""
    url = servers.clone()
    database = Database(url)
    redis = connect_redis(servers.redis_url)
    adapter = TelegramAdapter(wires=Wires(allow_private=True))
    context = Context(
        settings=Settings(tagger_threads=1), database=database, redis=redis,
        cipher=Cipher(Fernet.generate_key().decode()),
        adapters={Platform.TELEGRAM: adapter}, tagger=WordTagger(),
    )  # fmt: skip
    try:
        async with context.transaction(EVERY_WORKSPACE) as session:
            organisation = Organisation(name="o")
            session.add(organisation)
            await session.flush()
            workspace_id, channel_ids = await add_workspace(session, organisation.id, channels)
            teams = await session.execute(select(Team.purpose, Team.id).where(Team.workspace_id == workspace_id))
            team_ids = {str(purpose): team_id for purpose, team_id in teams}
        yield Desk(context, workspace_id, channel_ids, team_ids)
    finally:
        await adapter.close()
        await redis.aclose()
        await database.close()
        servers.drop(url)


def at(hour: int, minute: int = 0) -> datetime:
    """A moment of the tests' day."""
    return datetime.fromisoformat(f"2026-11-20T{hour:02}:{minute:02}:00+00:00")

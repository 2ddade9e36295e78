"""A company for tests over HTTP: two organisations, three projects, a person of each role, teams and channels.

Everything is real: a database of its own with real commits, the Telegram adapter (against the simulator, for tests
that ask for it) and the shipped classifier, loaded when first used.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import httpx
import uvicorn
from cryptography.fernet import Fernet
from fastapi import FastAPI
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.types import ASGIApp
from typing_extensions import override

from bots.adapters import LazyAdapters
from inbox.agents.models import Agent, TokenKind
from inbox.agents.passwords import hash_password
from inbox.agents.tokens import issue_token
from inbox.app import create_app
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus
from inbox.cli.running import KEPT_SECONDS
from inbox.conversations.tags import Alike, Explaining, OwnModel, Tagged, Tagger, Taught
from inbox.core.clock import utc_now
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE, Database
from inbox.core.secrets import Cipher
from inbox.core.settings import Settings
from inbox.core.web.cookies import SESSION
from inbox.core.web.csrf import HEADER, csrf_token
from inbox.organisations.models import Membership, Organisation, Role, Team, TeamMember, Workspace
from moderation.triage import load_tagger
from tests.servers import TestServers

PASSWORD = "a long enough password"
BASE_URL = "http://otklik.test"
NOWHERE = "http://127.0.0.1:9"
"""An API address at which nobody answers."""


class ShiftedClock:
    """The machine's clock, moved as far as a test says."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.offset

    def advance(self, length: timedelta) -> None:
        """Let time pass."""
        self.offset += length


class ShippedTagger:
    """The classifier that ships, loaded once a session and only by tests that tag."""

    @property
    def model_version(self) -> str:
        return shipped_tagger().model_version

    @property
    def figures(self) -> Mapping[str, object]:
        return shipped_tagger().figures

    def tag(self, texts: Sequence[str], own: OwnModel | None = None, *, hurried: bool = False) -> list[Tagged]:
        return shipped_tagger().tag(texts, own, hurried=hurried)

    def find_alike(self, text: str, wanted: Mapping[str, str], taught: Sequence[Taught] = ()) -> dict[str, Alike]:
        tagger = shipped_tagger()
        return tagger.find_alike(text, wanted, taught) if isinstance(tagger, Explaining) else {}


@lru_cache(maxsize=1)
def shipped_tagger() -> Tagger:
    """Loaded once."""
    return load_tagger()


@lru_cache(maxsize=1)
def password_hash() -> str:
    """Argon2 of PASSWORD, computed once: it is slow on purpose."""
    return hash_password(PASSWORD)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company with both ways in."""

    agent_id: int
    name: str
    email: str
    token: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Company:
    """`people` by name: owner, admin, moderator, colleague (another moderator, of the team «support»), sales, viewer in
    `workspace_id`; neighbour (owner of `second_id`, the same organisation); outsider (owner of `foreign_id`, another
    organisation). Sales is in the team «sales», moderator in «moderators».
    """

    context: Context
    app: FastAPI
    clock: ShiftedClock
    stop: asyncio.Event
    workspace_id: int
    second_id: int
    foreign_id: int
    people: Mapping[str, Person]
    team_ids: Mapping[str, int]
    channel_id: int
    second_channel_id: int
    foreign_channel_id: int
    clients: contextlib.AsyncExitStack = field(repr=False)

    async def client_of(self, name: str) -> httpx.AsyncClient:
        """A client with this person's bearer token."""
        return await self._client({"Authorization": f"Bearer {self.people[name].token}"})

    async def browser_of(self, name: str) -> httpx.AsyncClient:
        """A client with this person's cookie, which sends the CSRF token as the pages do."""
        cookie = f"{SESSION}={self.people[name].cookie}"
        return await self._client({"Cookie": cookie, HEADER: csrf_token_for(self.people[name].cookie)})

    async def guest(self) -> httpx.AsyncClient:
        """Nobody in particular."""
        return await self._client({})

    async def _client(self, headers: Mapping[str, str]) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        client = httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=dict(headers))
        return await self.clients.enter_async_context(client)


def csrf_token_for(cookie: str) -> str:
    """What the pages of a browser with this cookie carry."""
    headers = [(b"cookie", f"{SESSION}={cookie}".encode())]
    return csrf_token(Request({"type": "http", "method": "GET", "path": "/", "headers": headers}))


@contextlib.asynccontextmanager
async def open_context(
    servers: TestServers, settings: Settings | None = None, clock: ShiftedClock | None = None
) -> AsyncIterator[Context]:
    """A whole context on a database of its own and an emptied Redis."""
    url = servers.clone()
    database = Database(url)
    pool = BlockingConnectionPool.from_url(servers.redis_url, max_connections=32, timeout=20, decode_responses=True)
    redis = Redis.from_pool(pool)
    settings = settings or Settings(_env_file=None, base_url="https://otklik.test", channels_private=True)
    adapters = LazyAdapters(allow_private=settings.channels_private)
    try:
        await redis.flushdb()
        yield Context(
            settings=settings,
            database=database,
            redis=redis,
            cipher=Cipher(Fernet.generate_key().decode()),
            adapters=adapters,
            tagger=ShippedTagger(),
            clock=clock or ShiftedClock(),
        )
    finally:
        await adapters.close()
        await redis.aclose()
        await database.close()
        servers.drop(url)


@contextlib.asynccontextmanager
async def found_company(servers: TestServers, settings: Settings | None = None) -> AsyncIterator[Company]:
    """The company, in a context of its own."""
    clock, stop = ShiftedClock(), asyncio.Event()
    async with contextlib.AsyncExitStack() as clients, open_context(servers, settings, clock) as context:
        async with context.transaction(EVERY_WORKSPACE) as session:
            company = await _settle(session, context, clock, stop, clients)
        yield company


async def _settle(
    session: AsyncSession,
    context: Context,
    clock: ShiftedClock,
    stop: asyncio.Event,
    clients: contextlib.AsyncExitStack,
) -> Company:
    agency, foreign = Organisation(name="Агентство"), Organisation(name="Чужие")
    session.add_all([agency, foreign])
    await session.flush()
    lad = Workspace(organisation_id=agency.id, name="Мебель «Лад»")
    second = Workspace(organisation_id=agency.id, name="Кофейня «Зерно»")
    other = Workspace(organisation_id=foreign.id, name="Чужой бренд")
    session.add_all([lad, second, other])
    await session.flush()
    people = {
        name: await _hire(session, context, name, workspace, role)
        for name, workspace, role in (
            ("owner", lad, Role.OWNER),
            ("admin", lad, Role.ADMIN),
            ("moderator", lad, Role.MODERATOR),
            ("colleague", lad, Role.MODERATOR),
            ("sales", lad, Role.SALES),
            ("viewer", lad, Role.VIEWER),
            ("neighbour", second, Role.OWNER),
            ("outsider", other, Role.OWNER),
        )
    }
    team_ids: dict[str, int] = {}
    for purpose, member in (("sales", "sales"), ("support", "colleague"), ("moderators", "moderator")):
        team = Team(workspace_id=lad.id, name=purpose.capitalize(), purpose=purpose)
        session.add(team)
        await session.flush()
        session.add(TeamMember(workspace_id=lad.id, team_id=team.id, agent_id=people[member].agent_id))
        team_ids[purpose] = team.id
    channels = [
        await connect(session, context, workspace_id, external_id)
        for workspace_id, external_id in ((lad.id, "700001"), (second.id, "700002"), (other.id, "700003"))
    ]
    return Company(
        context, create_app(context, stop), clock, stop, lad.id, second.id, other.id, people, team_ids,
        channels[0].id, channels[1].id, channels[2].id, clients,
    )  # fmt: skip


async def _hire(session: AsyncSession, context: Context, name: str, workspace: Workspace, role: Role) -> Person:
    agent = Agent(
        organisation_id=workspace.organisation_id, email=f"{name}@otklik.test", name=name.capitalize(),
        password_hash=password_hash(), locale="en",
    )  # fmt: skip
    session.add(agent)
    await session.flush()
    session.add(
        Membership(organisation_id=workspace.organisation_id, workspace_id=workspace.id, agent_id=agent.id, role=role)
    )
    await session.flush()
    token = await issue_token(session, agent.id, TokenKind.API, context.clock())
    cookie = await issue_token(session, agent.id, TokenKind.COOKIE, context.clock())
    return Person(agent.id, agent.name, agent.email, token, cookie)


def bot_token(external_id: str) -> str:
    """A key as Telegram makes them."""
    return f"{external_id}:AA{'TestKeyOfBot' * 3}"[: len(external_id) + 36]


async def connect(
    session: AsyncSession, context: Context, workspace_id: int, external_id: str, api_url: str = NOWHERE
) -> Channel:
    """A channel as if it had been connected; its webhook secret is `hook-{external_id}`."""
    token = bot_token(external_id)
    channel = Channel(
        workspace_id=workspace_id, platform=Platform.TELEGRAM, external_id=external_id, name=f"Bot {external_id}",
        username=f"bot{external_id}", key_fingerprint=token[-4:], api_url=api_url, status=ChannelStatus.ACTIVE,
        credentials_encrypted=context.cipher.encrypt_fields(
            {"token": token, "webhook_secret": f"hook-{external_id}-secret"}
        ),
    )  # fmt: skip
    session.add(channel)
    await session.flush()
    return channel


def community_key(group_id: int) -> str:
    """A community's key as the simulator reads it."""
    return f"vk1.a.club{group_id}.testTESTtest"


def administrator_key(group_id: int) -> str:
    """The key of the community's administrator."""
    return f"vk1.a.user500001.club{group_id}.testTESTtest"


async def connect_community(
    session: AsyncSession, context: Context, workspace_id: int, group_id: int, api_url: str = NOWHERE
) -> Channel:
    """A VK community as if it had been connected with both keys; its webhook secret is `hook-{group_id}-secret`."""
    token = community_key(group_id)
    fields = {
        "token": token, "user_token": administrator_key(group_id), "webhook_secret": f"hook-{group_id}-secret",
    }  # fmt: skip
    channel = Channel(
        workspace_id=workspace_id, platform=Platform.VK, external_id=str(group_id), name=f"Club {group_id}",
        username=f"club{group_id}", key_fingerprint=token[-4:], api_url=api_url, status=ChannelStatus.NEW,
        credentials_encrypted=context.cipher.encrypt_fields(fields),
    )  # fmt: skip
    session.add(channel)
    await session.flush()
    return channel


class _Server(uvicorn.Server):
    """uvicorn inside a test: signals are the test runner's."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serve(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """The app behind a real socket, for streams; yields its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, timeout_graceful_shutdown=3,
        timeout_keep_alive=KEPT_SECONDS,
    )  # fmt: skip
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await serving

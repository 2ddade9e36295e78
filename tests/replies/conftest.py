"""A talk with one subscriber, a Telegram stand-in behind the channel, and deliveries that a test runs by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from aiohttp import web
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from inbox.agents.models import Agent
from inbox.channels.events import ConversationKind, Platform
from inbox.channels.models import Channel, ChannelStatus
from inbox.channels.status import set_status
from inbox.contacts.models import Contact, Identity
from inbox.conversations.models import Conversation, Delivery, Direction, Message
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import DeliverMessage
from inbox.core.pacing import Pacing
from inbox.organisations.models import Membership, Organisation, Role, Workspace
from inbox.replies.delivery import Deliveries
from inbox.replies.service import Draft, compose
from tests.company import open_context
from tests.servers import TestServers
from tests.serving import serving
from tests.telegram.wire_server import Reply, WireServer, ok

TOKEN = "700:AAsecretSECRETsecretSECRETsecret"
PERSON = "5001"
SENT_AT = int(datetime(2026, 11, 24, 12, 5, tzinfo=UTC).timestamp())


def telegram_message(message_id: int, chat_id: int = int(PERSON)) -> dict[str, object]:
    """What Telegram answers to sendMessage."""
    return {
        "message_id": message_id, "date": SENT_AT, "text": "…",
        "chat": {"id": chat_id, "type": "private", "first_name": "Анна"},
    }  # fmt: skip


def sent(message_id: int, chat_id: int = int(PERSON)) -> Reply:
    """A message that was sent."""
    return ok(telegram_message(message_id, chat_id))


@asynccontextmanager
async def telegram_stand_in() -> AsyncIterator[WireServer]:
    """A server that answers what a test tells it to."""
    telegram = WireServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/bot{token}/{method}", telegram.answer)
    async with serving(app) as address:
        telegram.url = address
        try:
            yield telegram
        finally:
            telegram.is_over.set()


@dataclass(slots=True)
class Talk:
    """A conversation with what is needed to answer in it."""

    context: Context
    telegram: WireServer
    deliveries: Deliveries
    workspace_id: int
    channel_id: int
    conversation_id: int
    agent_id: int

    async def reply(self, words: str = "Здравствуйте!", send_at: datetime | None = None) -> int:
        """Compose; returns the message's id."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            conversation = await session.get_one(Conversation, self.conversation_id)
            draft = Draft(words, send_at=send_at)
            message = await compose(session, conversation, self.agent_id, draft, self.context.clock())
            return message.id

    async def deliver(self, message_id: int) -> None:
        """Run the message's job once."""
        await self.deliveries.deliver(DeliverMessage(conversation_id=self.conversation_id, message_id=message_id))

    async def message(self, message_id: int) -> Message:
        """The row now."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Message, message_id)

    async def conversation(self) -> Conversation:
        """The row now."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Conversation, self.conversation_id)

    async def channel(self) -> Channel:
        """The row now."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Channel, self.channel_id)

    async def change(self, message_id: int, **values: object) -> None:
        """Put a row into a state."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            message = await session.get_one(Message, message_id)
            for name, value in values.items():
                setattr(message, name, value)

    async def set_status(self, status: ChannelStatus) -> None:
        """As a check or a receiver does."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            await set_status(
                session, await session.get_one(Channel, self.channel_id), status, None, self.context.clock()
            )

    async def add_outside_answer(self, external_id: str, words: str) -> int:
        """Our own message as an event of the platform shows it."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            message = Message(
                workspace_id=self.workspace_id, conversation_id=self.conversation_id, channel_id=self.channel_id,
                direction=Direction.OUTBOUND, external_id=external_id, text=words, outside=True,
                sent_at=self.context.clock(), delivery=Delivery.SENT,
            )  # fmt: skip
            session.add(message)
            await session.flush()
            return message.id

    async def make_group(self, chat: str) -> None:
        """The talk stands in a group."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            conversation = await session.get_one(Conversation, self.conversation_id)
            conversation.kind, conversation.chat_external_id = ConversationKind.GROUP, chat
            conversation.key = f"group:{chat}:-:{PERSON}"

    async def cut_off_database(self, *, is_away: bool) -> None:
        """Let nobody into the database, and throw out who is there; or let them in again."""
        name = make_url(self.context.database.url).database
        engine = create_async_engine(
            make_url(self.context.database.url).set(database="postgres"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            await connection.execute(
                text(f'alter database "{name}" allow_connections {"false" if is_away else "true"}')
            )
            if is_away:
                await connection.execute(
                    text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"), {"name": name}
                )
        await engine.dispose()

    async def job_messages(self) -> list[int]:
        """Messages that have a job, in the jobs' order."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(
                text("select (args->>'message_id')::bigint from procrastinate_jobs where status = 'todo' order by id")
            )
            return [int(one) for (one,) in rows]

    async def forget_jobs(self) -> None:
        """As if all jobs had run."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(text("delete from procrastinate_jobs"))


@pytest.fixture
async def telegram() -> AsyncIterator[WireServer]:
    async with telegram_stand_in() as server:
        yield server


@pytest.fixture
async def talk(servers: TestServers, telegram: WireServer) -> AsyncIterator[Talk]:
    async with open_context(servers) as context:
        yield await begin_talk(context, telegram)


async def begin_talk(context: Context, telegram: WireServer) -> Talk:
    """One organisation, one bot, one subscriber who asked something."""
    asked_at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    async with context.transaction(EVERY_WORKSPACE) as session:
        organisation = Organisation(name="Лад")
        session.add(organisation)
        await session.flush()
        workspace = Workspace(organisation_id=organisation.id, name="Лад")
        agent = Agent(organisation_id=organisation.id, email="a@lad.test", name="Аня", password_hash="-")
        session.add_all([workspace, agent])
        await session.flush()
        session.add(
            Membership(organisation_id=organisation.id, workspace_id=workspace.id, agent_id=agent.id, role=Role.OWNER)
        )
        channel = Channel(
            workspace_id=workspace.id, platform=Platform.TELEGRAM, external_id="700", name="Бот",
            credentials_encrypted=context.cipher.encrypt_fields({"token": TOKEN, "webhook_secret": "s"}),
            key_fingerprint="cret", api_url=telegram.url, status=ChannelStatus.ACTIVE,
        )  # fmt: skip
        contact = Contact(workspace_id=workspace.id, name="Анна")
        session.add_all([channel, contact])
        await session.flush()
        identity = Identity(
            workspace_id=workspace.id, channel_id=channel.id, contact_id=contact.id, external_id=PERSON, name="Анна",
        )  # fmt: skip
        session.add(identity)
        await session.flush()
        conversation = Conversation(
            workspace_id=workspace.id, channel_id=channel.id, contact_id=contact.id, identity_id=identity.id,
            kind=ConversationKind.DIRECT, key=f"direct:{PERSON}", chat_external_id=PERSON, started_at=asked_at,
            last_message_at=asked_at, last_inbound_at=asked_at,
        )  # fmt: skip
        session.add(conversation)
        await session.flush()
        session.add(
            Message(
                workspace_id=workspace.id, conversation_id=conversation.id, channel_id=channel.id,
                direction=Direction.INBOUND, external_id=f":{PERSON}:1", author_identity_id=identity.id,
                text="Сколько стоит?", sent_at=asked_at, needs_answer=True,
            )
        )  # fmt: skip
        ids = workspace.id, channel.id, conversation.id, agent.id
    return Talk(context, telegram, Deliveries(context, Pacing(context.redis)), *ids)

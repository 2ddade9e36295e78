"""A community with both keys on the simulator, its subscribers' talks, and deliveries that a test runs by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vk.adapter import VkAdapter
from bots.vk.wire import Wires
from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.channels.adapter import Upload
from inbox.channels.checking import run_check
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus
from inbox.conversations.access import access_message
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.jobs import carry_out
from inbox.conversations.models import Conversation, Message, ModerationAction
from inbox.conversations.pipeline import Pipeline
from inbox.conversations.review import Review, review
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import CheckChannel, DeleteDelivered, DeliverMessage, EditDelivered, ReviewMessage
from inbox.core.pacing import Pacing
from inbox.core.stream import IntakeStream
from inbox.organisations.models import Membership, Organisation, Role, Workspace
from inbox.replies.delivery import Deliveries
from inbox.replies.service import Draft, compose
from tests.company import open_context
from tests.desk import WordTagger, until
from tests.servers import TestServers
from tests.simulator.conftest import ANNA, Json
from tests.simulator.conftest import address as address
from tests.simulator.conftest import clock as clock
from tests.simulator.conftest import quiet as quiet
from tests.simulator.vk.conftest import GROUP, OWN_TOKEN, PATIENT, USER_TOKEN, VkLine
from tests.simulator.vk.conftest import vk as vk


@dataclass(slots=True)
class VkDesk:
    """The channel of a community, and what is needed to answer its subscribers."""

    context: Context
    line: VkLine
    workspace_id: int
    channel_id: int
    agent_id: int
    poll: Json = field(default_factory=dict)

    @property
    def deliveries(self) -> Deliveries:
        """A worker's."""
        return Deliveries(self.context, Pacing(self.context.redis))

    async def take_events(self) -> None:
        """All that VK tells goes through intake, as a receiver and a worker would bring it."""
        answer = await self.line.events(self.poll)
        self.poll["ts"] = answer["ts"]
        updates = answer["updates"]
        assert isinstance(updates, list)
        await self.bring(updates)

    async def bring(self, updates: Sequence[Json]) -> None:
        """These events, in this order."""
        stream = IntakeStream(self.context.redis, "one", f"test:vk:{self.channel_id}")
        await stream.ensure_group()
        for update in updates:
            await stream.add(self.channel_id, self.context.clock(), "test", update)
        pipeline = Pipeline(self.context, stream, _route)
        stop = asyncio.Event()
        running = asyncio.create_task(pipeline.run(stop))

        async def is_empty() -> bool:
            return await stream.length() == 0

        try:
            await until(is_empty)
        finally:
            stop.set()
            await running

    async def events(self) -> list[Json]:
        """What VK tells since the last time, not stored."""
        answer = await self.line.events(self.poll)
        self.poll["ts"] = answer["ts"]
        updates = answer["updates"]
        assert isinstance(updates, list)
        return updates

    async def talk(
        self, words: str = "Сколько стоит?", kind: str = "direct", author: int = ANNA, **body: object
    ) -> int:
        """A subscriber writes and it is stored; the conversation's id."""
        await self.line.says(words, kind, author, **body)
        await self.take_events()
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            found = await session.scalar(
                select(Message.conversation_id).where(Message.text == words).order_by(Message.id.desc()).limit(1)
            )
            assert found is not None
            return found

    async def reply(self, conversation_id: int, words: str = "Пять тысяч", uploads: Sequence[Upload] = ()) -> int:
        """Compose; the message's id."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            conversation = await session.get_one(Conversation, conversation_id)
            draft = Draft(words, uploads=uploads)
            return (await compose(session, conversation, self.agent_id, draft, self.context.clock())).id

    async def deliver(self, message_id: int) -> None:
        """Run the message's job once."""
        message = await self.message(message_id)
        job = DeliverMessage(conversation_id=message.conversation_id, message_id=message_id)
        await self.deliveries.deliver(job)

    async def bring_edit(self, message_id: int) -> None:
        """Run the edit's job once."""
        message = await self.message(message_id)
        await self.deliveries.edit(EditDelivered(conversation_id=message.conversation_id, message_id=message_id))

    async def bring_deletion(self, message_id: int) -> None:
        """Run the deletion's job once."""
        message = await self.message(message_id)
        await self.deliveries.delete(DeleteDelivered(conversation_id=message.conversation_id, message_id=message_id))

    async def last(self, conversation_id: int) -> int:
        """The newest message of a conversation."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            found = await session.scalar(
                select(Message.id)
                .where(Message.conversation_id == conversation_id)
                .order_by(Message.id.desc())
                .limit(1)
            )
            assert found is not None
            return found

    async def ask_review(self, message_id: int, wanted: Review) -> ReviewMessage:
        """Asked by the owner; the job that is to carry it out."""
        context = self.context
        async with context.transaction(frozenset({self.workspace_id})) as session:
            message, conversation = await access_message(session, owner(self), message_id, lock=True)
            row = await review(session, context.adapters, owner(self), message, conversation, wanted, context.clock())
            return ReviewMessage(conversation_id=conversation.id, review_id=row.id)

    async def carry_out(self, job: ReviewMessage) -> None:
        """Run a review's job once."""
        await carry_out(self.context, Pacing(self.context.redis), job)

    async def review(self, message_id: int, wanted: Review) -> None:
        """Asked, then carried out."""
        job = await self.ask_review(message_id, wanted)
        await self.forget_jobs()
        await self.carry_out(job)

    async def newest_review(self) -> ModerationAction:
        """The row now."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            row = await session.scalar(select(ModerationAction).order_by(ModerationAction.id.desc()).limit(1))
            assert row is not None
            return row

    async def called(self, method: str) -> int:
        """How often the simulator was asked for it, by what is no probe of a check."""
        calls = (await self.line.client.get("/sim/calls")).json()["items"]
        nobody = {"0", "2147483647"}
        about = [call["params"] for call in calls if call["method"] == method]
        return sum(
            nobody.isdisjoint({params.get(name) for name in ("owner_id", "post_id", "comment_id")}) for params in about
        )

    async def message(self, message_id: int) -> Message:
        """The row now."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Message, message_id)

    async def conversation(self, conversation_id: int) -> Conversation:
        """The row now."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Conversation, conversation_id)

    async def ours(self) -> list[Message]:
        """All that our side wrote, as stored."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.scalars(select(Message).where(Message.direction == "outbound").order_by(Message.id))
            return list(rows)

    async def channel(self) -> Channel:
        """The row now."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Channel, self.channel_id)

    async def check(self) -> None:
        """What the keys can do is asked."""
        await run_check(self.context, CheckChannel(channel_id=self.channel_id))

    async def jobs(self) -> list[tuple[str, Mapping[str, object]]]:
        """Names and payloads of the jobs that wait, in order."""
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(
                text("select task_name, args from procrastinate_jobs where status = 'todo' order by id")
            )
            return [(name, args if isinstance(args, dict) else json.loads(args)) for name, args in rows]

    async def change_key(self, token: str) -> None:
        """The community has another key from now on; nobody has checked it."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            channel = await session.get_one(Channel, self.channel_id)
            keys = self.context.cipher.decrypt_fields(channel.credentials_encrypted)
            channel.credentials_encrypted = self.context.cipher.encrypt_fields({**keys, "token": token})

    @asynccontextmanager
    async def replacing_keys(self, method: str) -> AsyncIterator[None]:
        """The keys of what begins now are replaced by ours once VK has been asked for the method."""
        await self.change_key(f"vk1.a.club{GROUP}.olderTESTsecret")

        async def replace_it() -> None:
            await until(lambda: self._is_asked(method))
            await self.change_key(OWN_TOKEN)

        replacing = asyncio.create_task(replace_it())
        yield
        await replacing

    async def _is_asked(self, method: str) -> bool:
        return await self.called(method) > 0

    async def forget_jobs(self) -> None:
        """As if all jobs had run."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(text("delete from procrastinate_jobs"))

    async def heard(self, author: int = ANNA) -> list[str]:
        """The texts that a subscriber sees from us."""
        return [str(one["text"]) for one in await self.line.hears(author) if not one["deleted"]]


def owner(desk: VkDesk) -> Caller:
    """Who may do everything."""
    roles = {desk.workspace_id: Role.OWNER}
    return Caller(desk.agent_id, 1, "Аня", "a@lad.test", "ru", "auto", 1, roles, frozenset(), frozenset())


async def _route(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation], now: datetime
) -> None:
    """No rules."""


@pytest.fixture
async def desk(servers: TestServers, vk: VkLine) -> AsyncIterator[VkDesk]:
    async with open_vk_desk(servers, vk) as desk:
        await desk.check()
        yield desk


@asynccontextmanager
async def open_vk_desk(
    servers: TestServers, line: VkLine, *, user_token: str | None = USER_TOKEN
) -> AsyncIterator[VkDesk]:
    """With or without an administrator's key."""
    adapter = VkAdapter(wires=Wires(PATIENT, allow_private=True))
    try:
        async with open_context(servers) as telegram_only:
            context = replace(telegram_only, adapters={Platform.VK: adapter}, tagger=WordTagger())
            async with context.transaction(EVERY_WORKSPACE) as session:
                ids = await _settle(session, context, line.url, user_token)
            poll = await line.result("groups.getLongPollServer", group_id=GROUP)
            assert isinstance(poll, dict)
            yield VkDesk(context, line, *ids, poll=poll)
    finally:
        await adapter.close()


async def _settle(
    session: AsyncSession, context: Context, api_url: str, user_token: str | None
) -> tuple[int, int, int]:
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
    keys = {"token": OWN_TOKEN, "webhook_secret": "s", **({"user_token": user_token} if user_token else {})}
    channel = Channel(
        workspace_id=workspace.id, platform=Platform.VK, external_id=str(GROUP), name="Лад",
        credentials_encrypted=context.cipher.encrypt_fields(keys), key_fingerprint="cret", api_url=api_url,
        status=ChannelStatus.ACTIVE,
    )  # fmt: skip
    session.add(channel)
    await session.flush()
    return workspace.id, channel.id, agent.id

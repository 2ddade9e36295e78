"""Our people by a check: the platform's list of administrators says who is ours, and who no longer."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, text, update

from inbox.channels.events import Author, ConversationKind
from inbox.channels.models import ChannelChat
from inbox.channels.schemas import ChannelOut
from inbox.channels.service import run_check
from inbox.channels.standing import note_chats
from inbox.contacts.models import Identity
from inbox.contacts.service import Seen, set_ours, store_identities
from inbox.conversations.models import Conversation, Direction, Message
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import CheckChannel
from tests.company import Company
from tests.web.test_channels import TOKEN, create, simulate

pytestmark = pytest.mark.outside
FORMER = "777001"


async def group_of(simulator: str) -> tuple[str, set[str]]:
    """A group that the bot serves, with its administrators."""
    await simulate(simulator, "say", kind="group", author={"id": 901, "name": "Пётр"}, text="есть кто?")
    async with httpx.AsyncClient(base_url=simulator) as phone:
        updates = (await phone.get(f"/bot{TOKEN}/getUpdates")).json()["result"]
        group = str(next(one["message"]["chat"]["id"] for one in updates if "message" in one))
        found = (await phone.get(f"/bot{TOKEN}/getChatAdministrators", params={"chat_id": group})).json()["result"]
    return group, {str(one["user"]["id"]) for one in found} - {"810001"}


async def serve_chats(company: Company, channel: ChannelOut, *chats: str) -> None:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        session.add_all(
            ChannelChat(workspace_id=company.workspace_id, channel_id=channel.id, external_id=chat,
                        changed_at=company.clock())
            for chat in chats
        )  # fmt: skip


async def write(company: Company, channel: ChannelOut, group: str, person: str) -> tuple[int, int]:
    """A person wrote in the group an hour ago; the ids of the message and its conversation."""
    at = company.clock() - timedelta(hours=1)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        seen = Seen(company.workspace_id, channel.id, Author(person, "Кто-то"), at)
        one = (await store_identities(session, [seen]))[channel.id, person]
        conversation = Conversation(
            workspace_id=company.workspace_id, channel_id=channel.id, contact_id=one.contact_id,
            identity_id=one.identity_id, kind=ConversationKind.GROUP, key=f"group:{group}:-:{person}",
            chat_external_id=group, started_at=at, last_message_at=at, needs_answer=True,
        )  # fmt: skip
        session.add(conversation)
        await session.flush()
        message = Message(
            workspace_id=company.workspace_id, conversation_id=conversation.id, channel_id=channel.id,
            direction=Direction.INBOUND, author_identity_id=one.identity_id, external_id=f":{group}:{person}",
            text="Пять тысяч", sent_at=at, needs_answer=True,
        )  # fmt: skip
        session.add(message)
        await session.flush()
        return message.id, conversation.id


async def check(company: Company, channel: ChannelOut) -> dict[str, Identity]:
    """Check; the channel's people afterwards."""
    await run_check(company.context, CheckChannel(channel_id=channel.id))
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        people = await session.scalars(select(Identity).where(Identity.channel_id == channel.id))
        return {one.external_id: one for one in people}


async def test_what_administrators_wrote_before_the_first_check_is_no_request(company: Company, simulator: str) -> None:
    channel = await create(company, simulator)
    group, administrators = await group_of(simulator)
    await serve_chats(company, channel, group)
    message_id, conversation_id = await write(company, channel, group, min(administrators))
    await check(company, channel)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        message = await session.get_one(Message, message_id)
        conversation = await session.get_one(Conversation, conversation_id)
    assert (message.direction, message.outside, message.needs_answer) == (Direction.OUTBOUND, True, False)
    assert not conversation.needs_answer


async def test_checks_add_no_words_about_who_is_known(company: Company, simulator: str) -> None:
    channel = await create(company, simulator)
    group, administrators = await group_of(simulator)
    await serve_chats(company, channel, group)
    people = await check(company, channel)
    for _ in range(2):
        company.clock.advance(timedelta(minutes=5))
        people = await check(company, channel)
    assert administrators
    assert {len(people[one].ours_words) for one in administrators} == {1}


async def test_who_is_listed_no_more_is_ours_no_more_unless_a_chat_kept_silent(
    company: Company, simulator: str
) -> None:
    channel = await create(company, simulator)
    group, administrators = await group_of(simulator)
    await serve_chats(company, channel, group, "-4242")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        seen = Seen(company.workspace_id, channel.id, Author(FORMER, "Бывший"), company.clock())
        await store_identities(session, [seen])
        await set_ours(session, channel.id, FORMER, company.clock() - timedelta(days=1), is_ours=True)
    company.clock.advance(timedelta(minutes=5))
    people = await check(company, channel)  # -4242 is refused: its administrators are not known
    assert people[FORMER].is_ours
    company.clock.advance(timedelta(minutes=5))
    people = await check(company, channel)  # by now it is known that the bot has left it
    assert not people[FORMER].is_ours
    assert all(people[one].is_ours for one in administrators)


async def test_a_channel_without_chats_forgets_nobody(company: Company, simulator: str) -> None:
    channel = await create(company, simulator)
    group, administrators = await group_of(simulator)
    await serve_chats(company, channel, group)
    await check(company, channel)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(ChannelChat).values(is_member=False))
    people = await check(company, channel)
    assert all(people[one].is_ours for one in administrators)


async def test_a_chat_that_people_write_in_has_the_channel_looked_at_again(company: Company, simulator: str) -> None:
    channel = await create(company, simulator)
    group, _ = await group_of(simulator)
    _, conversation_id = await write(company, channel, group, "901")
    waiting = text("select count(*) from procrastinate_jobs where task_name = 'inbox.channels.check'")
    counts: list[int] = []
    for _ in range(3):
        async with company.context.database.session(EVERY_WORKSPACE) as session:
            counts.append(await session.scalar(waiting) or 0)
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            await note_chats(session, [await session.get_one(Conversation, conversation_id)])
    assert [count - counts[0] for count in counts] == [0, 1, 1], "a chat that is known asks no more"
    await check(company, channel)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        chat = await session.scalar(select(ChannelChat).where(ChannelChat.external_id == group))
    assert chat is not None
    assert "delete" in chat.can_act

"""A reply in VK is heard exactly once, whatever is lost on the way."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from inbox.channels.account import account_of
from inbox.channels.adapter import Act, Upload
from inbox.channels.events import AttachmentKind, ConversationKind, Platform
from inbox.channels.models import ChannelStatus
from inbox.conversations.models import Conversation, Delivery, Direction, Message, MessageEdit, MessageKind
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PlatformError, SecondKeyWaitsError, TemporaryRefusalError
from inbox.core.events import DeliverMessage, NamePeople
from inbox.replies import service
from inbox.replies.cancelling import cancel_edit
from inbox.replies.claims import claim
from inbox.replies.outcomes import Outcome, outcome_of
from inbox.replies.random_ids import message_ids_of, random_id_of
from inbox.replies.settling import settle
from tests.simulator.conftest import ANNA, Json
from tests.simulator.vk.conftest import OWN_TOKEN
from tests.vk_answers.conftest import VkDesk


async def _lose(desk: VkDesk, method: str, when: str = "after", times: int = 3) -> None:
    """The answer of so many calls is lost, their effect happens or not."""
    await desk.line.vk("fault", method=method, error="drop", when=when, times=times)


async def test_a_message_is_heard_once_and_its_echo_is_the_same_row(desk: VkDesk) -> None:
    conversation_id = await desk.talk()
    message_id = await desk.reply(conversation_id)
    await desk.deliver(message_id)
    await desk.take_events()
    message = await desk.message(message_id)
    assert message.delivery is Delivery.SENT
    assert message.external_id is not None
    assert [one.id for one in await desk.ours()] == [message_id]
    assert await desk.heard() == ["Пять тысяч"]
    assert not (await desk.conversation(conversation_id)).needs_answer


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "method"), [("direct", "messages.send"), ("comment", "wall.createComment")])
async def test_a_lost_answer_is_asked_for_again_with_the_same_id(
    desk: VkDesk, kind: str, method: str, when: str
) -> None:
    conversation_id = await desk.talk(kind=kind)
    message_id = await desk.reply(conversation_id)
    await _lose(desk, method, when)
    with pytest.raises(TemporaryRefusalError):
        await desk.deliver(message_id)
    assert (await desk.message(message_id)).delivery is Delivery.QUEUED
    await desk.deliver(message_id)
    await desk.take_events()
    assert (await desk.message(message_id)).delivery is Delivery.SENT
    assert [one.id for one in await desk.ours()] == [message_id]
    assert await desk.heard() == ["Пять тысяч"]


async def test_an_echo_says_that_a_message_arrived_whose_answer_was_lost(desk: VkDesk) -> None:
    conversation_id = await desk.talk()
    message_id = await desk.reply(conversation_id)
    await _lose(desk, "messages.send")
    with pytest.raises(TemporaryRefusalError):
        await desk.deliver(message_id)
    await desk.take_events()
    message = await desk.message(message_id)
    assert (message.delivery, message.failure) == (Delivery.SENT, None)
    assert not (await desk.conversation(conversation_id)).needs_answer
    await desk.deliver(message_id)
    assert await desk.heard() == ["Пять тысяч"]
    assert [one.id for one in await desk.ours()] == [message_id]


async def test_an_own_comment_that_comes_as_an_event_first_becomes_the_reply(desk: VkDesk) -> None:
    conversation_id = await desk.talk(kind="comment")
    message_id = await desk.reply(conversation_id)
    await _lose(desk, "wall.createComment")
    with pytest.raises(TemporaryRefusalError):
        await desk.deliver(message_id)
    await desk.take_events()
    assert [one.outside for one in await desk.ours()] == [False, True]
    await desk.deliver(message_id)
    assert [(one.id, one.outside, one.delivery) for one in await desk.ours()] == [(message_id, False, Delivery.SENT)]
    assert await desk.heard() == ["Пять тысяч"]


async def test_an_own_comment_has_the_time_that_vk_told_whichever_came_first(desk: VkDesk) -> None:
    message_id = await desk.reply(await desk.talk(kind="comment"))
    await _lose(desk, "wall.createComment")
    with pytest.raises(TemporaryRefusalError):
        await desk.deliver(message_id)
    (event,) = await desk.events()
    _comment_of(event)["date"] = told = int(desk.context.clock().timestamp()) - 7
    await desk.bring([event])
    await desk.deliver(message_id)
    assert (await desk.message(message_id)).sent_at.timestamp() == told


async def test_an_answer_to_a_mention_leaves_no_empty_conversation_behind(desk: VkDesk) -> None:
    """Its comment comes as an event first, in a thread of its own: nobody else has commented."""
    await desk.line.vk("post", text="Новая коллекция")
    (post,) = await desk.events()
    about = _comment_of(post)
    await desk.bring([{**post, "object": {**about, "from_id": ANNA, "text": "Сколько стоит доставка?"}}])
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        (mention,) = await session.scalars(select(Conversation.id))
    message_id = await desk.reply(mention)
    await _lose(desk, "wall.createComment")
    with pytest.raises(TemporaryRefusalError):
        await desk.deliver(message_id)
    await desk.take_events()
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(select(func.count()).select_from(Conversation)) == 2
    await desk.deliver(message_id)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        assert list(await session.scalars(select(Conversation.id))) == [mention]


def _comment_of(event: Json) -> Json:
    """What an event is about."""
    about = event["object"]
    assert isinstance(about, dict)
    return about


@pytest.mark.parametrize("is_echoed", [False, True])
async def test_a_question_in_the_second_of_our_answer_waits(desk: VkDesk, *, is_echoed: bool) -> None:
    conversation_id = await desk.talk()
    message_id = await desk.reply(conversation_id)
    await desk.deliver(message_id)
    if is_echoed:
        await desk.take_events()
    else:
        await desk.events()
    answered_at = (await desk.message(message_id)).sent_at
    await desk.line.says("А доставка когда?")
    (event,) = await desk.events()
    said = _comment_of(event)["message"]
    assert isinstance(said, dict)
    said["date"] = int(answered_at.timestamp())
    await desk.bring([event])
    assert (await desk.conversation(conversation_id)).needs_answer


@pytest.mark.parametrize("is_first", [False, True], ids=["echo comes after", "echo comes first"])
async def test_our_clock_that_is_ahead_gives_way_to_the_time_that_vk_tells(desk: VkDesk, *, is_first: bool) -> None:
    conversation_id = await desk.talk()
    message_id = await desk.reply(conversation_id)
    claimed = await claim(desk.context, message_id)
    assert claimed is not None
    sent = await desk.context.adapters[Platform.VK].send(claimed.account, claimed.outgoing)
    ahead = replace(sent, sent_at=sent.sent_at + timedelta(minutes=1))
    if is_first:
        await desk.take_events()
    await settle(desk.context, claimed, Outcome(Delivery.SENT, sent=ahead))
    if not is_first:
        await desk.take_events()
    assert (await desk.message(message_id)).sent_at < ahead.sent_at
    await asyncio.sleep(1.1)
    await desk.line.says("А доставка когда?")
    await desk.take_events()
    assert (await desk.conversation(conversation_id)).needs_answer


async def test_the_echo_of_an_auto_reply_is_no_other_version_of_it(desk: VkDesk) -> None:
    conversation_id = await desk.talk()
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        conversation = await session.get_one(Conversation, conversation_id)
        message = Message(
            workspace_id=conversation.workspace_id, conversation_id=conversation_id, channel_id=desk.channel_id,
            direction=Direction.OUTBOUND, kind=MessageKind.AUTO_REPLY, text="Мы закрыты", delivery=Delivery.QUEUED,
            sent_at=desk.context.clock(),
        )  # fmt: skip
        session.add(message)
    await desk.deliver(message.id)
    (event,) = await desk.events()
    said = _comment_of(event)["message"] if "message" in _comment_of(event) else _comment_of(event)
    assert isinstance(said, dict)
    said["date"] = told = int(desk.context.clock().timestamp()) + 5
    await desk.bring([event])
    assert (await desk.message(message.id)).sent_at.timestamp() == told
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        assert list(await session.scalars(select(MessageEdit.text))) == []


@pytest.mark.parametrize("error", [KeyRefusedError("revoked"), SecondKeyWaitsError("captcha")])
async def test_what_an_old_key_was_refused_is_tried_with_the_new_one(desk: VkDesk, error: PlatformError) -> None:
    message_id = await desk.reply(await desk.talk())
    await desk.change_key("old")
    claimed = await claim(desk.context, message_id)
    assert claimed is not None
    await desk.change_key(OWN_TOKEN)
    await desk.forget_jobs()
    await settle(desk.context, claimed, outcome_of(error))
    channel, message = await desk.channel(), await desk.message(message_id)
    assert (channel.status, channel.user_key_reason) == (ChannelStatus.ACTIVE, None)
    assert (message.delivery, message.failure) == (Delivery.QUEUED, None)
    assert [name for name, _ in await desk.jobs()] == [DeliverMessage.name]
    await desk.deliver(message_id)
    assert await desk.heard() == ["Пять тысяч"]


async def test_a_run_that_was_killed_while_sending_is_repeated_at_once(desk: VkDesk) -> None:
    message_id = await desk.reply(await desk.talk())
    dead = await claim(desk.context, message_id)
    assert dead is not None
    await desk.context.adapters[Platform.VK].send(dead.account, dead.outgoing)
    await desk.deliver(message_id)
    assert (await desk.message(message_id)).delivery is Delivery.SENT
    assert await desk.heard() == ["Пять тысяч"]


async def test_what_was_cancelled_and_had_arrived_is_taken_back(desk: VkDesk) -> None:
    message_id = await desk.reply(await desk.talk())
    await _lose(desk, "messages.send")
    with pytest.raises(TemporaryRefusalError):
        await desk.deliver(message_id)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await service.delete(session, await session.get_one(Message, message_id), desk.context.clock())
    await desk.forget_jobs()
    await desk.take_events()
    assert [name for name, _ in await desk.jobs() if name != NamePeople.name] == ["inbox.replies.delete"]
    await desk.bring_deletion(message_id)
    assert await desk.heard() == []


async def test_photos_go_into_messages_and_own_messages_are_edited(desk: VkDesk) -> None:
    photo = Upload(AttachmentKind.PHOTO, "вид.jpg", "image/jpeg", b"bytes")
    message_id = await desk.reply(await desk.talk(), uploads=[photo])
    await desk.deliver(message_id)
    (heard,) = await desk.line.hears()
    assert heard["media"]
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        message = await session.get_one(Message, message_id)
        await service.edit(session, message, "Шесть тысяч", desk.context.clock())
    await desk.bring_edit(message_id)
    assert await desk.heard() == ["Шесть тысяч"]
    (heard,) = await desk.line.hears()
    assert heard["media"], "files stay"


async def test_an_edit_made_in_vk_that_we_hear_of_late_is_what_a_cancelled_one_gives_way_to(desk: VkDesk) -> None:
    message_id = await desk.reply(await desk.talk(kind="comment"))
    await desk.deliver(message_id)
    (posted,) = await desk.events()
    await desk.bring([posted])
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        message = await session.get_one(Message, message_id)
        await service.edit(session, message, "Шесть тысяч", desk.context.clock() + timedelta(hours=1))
        message.failure = "Отказано"
    comment = posted["object"]
    assert isinstance(comment, dict)
    in_vk = {**posted, "type": "wall_reply_edit", "event_id": "edit", "object": {**comment, "text": "Семь тысяч"}}
    await desk.bring([in_vk])
    assert (await desk.message(message_id)).text == "Шесть тысяч", "ours is the newer one, and waits"
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await cancel_edit(session, await session.get_one(Message, message_id))
    assert (await desk.message(message_id)).text == "Семь тысяч"


async def test_a_key_is_paced_by_its_own_rate_whichever_channels_share_it(desk: VkDesk) -> None:
    adapter, channel = desk.context.adapters[Platform.VK], await desk.channel()
    account = account_of(channel, desk.context.cipher)
    (sending,) = adapter.buckets(account, Act.SEND, ConversationKind.COMMENT, "-1")
    (deleting,) = adapter.buckets(account, Act.DELETE, ConversationKind.COMMENT, "-1")
    (taking_back,) = adapter.buckets(account, Act.DELETE, ConversationKind.DIRECT, "1")
    assert (sending.rate, deleting.rate) == (20.0, 3.0)
    assert taking_back == sending != deleting
    assert account.token not in sending.name


def test_random_ids_are_found_back_and_begin_elsewhere_for_each_channel(desk: VkDesk) -> None:
    now = desk.context.clock()
    for message_id in (1, 77, 2_147_483_646, 2_147_483_647, 3_000_000_000):
        random_id = random_id_of(message_id, desk.channel_id, now)
        assert 0 < random_id < 2**31
        assert message_id in message_ids_of(random_id, desk.channel_id, now)
    assert random_id_of(1, 1, now) != random_id_of(1, 2, now)

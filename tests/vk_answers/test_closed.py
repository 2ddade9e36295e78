"""Where no answer goes out: comments that VK lets no program answer, and posts that take no comments."""

import pytest
from sqlalchemy import select

from bots.vk import reasons
from inbox.channels.adapter import Act
from inbox.conversations.access import access_conversation
from inbox.conversations.models import Delivery, Message, MessageKind, Post
from inbox.conversations.panel.opened import Opened, load_opened
from inbox.conversations.post_jobs import bring_comments_open
from inbox.conversations.post_settings import PostChange, change_post
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError
from inbox.core.events import OpenComments
from inbox.core.pacing import Pacing
from inbox.replies.service import Draft
from inbox.replies.writing import write
from tests.simulator.vk.conftest import GROUP
from tests.vk_answers.conftest import VkDesk, owner

BORIS = 600_002
PLACES = {
    "photo_comment_new": {"photo_owner_id": -GROUP, "photo_id": 11},
    "video_comment_new": {"video_owner_id": -GROUP, "video_id": 11},
    "market_comment_new": {"market_owner_id": -GROUP, "item_id": 11},
    "board_post_new": {"topic_owner_id": -GROUP, "topic_id": 11},
}


async def _open(desk: VkDesk, conversation_id: int) -> Opened:
    async with desk.context.database.session(frozenset({desk.workspace_id})) as session:
        conversation = await access_conversation(session, owner(desk), conversation_id)
        return await load_opened(session, owner(desk), conversation, desk.context.adapters, desk.context.clock())


async def _wish_comments(desk: VkDesk, post_id: int, *, are_open: bool) -> None:
    context = desk.context
    async with context.transaction(frozenset({desk.workspace_id})) as session:
        post = await session.get_one(Post, post_id)
        await change_post(
            session, context.adapters, owner(desk), post, PostChange(comments_open=are_open), context.clock()
        )


@pytest.mark.parametrize("kind", sorted(PLACES))
async def test_a_comment_that_no_key_can_answer_says_why_and_where_it_can_be_answered(desk: VkDesk, kind: str) -> None:
    body = {"id": 4, "from_id": BORIS, "date": int(desk.context.clock().timestamp()), "text": "Сколько?"}
    await desk.bring([{"type": kind, "object": {**body, **PLACES[kind]}, "group_id": GROUP, "event_id": kind}])
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        conversation_id = await session.scalar(select(Message.conversation_id).where(Message.text == "Сколько?"))
    assert conversation_id is not None
    opened = await _open(desk, conversation_id)
    assert opened.silent_because == reasons.ONLY_IN_VK
    assert opened.may_note
    assert opened.url is not None
    assert opened.url.startswith("https://vk.com/")
    assert "11" in opened.url
    assert Act.DELETE not in opened.refusals or opened.refusals[Act.DELETE] == reasons.ONLY_IN_VK
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        common = (session, desk.context.adapters, owner(desk), conversation_id)
        with pytest.raises(ConflictError, match="open it in VK"):
            await write(*common, Draft("Пять тысяч"), desk.context.clock())
        note, _ = await write(*common, Draft("Ответила в ВК", note=True), desk.context.clock())
    assert note.kind is MessageKind.NOTE


async def test_a_post_that_takes_no_comments_says_so_in_all_its_conversations_until_it_is_opened(desk: VkDesk) -> None:
    first = await desk.talk("Почём?", kind="comment")
    second = await desk.talk("А доставка?", kind="comment", author=BORIS)
    post_id = (await desk.conversation(first)).post_id
    assert post_id is not None
    assert post_id == (await desk.conversation(second)).post_id
    assert not (await _open(desk, second)).is_closed_for_comments
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        number = str((await session.get_one(Post, post_id)).external_id).rsplit(":", 1)[-1]
    await desk.line.result("wall.closeComments", owner_id=-GROUP, post_id=number)
    message_id = await desk.reply(first)
    await desk.deliver(message_id)
    refused = await desk.message(message_id)
    assert (refused.delivery, refused.failure) == (Delivery.FAILED, reasons.COMMENTS_CLOSED)
    for conversation_id in (first, second):
        opened = await _open(desk, conversation_id)
        assert opened.is_closed_for_comments
        assert opened.silent_because is None
        assert opened.comments_obstacle is None

    await _wish_comments(desk, post_id, are_open=True)
    # A refusal that comes while the wish is on its way takes nothing back.
    early = await desk.reply(second)
    await desk.deliver(early)
    assert (await desk.message(early)).delivery is Delivery.FAILED
    assert not (await _open(desk, second)).is_closed_for_comments
    await bring_comments_open(desk.context, Pacing(desk.context.redis), OpenComments(post_id=post_id))
    late = await desk.reply(second)
    await desk.deliver(late)
    assert (await desk.message(late)).delivery is Delivery.SENT

"""Moderation in VK with both keys and with the community's alone: refusals say why, what waits is done later."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bots.vk import reasons
from inbox.channels.adapter import Act, Offence
from inbox.channels.models import ChannelStatus
from inbox.channels.status import set_status
from inbox.conversations.access import access_conversation
from inbox.conversations.models import Attachment, Delivery, Post, ReviewAction, ReviewState
from inbox.conversations.possible import find_obstacles
from inbox.conversations.post_jobs import bring_comments_open
from inbox.conversations.post_settings import PostChange, change_post
from inbox.conversations.review import Review, find_standing
from inbox.conversations.reviewing import load_progress, review_many
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError
from inbox.core.events import OpenComments, ReviewMessage
from inbox.core.pacing import Pacing
from inbox.replies import writing
from tests.servers import TestServers
from tests.simulator.conftest import ANNA
from tests.simulator.vk.conftest import GROUP, USER_TOKEN, VkLine
from tests.vk_answers.conftest import VkDesk, open_vk_desk, owner


@pytest.fixture
async def poor_desk(servers: TestServers, vk: VkLine) -> AsyncIterator[VkDesk]:
    """With the community's key alone, checked."""
    async with open_vk_desk(servers, vk, user_token=None) as desk:
        await desk.check()
        yield desk


async def test_a_comment_is_deleted_with_a_copy_kept_and_restored(desk: VkDesk) -> None:
    conversation_id = await desk.talk("Заработок", kind="comment", media=["photo"])
    message_id = await desk.last(conversation_id)
    await desk.review(message_id, Review(ReviewAction.DELETE, "Реклама"))
    assert (await desk.message(message_id)).deleted_at is not None
    row = await desk.newest_review()
    assert (row.state, row.text, row.reason, row.agent_id) == (ReviewState.DONE, "Заработок", "Реклама", desk.agent_id)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        copies = list(await session.scalars(select(Attachment.content).where(Attachment.message_id == message_id)))
    assert [bool(copy) for copy in copies] == [True]
    await desk.review(message_id, Review(ReviewAction.RESTORE, ""))
    assert (await desk.message(message_id)).deleted_at is None
    calls = [call["method"] for call in (await desk.line.client.get("/sim/calls")).json()["items"]]
    assert [name for name in calls if name.startswith("wall.")][-2:] == ["wall.deleteComment", "wall.restoreComment"]


async def test_a_ban_carries_the_reason_and_is_lifted(desk: VkDesk) -> None:
    message_id = await desk.last(await desk.talk("Дурак!", kind="comment"))
    await desk.review(message_id, Review(ReviewAction.BAN, "оскорбления", offence=Offence.INSULTS))
    await desk.review(message_id, Review(ReviewAction.UNBAN, ""))
    calls = {call["method"]: call["params"] for call in (await desk.line.client.get("/sim/calls")).json()["items"]}
    assert (calls["groups.ban"]["reason"], calls["groups.ban"]["comment"]) == ("2", "оскорбления")
    assert calls["groups.unban"]["owner_id"] == str(ANNA)


async def test_many_are_banned_with_vks_reason_and_deleted_with_the_way_back(desk: VkDesk) -> None:
    messages = [await desk.last(await desk.talk("Дурак!", kind="comment", author=who)) for who in (ANNA, ANNA + 1)]
    caller, scope = owner(desk), frozenset({desk.workspace_id})
    wanted = Review(ReviewAction.BAN, "оскорбления", offence=Offence.INSULTS)
    banned = await review_many(desk.context, caller, scope, [*messages, 10**9], wanted)
    assert (list(banned.asked), list(banned.undoable), list(banned.refused)) == (messages, messages, [10**9])
    deleted = await review_many(desk.context, caller, scope, messages, Review(ReviewAction.DELETE, ""))
    assert list(deleted.undoable) == messages, "VK restores comments"
    jobs = [ReviewMessage.model_validate(args) for name, args in await desk.jobs() if name == ReviewMessage.name]
    for job in jobs:
        await desk.carry_out(job)
    calls = (await desk.line.client.get("/sim/calls")).json()["items"]
    bans = [call["params"] for call in calls if call["method"] == "groups.ban" and call["params"].get("comment")]
    assert [(one["owner_id"], one["reason"], one["comment"]) for one in bans] == [
        (str(who), "2", "оскорбления") for who in (ANNA, ANNA + 1)
    ]
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        ids = [*banned.asked.values(), *deleted.asked.values()]
        progress = await load_progress(session, caller, ids, desk.context.clock())
    assert (dict(progress.counts), progress.is_at_work) == ({ReviewState.DONE: 4}, False)


async def test_what_vk_says_of_a_ban_later_is_what_the_panel_offers(desk: VkDesk) -> None:
    conversation_id = await desk.talk("Дурак!", kind="comment")
    identity_id = (await desk.conversation(conversation_id)).identity_id

    async def is_banned() -> bool:
        async with desk.context.database.session(EVERY_WORKSPACE) as session:
            return (await find_standing(session, identity_id, desk.context.clock()))[0]

    assert not await is_banned()
    elsewhere = {"group_id": GROUP, "owner_id": ANNA}
    await desk.line.result("groups.ban", USER_TOKEN, **elsewhere)
    await desk.take_events()
    assert await is_banned()
    await desk.review(await desk.last(conversation_id), Review(ReviewAction.UNBAN, ""))
    assert not await is_banned()
    await desk.review(await desk.last(conversation_id), Review(ReviewAction.BAN, ""))
    assert await is_banned()
    await desk.take_events()
    await desk.line.result("groups.unban", USER_TOKEN, **elsewhere)
    await desk.take_events()
    assert not await is_banned()


async def test_a_warning_is_an_answer(desk: VkDesk) -> None:
    conversation_id = await desk.talk("Продам гараж", kind="comment")
    message_id = await desk.last(conversation_id)
    await desk.review(message_id, Review(ReviewAction.WARN, "Пожалуйста, без рекламы."))
    await desk.deliver(await desk.last(conversation_id))
    assert await desk.heard() == ["Пожалуйста, без рекламы."]


async def test_without_an_administrators_key_each_act_says_why_it_is_off(poor_desk: VkDesk) -> None:
    desk = poor_desk
    conversation_id = await desk.talk("Спам", kind="comment")
    message_id = await desk.last(conversation_id)
    for action in (ReviewAction.DELETE, ReviewAction.BAN, ReviewAction.MUTE):
        with pytest.raises(ConflictError, match="administrator's key"):
            await desk.review(message_id, Review(action, ""))
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        conversation = await access_conversation(session, owner(desk), conversation_id)
        obstacles = await find_obstacles(session, desk.context.adapters, conversation, Act)
    assert obstacles.keys() == {
        Act.EDIT, Act.DELETE, Act.TAKE_BACK, Act.RESTORE, Act.BAN, Act.RESTRICT, Act.ATTACH,
    }  # fmt: skip
    assert obstacles[Act.ATTACH] == reasons.ATTACHMENTS_NEED_USER_KEY


async def test_under_a_photo_nothing_can_be_done_but_in_vk(desk: VkDesk) -> None:
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        conversation = await access_conversation(session, owner(desk), await desk.talk("Ого", kind="comment"))
        conversation.thread_external_id = "photo:-1:5"
        obstacles = await find_obstacles(session, desk.context.adapters, conversation, (Act.SEND, Act.DELETE, Act.BAN))
    assert obstacles == {Act.SEND: reasons.ONLY_IN_VK, Act.DELETE: reasons.ONLY_IN_VK}


async def test_what_a_dead_key_refuses_waits_and_is_done_when_it_lives_again(desk: VkDesk) -> None:
    conversation_id = await desk.talk("Вопрос")
    message_id = await desk.reply(conversation_id, "Ответ")
    await desk.deliver(message_id)
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        await writing.delete(session, desk.context.adapters, owner(desk), message_id, desk.context.clock())
    await desk.line.vk("fault", method="messages.delete", error=5)
    await desk.bring_deletion(message_id)
    message = await desk.message(message_id)
    assert (message.delivery, message.deleted_at is not None, message.failure) == (
        Delivery.SENT, True, reasons.KEY_REVOKED,
    )  # fmt: skip
    assert (await desk.channel()).status is ChannelStatus.ATTENTION
    comment_id = await desk.last(await desk.talk("Спам", kind="comment"))
    await desk.review(comment_id, Review(ReviewAction.DELETE, ""))
    assert (await desk.newest_review()).state is ReviewState.WAITING
    await desk.forget_jobs()
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(type(await desk.channel()), desk.channel_id)
        await set_status(session, channel, ChannelStatus.ACTIVE, None, desk.context.clock())
    assert [name for name, _ in await desk.jobs()] == ["inbox.replies.delete", "inbox.conversations.review"]
    await desk.bring_deletion(message_id)
    assert await desk.heard() == []
    assert (await desk.message(message_id)).failure is None


async def test_a_deletion_that_an_old_key_was_refused_is_brought_with_the_new_one(desk: VkDesk) -> None:
    message_id = await desk.reply(await desk.talk("Вопрос"), "Ответ")
    await desk.deliver(message_id)
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        await writing.delete(session, desk.context.adapters, owner(desk), message_id, desk.context.clock())
    await desk.forget_jobs()
    await desk.line.vk("fault", method="messages.delete", error=5, delay_ms=1500)
    async with desk.replacing_keys("messages.delete"):
        await desk.bring_deletion(message_id)
    assert (await desk.channel()).status is ChannelStatus.ACTIVE
    assert [name for name, _ in await desk.jobs()] == ["inbox.replies.delete"]
    await desk.bring_deletion(message_id)
    assert await desk.heard() == []
    assert (await desk.message(message_id)).failure is None


async def test_comments_of_a_post_are_closed_and_opened_with_the_communitys_key(poor_desk: VkDesk) -> None:
    desk, context = poor_desk, poor_desk.context
    await desk.line.vk("post", text="Новая коллекция")
    await desk.take_events()
    for is_open in (False, True):
        async with context.transaction(frozenset({desk.workspace_id})) as session:
            post = (await session.scalars(select(Post).where(Post.external_id.is_not(None)).limit(1))).one()
            wanted = PostChange(comments_open=is_open)
            await change_post(session, context.adapters, owner(desk), post, wanted, context.clock())
        await bring_comments_open(context, Pacing(context.redis), OpenComments(post_id=post.id))
    calls = [call["method"] for call in (await desk.line.client.get("/sim/calls")).json()["items"]]
    assert [name for name in calls if name.endswith("Comments")][-2:] == ["wall.closeComments", "wall.openComments"]
    await desk.line.vk("fault", method="wall.closeComments", error=15)
    async with context.transaction(frozenset({desk.workspace_id})) as session:
        post = await session.get_one(Post, post.id)
        await change_post(
            session, context.adapters, owner(desk), post, PostChange(comments_open=False), context.clock()
        )
    await bring_comments_open(context, Pacing(context.redis), OpenComments(post_id=post.id))
    async with context.database.session(EVERY_WORKSPACE) as session:
        post = await session.get_one(Post, post.id)
    assert post.comments_open
    assert post.comments_failure


async def test_a_wish_about_comments_that_an_old_key_was_refused_is_tried_with_the_new_one(desk: VkDesk) -> None:
    context = desk.context
    await desk.line.vk("post", text="Новая коллекция")
    await desk.take_events()
    async with context.transaction(frozenset({desk.workspace_id})) as session:
        post = (await session.scalars(select(Post).where(Post.external_id.is_not(None)).limit(1))).one()
        wanted = PostChange(comments_open=False)
        await change_post(session, context.adapters, owner(desk), post, wanted, context.clock())
    await desk.forget_jobs()
    job = OpenComments(post_id=post.id)
    await desk.line.vk("fault", method="wall.closeComments", error=5, delay_ms=1500)
    async with desk.replacing_keys("wall.closeComments"):
        await bring_comments_open(context, Pacing(context.redis), job)
    async with context.database.session(EVERY_WORKSPACE) as session:
        post = await session.get_one(Post, post.id)
    assert (post.comments_open, post.comments_failure) == (False, None)
    assert (await desk.channel()).status is ChannelStatus.ACTIVE
    assert [name for name, _ in await desk.jobs()] == [OpenComments.name]


async def test_a_captcha_parks_the_reply_until_a_person_has_solved_it(desk: VkDesk) -> None:
    message_id = await desk.reply(await desk.talk())
    await desk.line.vk("fault", method="messages.send", error=14)
    await desk.deliver(message_id)
    channel = await desk.channel()
    assert (channel.status, channel.status_reason) == (ChannelStatus.ATTENTION, reasons.CAPTCHA)
    assert (await desk.message(message_id)).delivery is Delivery.QUEUED
    await desk.forget_jobs()
    await desk.check()
    assert [args["message_id"] for name, args in await desk.jobs() if name == "inbox.replies.deliver"] == [message_id]
    await desk.deliver(message_id)
    assert await desk.heard() == ["Пять тысяч"]


@pytest.mark.parametrize(
    ("code", "reason"), [(901, reasons.NOT_ALLOWED_TO_WRITE), (902, reasons.PRIVACY), (950, reasons.REPLY_TIMED_OUT)]
)
async def test_who_may_not_be_written_to_is_marked_until_they_write(desk: VkDesk, code: int, reason: str) -> None:
    conversation_id = await desk.talk()
    message_id = await desk.reply(conversation_id)
    await desk.line.vk("fault", method="messages.send", error=code)
    await desk.deliver(message_id)
    message = await desk.message(message_id)
    assert (message.delivery, message.failure) == (Delivery.FAILED, reason)
    with pytest.raises(ConflictError, match="write first"):
        await desk.reply(conversation_id)
    await desk.line.says("Я тут")
    updates = await desk.events()
    for update in updates:
        said = update["object"]
        assert isinstance(said, dict)
        said["message"]["date"] += 5
    await desk.bring(updates)
    assert await desk.reply(conversation_id)


async def test_our_message_that_is_gone_in_vk_is_not_shown_again_when_its_deletion_is_refused(desk: VkDesk) -> None:
    message_id = await desk.reply(await desk.talk("Ого", kind="comment"), "Спасибо!")
    await desk.deliver(message_id)
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        await writing.delete(session, desk.context.adapters, owner(desk), message_id, desk.context.clock())
    comment_id = ((await desk.message(message_id)).external_id or "").rpartition(":")[2]
    await desk.line.result("wall.deleteComment", USER_TOKEN, owner_id=-GROUP, comment_id=comment_id)
    await desk.take_events()
    await desk.line.vk("fault", method="wall.deleteComment", error=15, times=1)
    await desk.bring_deletion(message_id)
    message = await desk.message(message_id)
    assert message.failure is not None
    assert message.deleted_at is not None

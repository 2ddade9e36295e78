"""A captcha asked of the administrator: its acts wait for a person, are done once or taken back; the rest goes on."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bots.vk import reasons
from inbox.channels.adapter import Upload
from inbox.channels.events import AttachmentKind
from inbox.channels.models import Channel, ChannelStatus
from inbox.channels.status import CHECK_AGAIN_AFTER, queue_checks, set_user_key_reason
from inbox.conversations.models import Activity, Delivery, Message, ReviewAction, ReviewState
from inbox.conversations.review import Review
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import DeliverMessage, ReviewMessage
from inbox.replies import writing
from inbox.replies.service import resend
from tests.simulator.conftest import ANNA
from tests.simulator.vk.conftest import GROUP, USER_TOKEN
from tests.vk_answers.conftest import VkDesk, owner

CAPTCHA = 14
REVIEW = "inbox.conversations.review"
PHOTO = Upload(AttachmentKind.PHOTO, "диван.jpg", "image/jpeg", b"\xff\xd8\xff\xe0" + b"0" * 64)


async def want_captcha(desk: VkDesk, method: str, times: int = 1) -> None:
    await desk.line.vk("fault", method=method, error=CAPTCHA, times=times)


async def is_banned(desk: VkDesk) -> bool:
    """As VK has it."""
    found = await desk.line.result("groups.getBanned", USER_TOKEN, group_id=GROUP)
    assert isinstance(found, dict)
    return str(ANNA) in str(found["items"])


async def review_jobs(desk: VkDesk) -> list[ReviewMessage]:
    return [ReviewMessage.model_validate(args) for name, args in await desk.jobs() if name == REVIEW]


async def solve(desk: VkDesk) -> list[ReviewMessage]:
    """A person solved it in VK and has the channel checked; the jobs that this brought."""
    await desk.forget_jobs()
    await desk.check()
    return await review_jobs(desk)


async def park_a_ban(desk: VkDesk) -> int:
    """The message whose author was to be banned."""
    message_id = await desk.last(await desk.talk("Дурак!", kind="comment"))
    await want_captcha(desk, "groups.ban")
    await desk.review(message_id, Review(ReviewAction.BAN, "оскорбления"))
    return message_id


async def test_an_act_waits_for_the_captcha_and_is_done_once_when_it_is_solved(desk: VkDesk) -> None:
    await park_a_ban(desk)
    row, channel = await desk.newest_review(), await desk.channel()
    assert (row.state, row.failure) == (ReviewState.WAITING, reasons.USER_KEY_CAPTCHA)
    assert (channel.status, channel.user_key_reason) == (ChannelStatus.ACTIVE, reasons.USER_KEY_CAPTCHA)
    assert await review_jobs(desk) == []
    assert not await is_banned(desk)
    (job,) = await solve(desk)
    assert (await desk.channel()).user_key_reason is None
    await desk.carry_out(job)
    await desk.carry_out(job)
    assert (await desk.newest_review()).state is ReviewState.DONE
    assert await desk.called("groups.ban") == 2, "refused once, done once"
    assert await is_banned(desk)
    assert await solve(desk) == []


async def test_what_is_asked_meanwhile_waits_without_asking_vk_again(desk: VkDesk) -> None:
    await park_a_ban(desk)
    message_id = await desk.last(await desk.talk("Спам", kind="comment"))
    await desk.review(message_id, Review(ReviewAction.DELETE, ""))
    assert (await desk.newest_review()).state is ReviewState.WAITING
    assert (await desk.message(message_id)).deleted_at is not None
    assert await desk.called("wall.deleteComment") == 0
    jobs = await solve(desk)
    assert [job.review_id for job in jobs] == sorted(job.review_id for job in jobs)
    assert len(jobs) == 2
    for job in jobs:
        await desk.carry_out(job)
    assert (await desk.called("wall.deleteComment"), await desk.called("groups.ban")) == (1, 2)


async def test_answers_leave_while_the_administrators_key_waits(desk: VkDesk) -> None:
    await park_a_ban(desk)
    message_id = await desk.reply(await desk.talk("Сколько?"))
    await desk.deliver(message_id)
    assert (await desk.message(message_id)).delivery is Delivery.SENT


async def test_a_check_that_meets_the_captcha_keeps_everything_waiting(desk: VkDesk) -> None:
    await park_a_ban(desk)
    await want_captcha(desk, "groups.ban")
    assert await solve(desk) == []
    channel = await desk.channel()
    assert channel.user_key_reason == reasons.USER_KEY_CAPTCHA
    (ban,) = [one for one in channel.capabilities if one["name"] == "ban"]
    assert (ban["allowed"], ban["reason"]) == (True, reasons.USER_KEY_CAPTCHA), "it can be asked for: it waits"
    assert len(await solve(desk)) == 1


async def test_the_channel_is_looked_at_again_by_itself(desk: VkDesk) -> None:
    await park_a_ban(desk)
    await desk.forget_jobs()
    now = desk.context.clock()
    for later, found in ((CHECK_AGAIN_AFTER / 2, 0), (CHECK_AGAIN_AFTER + timedelta(seconds=1), 1)):
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            assert await queue_checks(session, now + later) == found


@pytest.mark.parametrize(
    ("action", "opposite", "method"),
    [
        (ReviewAction.BAN, ReviewAction.UNBAN, "groups.ban"),
        (ReviewAction.MUTE, ReviewAction.UNMUTE, "groups.ban"),
        (ReviewAction.DELETE, ReviewAction.RESTORE, "wall.deleteComment"),
    ],
)
async def test_what_waits_is_taken_back_and_never_done(
    desk: VkDesk, action: ReviewAction, opposite: ReviewAction, method: str
) -> None:
    conversation_id = await desk.talk("Дурак!", kind="comment")
    message_id = await desk.last(conversation_id)
    await want_captcha(desk, method)
    await desk.review(message_id, Review(action, ""))
    waiting = await desk.newest_review()
    taken_back = await desk.ask_review(message_id, Review(opposite, ""))
    row = await desk.newest_review()
    assert (row.id, row.state, taken_back.review_id) == (waiting.id, ReviewState.CANCELLED, waiting.id)
    assert (await desk.message(message_id)).deleted_at is None
    assert await solve(desk) == []
    await desk.carry_out(taken_back)
    assert (await desk.called(method), await desk.called("groups.unban")) == (1, 0)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        kinds = list(await session.scalars(select(Activity.kind).where(Activity.conversation_id == conversation_id)))
    assert "review_cancelled" in kinds


async def test_our_comments_deletion_and_photos_under_a_comment_wait_too(desk: VkDesk) -> None:
    conversation_id = await desk.talk("Ого", kind="comment")
    said = await desk.reply(conversation_id, "Спасибо!")
    await desk.deliver(said)
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        await writing.delete(session, desk.context.adapters, owner(desk), said, desk.context.clock())
    await want_captcha(desk, "wall.deleteComment")
    await desk.bring_deletion(said)
    shown = await desk.reply(conversation_id, "Вот он", [PHOTO])
    await want_captcha(desk, "photos.getWallUploadServer")
    await desk.deliver(shown)
    assert (await desk.message(said)).failure == reasons.USER_KEY_CAPTCHA
    message = await desk.message(shown)
    assert (message.delivery, message.failure) == (Delivery.QUEUED, reasons.USER_KEY_CAPTCHA)
    await solve(desk)
    assert [name for name, _ in await desk.jobs()] == ["inbox.replies.deliver", "inbox.replies.delete"]
    await desk.bring_deletion(said)
    await desk.deliver(shown)
    assert (await desk.message(said)).failure is None
    assert (await desk.message(shown)).delivery is Delivery.SENT
    assert await desk.called("wall.createComment") == 2


async def park_a_photo(desk: VkDesk, conversation_id: int) -> int:
    """An answer under a comment whose photo the administrator's key could not bring."""
    message_id = await desk.reply(conversation_id, "Вот он", [PHOTO])
    await want_captcha(desk, "photos.getWallUploadServer", times=5)
    await desk.deliver(message_id)
    await desk.forget_jobs()
    return message_id


async def replies_with_a_job(desk: VkDesk) -> list[object]:
    return [args["message_id"] for name, args in await desk.jobs() if name == DeliverMessage.name]


async def test_an_answer_behind_a_photo_that_waits_is_parked_with_it_and_leaves_behind_it(desk: VkDesk) -> None:
    conversation_id = await desk.talk("Ого", kind="comment")
    shown = await park_a_photo(desk, conversation_id)
    said = await desk.reply(conversation_id, "Спасибо!")
    await desk.forget_jobs()
    await desk.deliver(said)
    message = await desk.message(said)
    assert (message.delivery, message.failure) == (Delivery.QUEUED, reasons.USER_KEY_CAPTCHA)
    assert await replies_with_a_job(desk) == []
    assert await desk.called("photos.getWallUploadServer") == 1, "VK is not asked again until somebody solved it"
    await desk.line.vk("heal")
    await solve(desk)
    assert await replies_with_a_job(desk) == [shown, said]
    for message_id in (shown, said):
        await desk.deliver(message_id)
    assert await desk.heard() == ["Вот он", "Спасибо!"]
    assert (await desk.message(said)).failure is None


async def test_an_answer_goes_on_when_the_photo_before_it_is_not_wanted_any_more(desk: VkDesk) -> None:
    conversation_id = await desk.talk("Ого", kind="comment")
    shown = await park_a_photo(desk, conversation_id)
    said = await desk.reply(conversation_id, "Спасибо!")
    await desk.deliver(said)
    await desk.forget_jobs()
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        await writing.delete(session, desk.context.adapters, owner(desk), shown, desk.context.clock())
    assert await replies_with_a_job(desk) == [said]
    await desk.deliver(said)
    assert await desk.heard() == ["Спасибо!"]


async def test_an_answer_behind_one_that_has_its_job_needs_no_captcha(desk: VkDesk) -> None:
    """The earlier one failed and is sent again: its job stands behind that of the later one."""
    conversation_id = await desk.talk("Ого", kind="comment")
    await park_a_ban(desk)
    again = await desk.reply(conversation_id, "Спасибо!")
    await desk.line.vk("fault", method="wall.createComment", error=222)
    await desk.deliver(again)
    assert (await desk.message(again)).delivery is Delivery.FAILED
    await desk.forget_jobs()
    said = await desk.reply(conversation_id, "Ждём вас")
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await resend(session, await session.get_one(Message, again))
    await desk.deliver(said)
    assert await replies_with_a_job(desk) == [said, again, again, said]
    for message_id in (again, said):
        await desk.deliver(message_id)
    assert await desk.heard() == ["Спасибо!", "Ждём вас"]


async def test_a_deletion_that_parks_while_the_captcha_is_solved_is_brought_all_the_same(desk: VkDesk) -> None:
    said = await desk.reply(await desk.talk("Ого", kind="comment"), "Спасибо!")
    await desk.deliver(said)
    await park_a_ban(desk)
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        await writing.delete(session, desk.context.adapters, owner(desk), said, desk.context.clock())
    await desk.forget_jobs()
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, desk.channel_id)
        await set_user_key_reason(session, channel, None, desk.context.clock())
        # What was parked has been looked for; that the key works is not committed yet.
        parking = asyncio.create_task(desk.bring_deletion(said))
        await asyncio.wait({parking}, timeout=1)
    await parking
    assert "inbox.replies.delete" in [name for name, _ in await desk.jobs()]
    await desk.bring_deletion(said)
    assert (await desk.message(said)).failure is None
    assert await desk.called("wall.deleteComment") == 1


async def test_a_captcha_asked_of_an_old_key_keeps_nothing_waiting(desk: VkDesk) -> None:
    message_id = await desk.last(await desk.talk("Дурак!", kind="comment"))
    job = await desk.ask_review(message_id, Review(ReviewAction.BAN, ""))
    await desk.forget_jobs()
    await desk.line.vk("fault", method="groups.ban", error=CAPTCHA, delay_ms=1500)
    async with desk.replacing_keys("groups.ban"):
        await desk.carry_out(job)
    row = await desk.newest_review()
    assert (row.state, row.failure) == (ReviewState.ASKED, None)
    assert (await desk.channel()).user_key_reason is None
    assert await review_jobs(desk) == [job]
    await desk.carry_out(job)
    assert await is_banned(desk)


async def test_a_key_that_is_revoked_meanwhile_refuses_what_waited(desk: VkDesk) -> None:
    await park_a_ban(desk)
    await desk.line.vk("fault", method="groups.ban", error=5, times=2)
    (job,) = await solve(desk)
    await desk.carry_out(job)
    row = await desk.newest_review()
    assert (row.state, row.failure) == (ReviewState.REFUSED, reasons.USER_KEY_REVOKED)

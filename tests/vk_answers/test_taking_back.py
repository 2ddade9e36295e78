"""What waits for the administrator's key is taken back: all of it, and no more than that."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from inbox.channels.adapter import Offence
from inbox.conversations.access import access_conversation, access_message
from inbox.conversations.corrections import CorrectedTags, correct_tags
from inbox.conversations.models import Correction, Message, ModerationAction, ReviewAction, ReviewState, Tags
from inbox.conversations.panel.opened import Waiting, load_opened
from inbox.conversations.review import Review, take_back
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError
from tests.simulator.conftest import ANNA
from tests.simulator.vk.conftest import GROUP, USER_TOKEN
from tests.vk_answers.conftest import VkDesk, owner
from tests.vk_answers.test_captcha import is_banned, solve, want_captcha

BAN, UNBAN = ReviewAction.BAN, ReviewAction.UNBAN
WAITING, CANCELLED, DONE = ReviewState.WAITING, ReviewState.CANCELLED, ReviewState.DONE


async def comment(desk: VkDesk, words: str = "Дурак!") -> int:
    return await desk.last(await desk.talk(words, kind="comment"))


async def delete_in_vk(desk: VkDesk, message_id: int) -> None:
    """An administrator does, and VK tells it."""
    comment_id = ((await desk.message(message_id)).external_id or "").rpartition(":")[2]
    await desk.line.result("wall.deleteComment", USER_TOKEN, owner_id=-GROUP, comment_id=comment_id)
    await desk.take_events()


async def press(desk: VkDesk, message_id: int, taken_back_by: ReviewAction) -> None:
    """The notice's button."""
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        message, conversation = await access_message(session, owner(desk), message_id, lock=True)
        await take_back(session, owner(desk), message, conversation, taken_back_by, desk.context.clock())


async def reviews(desk: VkDesk) -> list[tuple[ReviewAction, ReviewState]]:
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.scalars(select(ModerationAction).order_by(ModerationAction.id))
        return [(row.action, row.state) for row in rows]


async def tags(desk: VkDesk, message_id: int) -> Tags:
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.scalars(select(Tags).where(Tags.message_id == message_id))).one()


async def standing(desk: VkDesk, message_id: int) -> tuple[object, ...]:
    """All that a person's word changes, and how many words there are."""
    one, held = await tags(desk, message_id), (await desk.message(message_id)).held
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        words = await session.scalar(select(func.count()).where(Correction.message_id == message_id))
    return one.intent, one.sentiment, one.toxic, one.unsure, one.corrected_by_id, one.corrected_at, held, words


async def suspect(desk: VkDesk, message_id: int) -> None:
    """Triage takes it for spam and a rule flagged it; were it none, it would be a lead."""
    chances = {"intent": {"spam": 0.6, "lead": 0.3}}
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Message).where(Message.id == message_id).values(held=True))
        spam = update(Tags).where(Tags.message_id == message_id).values(intent=Intent.SPAM, probabilities=chances)
        await session.execute(spam)


async def waiting_in(desk: VkDesk, conversation_id: int) -> tuple[Waiting, ...]:
    """As the open conversation says it."""
    async with desk.context.database.session(frozenset({desk.workspace_id})) as session:
        conversation = await access_conversation(session, owner(desk), conversation_id)
        return (
            await load_opened(session, owner(desk), conversation, desk.context.adapters, desk.context.clock())
        ).waiting


async def test_a_comment_that_is_gone_in_vk_meanwhile_is_not_shown_again(desk: VkDesk) -> None:
    message_id = await comment(desk)
    await want_captcha(desk, "wall.deleteComment")
    await desk.review(message_id, Review(ReviewAction.DELETE, ""))
    await delete_in_vk(desk, message_id)
    await press(desk, message_id, ReviewAction.RESTORE)
    assert await reviews(desk) == [(ReviewAction.DELETE, CANCELLED)]
    assert (await desk.message(message_id)).deleted_at is not None


async def test_nor_is_it_when_vk_refuses_our_deletion(desk: VkDesk) -> None:
    message_id = await comment(desk)
    job = await desk.ask_review(message_id, Review(ReviewAction.DELETE, ""))
    await delete_in_vk(desk, message_id)
    await desk.line.vk("fault", method="wall.deleteComment", error=15, times=1)
    await desk.carry_out(job)
    assert await reviews(desk) == [(ReviewAction.DELETE, ReviewState.REFUSED)]
    assert (await desk.message(message_id)).deleted_at is not None


@pytest.mark.parametrize("offence", [Offence.SPAM, Offence.INSULTS])
async def test_what_a_deletion_accused_of_is_taken_back_with_it(desk: VkDesk, offence: Offence) -> None:
    message_id = await comment(desk, "Сколько стоит?")
    before = await standing(desk, message_id)
    await want_captcha(desk, "wall.deleteComment")
    await desk.review(message_id, Review(ReviewAction.DELETE, "", offence=offence))
    accused = await tags(desk, message_id)
    assert accused.intent is Intent.SPAM or accused.toxic
    await desk.ask_review(message_id, Review(ReviewAction.RESTORE, ""))
    assert await standing(desk, message_id) == before
    assert (await desk.message(message_id)).deleted_at is None


@pytest.mark.parametrize(("action", "undoing"), [(ReviewAction.DELETE, ReviewAction.RESTORE), (BAN, UNBAN)])
async def test_undoing_leaves_spam_suspicious_as_it_was_and_teaches_nothing(
    desk: VkDesk, action: ReviewAction, undoing: ReviewAction
) -> None:
    message_id = await comment(desk, "Заработок в интернете")
    await suspect(desk, message_id)
    before = await standing(desk, message_id)
    await desk.review(message_id, Review(action, ""))
    assert (await standing(desk, message_id))[-1] == 1, "removing it confirms the tags"
    await desk.review(message_id, Review(undoing, "", is_undo=True))
    assert await standing(desk, message_id) == before


async def test_what_a_person_said_after_the_deletion_stays(desk: VkDesk) -> None:
    message_id = await comment(desk, "Заработок в интернете")
    await suspect(desk, message_id)
    await desk.review(message_id, Review(ReviewAction.DELETE, ""))
    async with desk.context.transaction(frozenset({desk.workspace_id})) as session:
        message, conversation = await access_message(session, owner(desk), message_id, lock=True)
        said = CorrectedTags(intent=Intent.LEAD)
        await correct_tags(session, owner(desk), message, conversation, said, desk.context.clock())
    await desk.review(message_id, Review(ReviewAction.RESTORE, ""))
    assert ((await tags(desk, message_id)).intent, (await standing(desk, message_id))[-1]) == (Intent.LEAD, 2)


async def test_a_ban_that_was_asked_for_twice_is_taken_back_whole(desk: VkDesk) -> None:
    first = await comment(desk)
    second = await desk.last(await desk.talk("Сам дурак"))
    await want_captcha(desk, "groups.ban")
    for message_id in (first, second):
        await desk.review(message_id, Review(BAN, ""))
    await desk.ask_review(first, Review(UNBAN, ""))
    assert await reviews(desk) == [(BAN, CANCELLED), (BAN, CANCELLED)]
    assert await solve(desk) == []
    assert not await is_banned(desk)


async def test_a_new_ban_replaces_the_end_of_one_that_waits(desk: VkDesk) -> None:
    message_id = await comment(desk)
    await desk.review(message_id, Review(BAN, "", timedelta(hours=1)))
    await want_captcha(desk, "groups.unban")
    await desk.review(message_id, Review(UNBAN, ""))
    await desk.review(message_id, Review(BAN, "снова"))
    assert await reviews(desk) == [(BAN, DONE), (UNBAN, CANCELLED), (BAN, WAITING)]
    (job,) = await solve(desk)
    await desk.carry_out(job)
    assert await desk.called("groups.ban") == 2
    assert await is_banned(desk)


async def test_the_end_of_a_ban_that_stands_is_asked_for_though_a_second_one_waits(desk: VkDesk) -> None:
    message_id = await comment(desk)
    await desk.review(message_id, Review(BAN, "", timedelta(hours=1)))
    await want_captcha(desk, "groups.ban")
    await desk.review(message_id, Review(BAN, ""))
    await desk.review(message_id, Review(UNBAN, ""))
    assert await reviews(desk) == [(BAN, DONE), (BAN, CANCELLED), (UNBAN, WAITING)]
    (job,) = await solve(desk)
    await desk.carry_out(job)
    assert not await is_banned(desk)


async def test_the_button_takes_back_the_end_of_a_ban_and_asks_for_no_other_ban(desk: VkDesk) -> None:
    message_id = await comment(desk)
    await desk.review(message_id, Review(BAN, ""))
    await want_captcha(desk, "groups.unban")
    await desk.review(message_id, Review(UNBAN, ""))
    await press(desk, message_id, BAN)
    assert await reviews(desk) == [(BAN, DONE), (UNBAN, CANCELLED)]
    with pytest.raises(ConflictError, match="no longer waits"):
        await press(desk, message_id, BAN)
    assert len(await reviews(desk)) == 2


async def test_a_persons_conversations_all_tell_of_their_ban_once_and_each_takes_it_back(desk: VkDesk) -> None:
    first = await comment(desk)
    under_post = (await desk.message(first)).conversation_id
    direct = await desk.talk("Сам дурак")
    stranger = await desk.talk("Когда откроетесь?", author=ANNA + 1)
    await want_captcha(desk, "groups.ban")
    for _ in range(2):
        await desk.review(first, Review(BAN, ""))
    await desk.review(first, Review(ReviewAction.DELETE, ""))
    (ban, deletion) = await waiting_in(desk, under_post)
    assert (ban.row.action, deletion.row.action) == (BAN, ReviewAction.DELETE)
    (elsewhere,) = await waiting_in(desk, direct)
    assert (elsewhere.row.id, elsewhere.message_id) == (ban.row.id, await desk.last(direct))
    assert await waiting_in(desk, stranger) == ()
    assert elsewhere.message_id is not None
    await press(desk, elsewhere.message_id, elsewhere.taken_back_by)
    assert await waiting_in(desk, direct) == ()
    assert [one.row.action for one in await waiting_in(desk, under_post)] == [ReviewAction.DELETE]

"""An edit or deletion that has not arrived is cancelled: what the platform has is shown again, whoever was faster."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from inbox.channels.models import ChannelStatus
from inbox.conversations.models import Deletion, Message, MessageEdit
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError, TemporaryRefusalError
from inbox.core.events import DeleteDelivered, EditDelivered
from inbox.core.pacing import Bucket, Pacing
from inbox.replies import changes
from inbox.replies.cancelling import cancel_deletion, cancel_edit
from inbox.replies.service import delete, edit
from tests.replies.conftest import Talk, sent
from tests.telegram.wire_server import Reply, ok, refused

REFUSED = refused(400, "Bad Request: message can't be edited")
DEAD = refused(401, "Unauthorized")


async def arrived(talk: Talk) -> int:
    """A reply that the subscriber has."""
    talk.telegram.will_answer("sendMessage", sent(77))
    message_id = await talk.reply("Пять тысяч")
    await talk.deliver(message_id)
    return message_id


async def change(talk: Talk, message_id: int, deed: Callable[[AsyncSession, Message], Awaitable[None]]) -> None:
    """One deed of a person with a message."""
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await deed(session, await session.get_one(Message, message_id))


async def write(talk: Talk, message_id: int, words: str) -> None:
    """An edit; each some time after the one before it."""
    at = (await talk.message(message_id)).edited_at or talk.context.clock()

    async def to_words(session: AsyncSession, message: Message) -> None:
        await edit(session, message, words, at + timedelta(minutes=1))

    await change(talk, message_id, to_words)


async def remove(talk: Talk, message_id: int) -> None:
    """A deletion."""
    await change(talk, message_id, lambda session, message: delete(session, message, talk.context.clock()))


async def bring_edit(talk: Talk, message_id: int) -> None:
    """The edit's job runs."""
    await talk.deliveries.edit(EditDelivered(conversation_id=talk.conversation_id, message_id=message_id))


async def bring_deletion(talk: Talk, message_id: int) -> None:
    """The deletion's job runs."""
    await talk.deliveries.delete(DeleteDelivered(conversation_id=talk.conversation_id, message_id=message_id))


async def cross(talk: Talk, message_id: int, deed: Callable[[AsyncSession, Message], Awaitable[None]]) -> None:
    """Another run of the same job, freed as stalled, said that it failed, and a person cancelled."""
    await talk.change(message_id, failure="Отказано")
    await change(talk, message_id, deed)


class PatientPacing(Pacing):
    """While a turn is waited for, something happens."""

    def __init__(self, redis: Redis, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(redis)
        self._happens = happens

    @override
    async def take(self, buckets: list[Bucket]) -> timedelta:
        await self._happens()
        return await super().take(buckets)


async def history(talk: Talk, message_id: int) -> list[str]:
    """The earlier texts."""
    async with talk.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.scalars(
            select(MessageEdit.text).where(MessageEdit.message_id == message_id).order_by(MessageEdit.edited_at)
        )
        return list(rows)


async def test_a_cancelled_edit_shows_what_the_platform_has_and_no_history_that_nobody_saw(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    talk.telegram.will_answer("editMessageText", REFUSED)
    await bring_edit(talk, message_id)
    await change(talk, message_id, cancel_edit)
    message = await talk.message(message_id)
    assert (message.text, message.edited_at, message.failure) == ("Пять тысяч", None, None)
    assert await history(talk, message_id) == []
    await talk.forget_jobs()
    await talk.set_status(ChannelStatus.ATTENTION)
    await talk.set_status(ChannelStatus.ACTIVE)
    assert await talk.job_messages() == [], "nothing waits any more"


async def test_of_several_edits_the_last_that_arrived_is_shown_with_its_history(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    talk.telegram.will_answer("editMessageText", ok(True), REFUSED)
    await bring_edit(talk, message_id)
    edited_at = (await talk.message(message_id)).edited_at
    await write(talk, message_id, "Семь тысяч")
    await bring_edit(talk, message_id)
    await write(talk, message_id, "Шесть тысяч")
    await write(talk, message_id, "Восемь тысяч")
    assert await history(talk, message_id) == ["Пять тысяч", "Шесть тысяч", "Семь тысяч", "Шесть тысяч"]
    await change(talk, message_id, cancel_edit)
    message = await talk.message(message_id)
    assert (message.text, message.edited_at) == ("Шесть тысяч", edited_at)
    assert await history(talk, message_id) == ["Пять тысяч"]


async def test_a_cancelled_deletion_shows_the_message_again_and_its_waiting_edit_goes_on(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    await talk.set_status(ChannelStatus.ATTENTION)
    await bring_edit(talk, message_id)
    await remove(talk, message_id)
    await bring_deletion(talk, message_id)
    await talk.forget_jobs()
    assert (await talk.message(message_id)).failure
    await change(talk, message_id, cancel_deletion)
    message = await talk.message(message_id)
    assert (message.deleted_at, message.failure, message.text) == (None, None, "Шесть тысяч")
    assert await talk.job_messages() == [message_id], "the edit is brought, or says again why not"
    await bring_deletion(talk, message_id)
    assert talk.telegram.called("deleteMessages") == talk.telegram.called("deleteMessage") == []


async def test_what_the_platform_says_is_gone_stays_gone_when_its_deletion_is_cancelled(talk: Talk) -> None:
    message_id = await arrived(talk)
    await talk.set_status(ChannelStatus.ATTENTION)
    await remove(talk, message_id)
    await bring_deletion(talk, message_id)
    message = await talk.message(message_id)
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            Deletion(
                workspace_id=talk.workspace_id, channel_id=talk.channel_id, external_id=message.external_id,
                occurred_at=message.sent_at + timedelta(minutes=5), restored_at=None,
            )
        )  # fmt: skip
    await change(talk, message_id, cancel_deletion)
    gone = await talk.message(message_id)
    assert (gone.deleted_at, gone.failure) == (message.sent_at + timedelta(minutes=5), None)


async def test_an_edit_that_arrives_while_it_is_cancelled_is_taken_back_on_the_platform(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    talk.telegram.will_answer("editMessageText", REFUSED, ok(True))
    await bring_edit(talk, message_id)
    await talk.forget_jobs()
    talk.telegram.meanwhile("editMessageText", lambda: cross(talk, message_id, cancel_edit))
    await bring_edit(talk, message_id)
    assert await talk.job_messages() == [message_id]
    await bring_edit(talk, message_id)
    assert talk.telegram.called("editMessageText")[-1]["text"] == "Пять тысяч"
    assert (await talk.message(message_id)).text == "Пять тысяч"


async def test_a_deletion_that_arrives_while_it_is_cancelled_holds(talk: Talk) -> None:
    message_id = await arrived(talk)
    await remove(talk, message_id)
    talk.telegram.will_answer("deleteMessage", DEAD, ok(True))
    talk.telegram.will_answer("deleteMessages", DEAD, ok(True))
    await bring_deletion(talk, message_id)
    await talk.set_status(ChannelStatus.ACTIVE)
    for method in ("deleteMessage", "deleteMessages"):
        talk.telegram.meanwhile(method, lambda: cross(talk, message_id, cancel_deletion))
    await bring_deletion(talk, message_id)
    message = await talk.message(message_id)
    assert (message.deleted_at is None, message.failure) == (False, None)


async def test_a_refusal_that_comes_after_the_cancelling_is_no_failure_of_the_message(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    talk.telegram.will_answer("editMessageText", REFUSED, REFUSED)
    await bring_edit(talk, message_id)
    talk.telegram.meanwhile("editMessageText", lambda: cross(talk, message_id, cancel_edit))
    await bring_edit(talk, message_id)
    message = await talk.message(message_id)
    assert (message.text, message.failure) == ("Пять тысяч", None)


async def test_what_is_tried_again_at_this_moment_cannot_be_cancelled(talk: Talk) -> None:
    message_id = await arrived(talk)
    await remove(talk, message_id)
    told: list[str] = []

    async def cancel() -> None:
        with pytest.raises(ConflictError):
            await change(talk, message_id, cancel_deletion)
        told.append("too late")

    for method in ("deleteMessage", "deleteMessages"):
        talk.telegram.will_answer(method, DEAD, Reply(fault="drop"), ok(True))
    await bring_deletion(talk, message_id)
    await talk.set_status(ChannelStatus.ACTIVE)
    for method in ("deleteMessage", "deleteMessages"):
        talk.telegram.meanwhile(method, cancel)
    with pytest.raises(TemporaryRefusalError):
        await bring_deletion(talk, message_id)
    await cancel()
    await bring_deletion(talk, message_id)
    assert (await talk.message(message_id)).deleted_at is not None
    assert told == ["too late", "too late"]


async def test_what_was_cancelled_before_its_turn_came_is_not_brought(talk: Talk) -> None:
    message_id = await arrived(talk)
    await remove(talk, message_id)
    await talk.set_status(ChannelStatus.ATTENTION)
    await bring_deletion(talk, message_id)
    await talk.set_status(ChannelStatus.ACTIVE)
    pacing = PatientPacing(talk.context.redis, lambda: change(talk, message_id, cancel_deletion))
    await changes.bring_deletion(talk.context, pacing, message_id)
    assert (await talk.message(message_id)).deleted_at is None
    assert talk.telegram.called("deleteMessages") == talk.telegram.called("deleteMessage") == []


async def test_an_edit_that_waited_behind_a_refused_deletion_goes_on(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    await remove(talk, message_id)
    await bring_edit(talk, message_id)
    assert talk.telegram.called("editMessageText") == []
    for method in ("deleteMessage", "deleteMessages"):
        talk.telegram.will_answer(method, refused(400, "Bad Request: message can't be deleted"))
    await talk.forget_jobs()
    await bring_deletion(talk, message_id)
    assert (await talk.message(message_id)).deleted_at is None
    assert await talk.job_messages() == [message_id]
    talk.telegram.will_answer("editMessageText", ok(True))
    await bring_edit(talk, message_id)
    message = await talk.message(message_id)
    assert (message.text, message.platform_version_at, message.failure) == ("Шесть тысяч", None, None)


async def test_what_arrived_or_is_on_its_way_cannot_be_cancelled(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    with pytest.raises(ConflictError):
        await change(talk, message_id, cancel_edit)
    talk.telegram.will_answer("editMessageText", ok(True))
    await bring_edit(talk, message_id)
    for cancel in (cancel_edit, cancel_deletion):
        with pytest.raises(ConflictError):
            await change(talk, message_id, cancel)
    assert (await talk.message(message_id)).text == "Шесть тысяч"


async def test_an_edit_that_failed_before_this_was_known_is_not_offered(talk: Talk) -> None:
    message_id = await arrived(talk)
    await write(talk, message_id, "Шесть тысяч")
    await talk.change(message_id, failure="Отказано", platform_version_at=None)
    await write(talk, message_id, "Семь тысяч")
    with pytest.raises(ConflictError):
        await change(talk, message_id, cancel_edit)
    assert (await talk.message(message_id)).text == "Семь тысяч"

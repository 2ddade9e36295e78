"""Edits and reviews with a dead key: the channel needs attention, and the edit arrives once it lives again."""

import pytest
from sqlalchemy import select

from inbox.channels.models import ChannelStatus
from inbox.conversations.jobs import carry_out
from inbox.conversations.models import Direction, Message, ModerationAction, ReviewAction
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import EditDelivered, ReviewMessage
from inbox.core.pacing import Pacing
from inbox.replies.service import edit
from tests.replies.conftest import Talk, sent
from tests.telegram.wire_server import Reply, ok, refused

DEAD = refused(401, "Unauthorized")


async def edited(talk: Talk, words: str) -> EditDelivered:
    """A reply that arrived and was then edited; its job, taken from the queue."""
    talk.telegram.will_answer("sendMessage", sent(77))
    message_id = await talk.reply("Пять тысяч")
    await talk.deliver(message_id)
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await edit(session, await session.get_one(Message, message_id), words, talk.context.clock())
    await talk.forget_jobs()
    return EditDelivered(conversation_id=talk.conversation_id, message_id=message_id)


async def test_an_edit_that_met_a_dead_key_arrives_when_the_channel_recovers(talk: Talk) -> None:
    job = await edited(talk, "Шесть тысяч")
    talk.telegram.will_answer("editMessageText", DEAD, ok(True))
    await talk.deliveries.edit(job)
    assert (await talk.channel()).status is ChannelStatus.ATTENTION
    assert (await talk.message(job.message_id)).failure
    await talk.set_status(ChannelStatus.ACTIVE)
    assert await talk.job_messages() == [job.message_id]
    await talk.deliveries.edit(job)
    assert (await talk.message(job.message_id)).failure is None
    assert [call["text"] for call in talk.telegram.called("editMessageText")] == ["Шесть тысяч"] * 2


async def test_an_edit_made_while_the_channel_needs_attention_waits_without_a_call(talk: Talk) -> None:
    job = await edited(talk, "Шесть тысяч")
    await talk.set_status(ChannelStatus.ATTENTION)
    await talk.deliveries.edit(job)
    assert talk.telegram.called("editMessageText") == []
    assert (await talk.message(job.message_id)).failure
    await talk.set_status(ChannelStatus.ACTIVE)
    assert await talk.job_messages() == [job.message_id]


async def test_edits_that_arrived_are_not_brought_again(talk: Talk) -> None:
    job = await edited(talk, "Шесть тысяч")
    talk.telegram.will_answer("editMessageText", ok(True))
    await talk.deliveries.edit(job)
    await talk.set_status(ChannelStatus.ATTENTION)
    await talk.set_status(ChannelStatus.ACTIVE)
    assert await talk.job_messages() == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [(DEAD, ChannelStatus.ATTENTION), (refused(400, "Bad Request: message can't be deleted"), ChannelStatus.ACTIVE)],
)
async def test_a_review_that_meets_a_dead_key_turns_the_channel_to_attention(
    talk: Talk, answer: Reply, status: ChannelStatus
) -> None:
    talk.telegram.will_answer("deleteMessage", answer)
    talk.telegram.will_answer("deleteMessages", answer)
    async with talk.context.database.session(EVERY_WORKSPACE) as session:
        message_id = await session.scalar(select(Message.id).where(Message.direction == Direction.INBOUND))
    assert message_id is not None
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        message = await session.get_one(Message, message_id)
        row = ModerationAction(
            workspace_id=talk.workspace_id, conversation_id=talk.conversation_id, message_id=message_id,
            channel_id=talk.channel_id, identity_id=message.author_identity_id, action=ReviewAction.DELETE,
            asked_at=talk.context.clock(),
        )  # fmt: skip
        session.add(row)
    job = ReviewMessage(conversation_id=talk.conversation_id, review_id=row.id)
    await carry_out(talk.context, Pacing(talk.context.redis), job)
    assert (await talk.channel()).status is status

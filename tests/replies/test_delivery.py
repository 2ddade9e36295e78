"""A reply leaves once, or nobody knows and a person decides."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus
from inbox.channels.receivers import ANOTHER_POLLER
from inbox.channels.status import set_status
from inbox.conversations.models import Delivery, Message
from inbox.conversations.urgency import find_running_due
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import TemporaryRefusalError
from inbox.core.events import DeliverMessage
from inbox.replies.claims import SETTLING, claim
from inbox.replies.delivery import Deliveries
from inbox.replies.outcomes import Outcome
from inbox.replies.service import delete, queue_due, requeue_parked
from inbox.replies.settling import settle
from tests.company import ShiftedClock
from tests.replies.conftest import PERSON, Talk, sent
from tests.telegram.wire_server import Reply, ok, refused


async def test_a_reply_is_sent_and_settled(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", sent(77))
    message_id = await talk.reply("Пять тысяч")
    await talk.deliver(message_id)
    message = await talk.message(message_id)
    assert (message.delivery, message.external_id, message.attempt) == (Delivery.SENT, f":{PERSON}:77", 1)
    assert [call["text"] for call in talk.telegram.called("sendMessage")] == ["Пять тысяч"]
    assert not (await talk.conversation()).needs_answer


async def test_a_job_that_runs_twice_at_once_sends_once(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", sent(77))
    message_id = await talk.reply()
    others = Deliveries(talk.context, talk.deliveries._pacing)
    job = DeliverMessage(conversation_id=talk.conversation_id, message_id=message_id)
    await asyncio.gather(
        talk.deliver(message_id), talk.deliver(message_id), others.deliver(job), return_exceptions=True
    )
    await talk.deliver(message_id)
    assert len(talk.telegram.called("sendMessage")) == 1
    assert (await talk.message(message_id)).delivery is Delivery.SENT


@pytest.mark.parametrize("answer", [Reply(500, "oops"), Reply(fault="drop"), Reply(200, "not JSON"), ok(True)])
async def test_an_unknown_outcome_is_uncertain_and_never_repeated_by_itself(talk: Talk, answer: Reply) -> None:
    talk.telegram.will_answer("sendMessage", answer)
    message_id = await talk.reply()
    await talk.deliver(message_id)
    await talk.deliver(message_id)
    assert (await talk.message(message_id)).delivery is Delivery.UNCERTAIN
    assert (await talk.conversation()).undelivered is Delivery.UNCERTAIN
    assert len(talk.telegram.called("sendMessage")) == 1


async def test_a_429_silences_the_whole_key_and_the_job_comes_again_when_told(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", refused(429, "Too Many Requests: retry after 30", retry_after=30))
    first, second = await talk.reply("раз"), await talk.reply("два")
    with pytest.raises(TemporaryRefusalError) as refusal:
        await talk.deliver(first)
    assert refusal.value.retry_after == timedelta(seconds=30)
    with pytest.raises(TemporaryRefusalError) as waiting:
        await talk.deliver(second)
    assert waiting.value.retry_after is not None
    assert timedelta(seconds=25) < waiting.value.retry_after <= timedelta(seconds=30)
    assert len(talk.telegram.called("sendMessage")) == 1
    assert [(await talk.message(one)).delivery for one in (first, second)] == [Delivery.QUEUED, Delivery.QUEUED]


async def test_telegram_out_of_reach_leaves_the_reply_queued(talk: Talk) -> None:
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("update channels set api_url = 'http://127.0.0.1:9'"))
    message_id = await talk.reply()
    with pytest.raises(TemporaryRefusalError):
        await talk.deliver(message_id)
    assert (await talk.message(message_id)).delivery is Delivery.QUEUED


async def test_a_dead_key_parks_replies_and_its_recovery_queues_them_oldest_first(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", refused(401, "Unauthorized"))
    first, second = await talk.reply("раз"), await talk.reply("два")
    await talk.deliver(first)
    await talk.deliver(second)
    assert len(talk.telegram.called("sendMessage")) == 1
    channel = await talk.channel()
    assert channel.status is ChannelStatus.ATTENTION
    assert [(await talk.message(one)).delivery for one in (first, second)] == [Delivery.QUEUED, Delivery.QUEUED]
    await talk.forget_jobs()

    await talk.set_status(ChannelStatus.ACTIVE)
    assert await talk.job_messages() == [first, second]


async def test_a_blocked_bot_fails_the_reply_and_marks_the_contact(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", refused(403, "Forbidden: bot was blocked by the user"))
    message_id = await talk.reply()
    await talk.deliver(message_id)
    message = await talk.message(message_id)
    assert message.delivery is Delivery.FAILED
    assert message.failure
    async with talk.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(text("select unreachable_at is not null from identities")) is True
    talked = await talk.conversation()
    assert (talked.needs_answer, len(talked.silences), find_running_due(talked)) == (True, 1, None)


async def test_taking_back_what_holds_up_nothing_gives_nothing_a_second_job(talk: Talk) -> None:
    failed, later = await talk.reply("раз"), await talk.reply("потом", talk.context.clock() + timedelta(hours=1))
    await talk.change(failed, delivery=Delivery.FAILED)
    await talk.forget_jobs()
    behind = await talk.reply("два")
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        for one in (failed, later):
            await delete(session, await session.get_one(Message, one), talk.context.clock())
    assert await talk.job_messages() == [behind]


async def test_a_run_that_died_while_sending_becomes_uncertain_after_a_while(talk: Talk) -> None:
    message_id = await talk.reply()
    assert await claim(talk.context, message_id) is not None
    with pytest.raises(TemporaryRefusalError) as waiting:
        await talk.deliver(message_id)
    assert waiting.value.retry_after is not None
    silent_after = talk.context.adapters[Platform.TELEGRAM].longest_send(with_files=False) + SETTLING
    assert waiting.value.retry_after <= silent_after <= timedelta(seconds=60)
    clock = talk.context.clock
    assert isinstance(clock, ShiftedClock)
    clock.advance(silent_after)
    await talk.deliver(message_id)
    assert (await talk.message(message_id)).delivery is Delivery.UNCERTAIN
    assert talk.telegram.called("sendMessage") == []


async def test_a_late_word_of_success_corrects_uncertain(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", sent(77))
    message_id = await talk.reply()
    claimed = await claim(talk.context, message_id)
    assert claimed is not None
    result = await talk.context.adapters[claimed.account.platform].send(claimed.account, claimed.outgoing)
    await talk.change(message_id, delivery=Delivery.UNCERTAIN)
    await settle(talk.context, claimed, Outcome(Delivery.SENT, sent=result))
    assert (await talk.message(message_id)).delivery is Delivery.SENT


async def test_a_late_refusal_of_an_older_attempt_says_nothing_about_the_newer(talk: Talk) -> None:
    message_id = await talk.reply()
    claimed = await claim(talk.context, message_id)
    assert claimed is not None
    await talk.change(message_id, attempt=2, delivery=Delivery.SENDING)
    await settle(talk.context, claimed, Outcome(Delivery.FAILED, failure="no"))
    assert (await talk.message(message_id)).delivery is Delivery.SENDING


async def test_settling_on_an_event_that_came_first_merges_the_rows(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", sent(77))
    message_id = await talk.reply("Пять тысяч")
    twin = await talk.add_outside_answer(f":{PERSON}:77", "Пять тысяч")
    await talk.deliver(message_id)
    message = await talk.message(message_id)
    assert (message.delivery, message.external_id, message.outside) == (Delivery.SENT, f":{PERSON}:77", False)
    async with talk.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.get(Message, twin) is None


async def test_a_group_that_became_a_supergroup_is_written_to_under_its_new_id(talk: Talk) -> None:
    await talk.make_group("-400")
    moved = refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100400)
    talk.telegram.will_answer("sendMessage", moved, sent(3, -100400))
    message_id = await talk.reply()
    with pytest.raises(TemporaryRefusalError):
        await talk.deliver(message_id)
    conversation = await talk.conversation()
    assert (conversation.chat_external_id, conversation.key) == ("-100400", f"group:-100400:-:{PERSON}")
    await talk.deliver(message_id)
    assert (await talk.message(message_id)).external_id == ":-100400:3"


async def test_a_reply_for_later_has_no_job_until_its_time(talk: Talk) -> None:
    now = talk.context.clock()
    message_id = await talk.reply(send_at=now + timedelta(hours=1))
    later = await talk.reply("сейчас")
    assert await talk.job_messages() == [later]
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        assert await queue_due(session, now) == 0
        assert await queue_due(session, now + timedelta(hours=2)) == 1
        assert await queue_due(session, now + timedelta(hours=2)) == 0
    assert await talk.job_messages() == [later, message_id]


async def test_a_removed_channel_fails_what_waits(talk: Talk) -> None:
    message_id = await talk.reply()
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("update channels set removed_at = now()"))
    await talk.deliver(message_id)
    assert (await talk.message(message_id)).delivery is Delivery.FAILED
    assert (await talk.conversation()).undelivered is Delivery.FAILED


async def test_a_reply_leaves_while_another_program_receives(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", sent(77))
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, (await talk.channel()).id)
        await set_status(session, channel, ChannelStatus.ATTENTION, ANOTHER_POLLER, talk.context.clock())
    message_id = await talk.reply()
    await talk.deliver(message_id)
    assert (await talk.message(message_id)).delivery is Delivery.SENT


async def test_what_was_begun_is_seen_through_when_its_job_is_cancelled(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", Reply(fault="hang"), sent(77))
    message_id = await talk.reply()
    job = asyncio.create_task(talk.deliver(message_id))
    await talk.telegram.was_asked("sendMessage")
    job.cancel()
    await asyncio.wait([job])
    assert (await talk.message(message_id)).delivery is Delivery.SENDING
    talk.telegram.is_over.set()
    await talk.deliveries.finish(timedelta(seconds=10))
    assert (await talk.message(message_id)).delivery in {Delivery.SENT, Delivery.UNCERTAIN}
    assert len(talk.telegram.called("sendMessage")) == 1


async def test_settling_waits_for_a_database_that_is_away(talk: Talk) -> None:
    talk.telegram.will_answer("sendMessage", Reply(fault="hang"), sent(77))
    message_id = await talk.reply()
    job = asyncio.create_task(talk.deliver(message_id))
    await talk.telegram.was_asked("sendMessage")
    await talk.cut_off_database(is_away=True)
    talk.telegram.is_over.set()
    await asyncio.sleep(1.5)
    assert not job.done()
    await talk.cut_off_database(is_away=False)
    await asyncio.wait_for(job, 20)
    assert (await talk.message(message_id)).delivery in {Delivery.SENT, Delivery.UNCERTAIN}


async def test_recovery_does_not_queue_what_is_for_later(talk: Talk) -> None:
    await talk.reply(send_at=talk.context.clock() + timedelta(hours=1))
    await talk.forget_jobs()
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        assert await requeue_parked(session, talk.channel_id) == 0


async def test_a_reply_does_not_overtake_one_that_was_parked_before_it(talk: Talk) -> None:
    """The key is dead: the first reply's job ends. Then it works again: the first gets a job, behind the second's."""
    talk.telegram.will_answer("sendMessage", sent(77), sent(78))
    first = await talk.reply("раз")
    await talk.set_status(ChannelStatus.ATTENTION)
    await talk.deliver(first)
    await talk.forget_jobs()
    second = await talk.reply("два")
    await talk.set_status(ChannelStatus.ACTIVE)
    async with talk.context.transaction(EVERY_WORKSPACE) as session:
        await requeue_parked(session, talk.channel_id)
    jobs = await talk.job_messages()
    assert jobs[0] == second
    await talk.deliver(second)
    assert not talk.telegram.called("sendMessage")
    behind = (await talk.job_messages())[len(jobs) :]
    assert behind == [first, second]
    for message_id in [*jobs[1:], *behind]:
        await talk.deliver(message_id)
    assert [call["text"] for call in talk.telegram.called("sendMessage")] == ["раз", "два"]

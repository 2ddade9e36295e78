"""What buttons under an alert do: take, correct, quiet for an hour, send or drop an answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.agents.shifts import note_active
from inbox.channels.models import Channel
from inbox.channels.ringing import Ring
from inbox.conversations.access import access_message
from inbox.conversations.corrections import CorrectedTags, correct_tags
from inbox.conversations.handled import begin_once
from inbox.conversations.service import claim
from inbox.conversations.tags import Sentiment
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import NotFoundError, RefusedError
from inbox.core.events import AnswerPress, PressButton
from inbox.core.i18n import N_, Words, words_in
from inbox.replies.service import Draft
from inbox.replies.writing import write
from routing.alerts.linking import NOT_LINKED, find_linked
from routing.alerts.models import BY_DEFAULT, Alert, AlertAnswer, AlertKind, AlertSettings
from routing.alerts.showing import queue_showing
from routing.alerts.telling import load_alert_desk, load_told
from routing.alerts.wording import MUTE_FOR, buttons_of, say_alert, say_muted

GONE = N_("This alert is not there any more.")


@dataclass(frozen=True, slots=True)
class Done:
    """What the press led to: words for who pressed, and how the message looks now (None: as before)."""

    said: str
    changed: Ring | None = None
    aloud: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press by somebody who is known."""

    session: AsyncSession
    context: Context
    caller: Caller
    words: Words
    channel: Channel
    job: PressButton
    row_id: int
    now: datetime


Deed = Callable[[Pressed], Awaitable[Done]]


async def run_press(context: Context, job: PressButton, further: Mapping[str, Deed] | None = None) -> None:
    """Do what the button says and have it told, in one transaction, once a press: its event may come twice, and so may
    its job."""
    name, _, number = job.value.partition(":")
    deed = {**DEEDS, **(further or {})}.get(name)
    async with context.database.session(EVERY_WORKSPACE) as session:
        channel = await session.get(Channel, job.channel_id)
    if channel is None or channel.removed_at is not None or deed is None or not number.isdecimal():
        return
    words, known, now = words_in("ru"), None, context.clock()
    try:
        async with context.transaction(EVERY_WORKSPACE) as session:
            if not await _begin(session, channel, job, now):
                return
            known = await find_linked(session, channel.workspace_id, job.author_external_id)
            if known is None:
                done = Done(words.gettext(NOT_LINKED), aloud=True)
            else:
                words = words_in(known.locale)
                done = await deed(Pressed(session, context, known, words, channel, job, int(number), now))
            await queue_showing(session, _answer(job, done, now), done.changed, job.message_external_id)
    except RefusedError as error:
        async with context.transaction(EVERY_WORKSPACE) as session:
            if await _begin(session, channel, job, now):
                refused = Done(words.refusal(error), aloud=True)
                await queue_showing(session, _answer(job, refused, now), None, job.message_external_id)
    if known is not None:
        async with context.transaction(EVERY_WORKSPACE) as session:
            await note_active(session, known.agent_id, context.clock())


async def _begin(session: AsyncSession, channel: Channel, job: PressButton, now: datetime) -> bool:
    return await begin_once(session, channel.workspace_id, channel.id, f"press:{job.press_id}", now)


def _answer(job: PressButton, done: Done, now: datetime) -> AnswerPress:
    return AnswerPress(
        channel_id=job.channel_id, press_id=job.press_id, text=done.said, aloud=done.aloud, pressed_at=now
    )


async def find_pressed_alert(pressed: Pressed) -> Alert:
    """The alert under whose message the button is, for those who may answer; NotFoundError for any other."""
    alert = await pressed.session.scalar(
        select(Alert)
        .where(
            Alert.id == pressed.row_id,
            Alert.workspace_id == pressed.channel.workspace_id,
            Alert.channel_id == pressed.channel.id,
            Alert.chat_external_id == pressed.job.chat_external_id,
        )
        .with_for_update()
    )
    if alert is None:
        raise NotFoundError(GONE)
    pressed.caller.require(alert.workspace_id, Permission.ANSWER)
    return alert


async def shown_again(pressed: Pressed, alert: Alert, line: str, *, taken: bool) -> Ring:
    """The alert's message with a line on what became of it."""
    desk = await load_alert_desk(pressed.session, pressed.context, alert.workspace_id)
    (told,) = await load_told(pressed.session, pressed.context, [alert], desk)
    text = f"{say_alert(told, desk.words, pressed.now)}\n\n{line}"
    buttons = buttons_of(told, desk.words, taken=taken)
    if alert.handled_as == "corrected":
        buttons = ()
    return Ring(pressed.job.chat_external_id, text, buttons)


async def take(pressed: Pressed) -> Done:
    """The conversation becomes theirs, unless somebody was quicker."""
    alert = await find_pressed_alert(pressed)
    if alert.conversation_id is None:
        raise NotFoundError(GONE)
    await claim(pressed.session, pressed.caller, alert.conversation_id, pressed.now)
    _handle(alert, pressed, "taken")
    line = pressed.words.gettext("✅ Taken by %(name)s", name=pressed.caller.name)
    return Done(pressed.words.gettext("It is yours"), await shown_again(pressed, alert, line, taken=True))


async def correct(pressed: Pressed) -> Done:
    """The tag was wrong: a correction, from which the model learns."""
    alert = await find_pressed_alert(pressed)
    if alert.message_id is None:
        raise NotFoundError(GONE)
    message, conversation = await access_message(
        pressed.session, pressed.caller, alert.message_id, Permission.CORRECT_TAGS, lock=True
    )
    said = CorrectedTags(toxic=False) if alert.kind is AlertKind.TOXIC else CorrectedTags(sentiment=Sentiment.NEUTRAL)
    await correct_tags(pressed.session, pressed.caller, message, conversation, said, pressed.now)
    _handle(alert, pressed, "corrected")
    line = pressed.words.gettext("↩️ %(name)s: the tag was wrong", name=pressed.caller.name)
    return Done(
        pressed.words.gettext("Noted. The tags learn from it."), await shown_again(pressed, alert, line, taken=False)
    )


async def hush(pressed: Pressed) -> Done:
    """Nothing rings for an hour; what happens meanwhile is told after it."""
    alert = await find_pressed_alert(pressed)
    until = pressed.now + MUTE_FOR
    statement = insert(AlertSettings).values(
        workspace_id=alert.workspace_id, kinds=[kind.value for kind in BY_DEFAULT], muted_until=until
    )
    await pressed.session.execute(
        statement.on_conflict_do_update(index_elements=[AlertSettings.workspace_id], set_={"muted_until": until})
    )
    desk = await load_alert_desk(pressed.session, pressed.context, alert.workspace_id)
    return Done(say_muted(until, desk.habits.zone, pressed.words), aloud=True)


async def send_answer(pressed: Pressed) -> Done:
    """The answer written under the alert goes to the subscriber."""
    answer = await _find_answer(pressed)
    if answer.state != "asked":
        return Done(pressed.words.gettext("This answer is settled already."))
    alert = await pressed.session.get_one(Alert, answer.alert_id)
    if alert.conversation_id is None:
        raise NotFoundError(GONE)
    adapters = pressed.context.adapters
    await write(pressed.session, adapters, pressed.caller, alert.conversation_id, Draft(answer.text), pressed.now)
    answer.state = "sent"
    _handle(alert, pressed, "answered")
    said = pressed.words.gettext("✅ Sent to the subscriber")
    return Done(said, Ring(pressed.job.chat_external_id, f"{said}:\n«{answer.text}»"))


async def drop_answer(pressed: Pressed) -> Done:
    """It was not meant for the subscriber."""
    answer = await _find_answer(pressed)
    if answer.state != "asked":
        return Done(pressed.words.gettext("This answer is settled already."))
    answer.state = "dropped"
    said = pressed.words.gettext("Not sent")
    return Done(said, Ring(pressed.job.chat_external_id, said))


async def _find_answer(pressed: Pressed) -> AlertAnswer:
    answer = await pressed.session.scalar(
        select(AlertAnswer)
        .where(
            AlertAnswer.id == pressed.row_id,
            AlertAnswer.channel_id == pressed.channel.id,
            AlertAnswer.agent_id == pressed.caller.agent_id,
        )
        .with_for_update()
    )
    if answer is None:
        raise NotFoundError(N_("Only who wrote this answer may send it."))
    pressed.caller.require(answer.workspace_id, Permission.ANSWER)
    return answer


def _handle(alert: Alert, pressed: Pressed, how: str) -> None:
    alert.handled_by_id, alert.handled_at, alert.handled_as = pressed.caller.agent_id, pressed.now, how


DEEDS: Mapping[str, Deed] = {
    "take": take, "fine": correct, "hush": hush, "send": send_answer, "drop": drop_answer,
}  # fmt: skip

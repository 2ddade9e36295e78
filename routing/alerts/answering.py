"""Answers written under an alert: shown again with Send and Don't send, so that no talk among colleagues slips out."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.agents.shifts import note_active
from inbox.channels.account import account_of
from inbox.channels.models import Channel
from inbox.channels.ringing import Button, Ring
from inbox.contacts.models import Contact
from inbox.conversations.access import access_conversation
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, RefusedError
from inbox.core.events import AnswerAlert
from inbox.core.i18n import words_in
from inbox.core.pacing import Pacing
from routing.alerts.calling import call_in_turn, ringer_of
from routing.alerts.linking import NOT_LINKED, find_linked
from routing.alerts.models import Alert, AlertAnswer

LONGEST = 4000


async def run_answer(context: Context, pacing: Pacing, job: AnswerAlert) -> None:
    """Ask for the confirmation; an answer to anything but an alert is talk among colleagues."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, job.channel_id)
        alert = await session.scalar(
            select(Alert).where(
                Alert.channel_id == job.channel_id, Alert.external_id == job.parent_external_id,
                Alert.conversation_id.is_not(None),
            )
        )  # fmt: skip
    if alert is None or channel.removed_at is not None or channel.alert_chat_external_id != job.chat_external_id:
        return
    ring = await _ask(context, job, alert)
    if ring is None:
        return
    account = account_of(channel, context.cipher)
    ringer = ringer_of(context, account)
    try:
        await call_in_turn(context, pacing, account, job.chat_external_id, lambda: ringer.ring(account, ring))
    except (PermanentRefusalError, KeyRefusedError):
        return


async def _ask(context: Context, job: AnswerAlert, alert: Alert) -> Ring | None:
    words = words_in("ru")
    try:
        async with context.transaction(EVERY_WORKSPACE) as session:
            caller = await find_linked(session, alert.workspace_id, job.author_external_id)
            if caller is None:
                return Ring(job.chat_external_id, words.gettext(NOT_LINKED), (), job.message_external_id)
            words = words_in(caller.locale)
            conversation = await access_conversation(session, caller, alert.conversation_id or 0, Permission.ANSWER)
            answer_id = await _store(session, caller, job, alert)
            await note_active(session, caller.agent_id, context.clock())
            name = await session.scalar(select(Contact.name).where(Contact.id == conversation.contact_id))
    except RefusedError as error:
        return Ring(job.chat_external_id, words.refusal(error), (), job.message_external_id)
    if answer_id is None:
        return None
    text = words.gettext("Send this answer? To: %(name)s", name=name or "—")
    buttons = (
        Button(words.gettext("Send"), f"send:{answer_id}"),
        Button(words.gettext("Don't send"), f"drop:{answer_id}"),
    )
    return Ring(job.chat_external_id, f"{text}\n«{job.text[:LONGEST]}»", (buttons,), job.message_external_id)


async def _store(session: AsyncSession, caller: Caller, job: AnswerAlert, alert: Alert) -> int | None:
    """The answer's id; None when it is settled already. The job may run twice: then it is asked about twice."""
    await session.execute(
        insert(AlertAnswer)
        .values(
            workspace_id=alert.workspace_id, alert_id=alert.id, agent_id=caller.agent_id, channel_id=job.channel_id,
            external_id=job.message_external_id, text=job.text[:LONGEST], state="asked",
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    found: int | None = await session.scalar(
        select(AlertAnswer.id).where(
            AlertAnswer.channel_id == job.channel_id, AlertAnswer.external_id == job.message_external_id,
            AlertAnswer.state == "asked",
        )
    )  # fmt: skip
    return found

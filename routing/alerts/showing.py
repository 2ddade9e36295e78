"""What a press led to reaches the phone: an answer to who pressed, and the message as it is now; each again if lost."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.adapter import Account
from inbox.channels.models import Channel
from inbox.channels.ringing import Button, Ring
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PermanentRefusalError
from inbox.core.events import AnswerPress, Job, ShowPress
from inbox.core.jobs import defer
from inbox.core.pacing import Pacing
from routing.alerts.calling import call_in_turn, ringer_of

ANSWERED_WITHIN = timedelta(minutes=15)
"""The platform has forgotten the press by then, and nobody waits any more."""
SHOWN_WITHIN = timedelta(days=1)
"""A message that could not be changed for so long (its chat moved, say) stays as it was."""


async def queue_showing(session: AsyncSession, answer: AnswerPress, changed: Ring | None, message: str) -> None:
    """Jobs for the answer and for the message, if it looks otherwise now, in the deed's own transaction."""
    jobs: list[Job] = [answer]
    if changed is not None:
        buttons = tuple(tuple((one.text, one.value) for one in row) for row in changed.buttons)
        shown = ShowPress(
            channel_id=answer.channel_id, chat_external_id=changed.chat_external_id, message_external_id=message,
            text=changed.text, buttons=buttons, pressed_at=answer.pressed_at,
        )  # fmt: skip
        jobs.append(shown)
    await defer(session, jobs)


async def run_answer_press(context: Context, job: AnswerPress) -> None:
    """Answer while somebody waits for it."""
    account = await _find_account(context, job.channel_id)
    if account is None or context.clock() - job.pressed_at > ANSWERED_WITHIN:
        return
    try:
        await ringer_of(context, account).answer_press(account, job.press_id, job.text, aloud=job.aloud)
    except (PermanentRefusalError, KeyRefusedError):
        return


async def run_show_press(context: Context, pacing: Pacing, job: ShowPress) -> None:
    """Change the message, in the key's turn."""
    account = await _find_account(context, job.channel_id)
    if account is None or context.clock() - job.pressed_at > SHOWN_WITHIN:
        return
    ringer = ringer_of(context, account)
    rows = tuple(tuple(Button(text, value) for text, value in row) for row in job.buttons)
    ring = Ring(job.chat_external_id, job.text, rows)
    try:
        await call_in_turn(
            context, pacing, account, job.chat_external_id,
            lambda: ringer.change_ring(account, job.message_external_id, ring),
        )  # fmt: skip
    except (PermanentRefusalError, KeyRefusedError):
        return


async def _find_account(context: Context, channel_id: int) -> Account | None:
    """The bot under whose message it was; None once it was removed."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        channel = await session.get(Channel, channel_id)
    return None if channel is None or channel.removed_at is not None else account_of(channel, context.cipher)

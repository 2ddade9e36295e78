"""A lead rings at its owner's: in private where their Telegram is linked and they may answer, else in the alert chat;
with buttons, for those who may answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.channels.account import account_of
from inbox.channels.adapter import Account
from inbox.channels.models import Channel
from inbox.channels.ringing import Button, Ring
from inbox.contacts.models import Contact
from inbox.conversations.models import Post
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError, ForbiddenError, KeyRefusedError, NotFoundError, PermanentRefusalError
from inbox.core.events import RingLead
from inbox.core.i18n import Words
from inbox.core.pacing import Pacing
from routing.alerts.calling import call_in_turn, ringer_of
from routing.alerts.pressing import Deed, Done, Pressed
from routing.alerts.telling import Desk, find_own_chat, load_alert_desk
from routing.leads.models import Lead, Stage
from routing.leads.service import change_lead, hold_lead, is_of_sales, take_up
from routing.leads.sweeping import pass_on

TEXT_SHOWN = 400


@dataclass(frozen=True, slots=True)
class _Call:
    account: Account
    ring: Ring


async def run_lead_ring(context: Context, pacing: Pacing, job: RingLead) -> None:
    """Ring while the lead is still this owner's and new."""
    now = context.clock()
    async with context.database.session(EVERY_WORKSPACE) as session:
        lead = await session.get(Lead, job.lead_id)
        if lead is None or lead.stage is not Stage.NEW or lead.owner_id != job.owner_id:
            return
        call = await _plan(session, context, lead, now)
    if call is None:
        return
    ringer = ringer_of(context, call.account)
    try:
        await call_in_turn(
            context, pacing, call.account, call.ring.chat_external_id, lambda: ringer.ring(call.account, call.ring)
        )
    except (PermanentRefusalError, KeyRefusedError):
        return


async def _plan(session: AsyncSession, context: Context, lead: Lead, now: datetime) -> _Call | None:
    desk = await load_alert_desk(session, context, lead.workspace_id)
    own_chat = await find_own_chat(session, lead.workspace_id, lead.owner_id)
    if own_chat is not None:
        text = await say_lead(session, lead, desk, now, is_private=True)
        ring = Ring(own_chat.external_id, text, buttons_of(lead, desk.words))
        return _Call(account_of(own_chat.channel, context.cipher), ring)
    if desk.account is None:
        return None
    text = await say_lead(session, lead, desk, now, is_private=False)
    return _Call(desk.account, Ring(desk.chat_external_id, text, buttons_of(lead, desk.words)))


async def say_lead(session: AsyncSession, lead: Lead, desk: Desk, now: datetime, *, is_private: bool) -> str:
    """Whose it is, what they said, where, and until when it is to be taken up."""
    words = desk.words
    channel, name, post, owner = (
        await session.execute(
            select(Channel.name, Contact.name, Post.text, Agent.name)
            .select_from(Lead)
            .join(Channel, Channel.id == Lead.channel_id)
            .join(Contact, Contact.id == Lead.contact_id)
            .outerjoin(Post, Post.id == Lead.post_id)
            .outerjoin(Agent, Agent.id == Lead.owner_id)
            .where(Lead.id == lead.id)
        )
    ).one()
    head = words.gettext("💰 Lead: %(name)s", name=owner or "—")
    lines = [f"{head} · {desk.project}", channel if not post else f"{channel} · «{' '.join(post.split())[:60]}»"]
    if is_private or not desk.hides_text:
        lines += ["", f"{name}: {lead.text[:TEXT_SHOWN] or words.gettext('(no words)')}"]
        if lead.phone:
            lines.append(f"☎️ {lead.phone}")
    if lead.take_up_due_at is not None:
        due = words.time(lead.take_up_due_at, desk.habits.zone)
        lines += ["", words.gettext("Take it up until %(time)s", time=due)]
    return "\n".join(lines)


def buttons_of(lead: Lead, words: Words) -> tuple[tuple[Button, ...], ...]:
    """Take · not a lead · pass on."""
    return (
        (
            Button(words.gettext("Take"), f"lead:{lead.id}"),
            Button(words.gettext("Not a lead"), f"nolead:{lead.id}"),
            Button(words.gettext("Pass on"), f"pass:{lead.id}"),
        ),
    )


async def press_take(pressed: Pressed) -> Done:
    """The lead is taken up by who pressed."""
    lead = await _find(pressed)
    await take_up(pressed.session, pressed.caller, lead, pressed.now)
    line = pressed.words.gettext("✅ Taken by %(name)s", name=pressed.caller.name)
    return Done(pressed.words.gettext("The lead is yours"), await _shown(pressed, lead, line))


async def press_no_lead(pressed: Pressed) -> Done:
    """It was none."""
    lead = await _find(pressed)
    await _require_sales(pressed, lead)
    reason = pressed.words.gettext("said in Telegram")
    changes: dict[str, object] = {"stage": Stage.NOT_A_LEAD, "reason": reason}
    await change_lead(pressed.session, pressed.caller, lead, changes, pressed.now)
    line = pressed.words.gettext("↩️ %(name)s: not a lead", name=pressed.caller.name)
    return Done(pressed.words.gettext("Noted: not a lead"), await _shown(pressed, lead, line))


async def press_pass(pressed: Pressed) -> Done:
    """Its owner has no time: the next on shift."""
    lead = await _find(pressed)
    await _require_sales(pressed, lead)
    if not await pass_on(pressed.session, lead, pressed.now, why="passed_on"):
        raise ConflictError("Nobody else of Sales is on shift.")
    line = pressed.words.gettext("➡️ %(name)s passed it on", name=pressed.caller.name)
    return Done(pressed.words.gettext("Passed on"), await _shown(pressed, lead, line))


async def _find(pressed: Pressed) -> Lead:
    """The lead, new and of this bot's project, whoever of Sales has it; for those who may answer there."""
    lead = await hold_lead(pressed.session, pressed.row_id)
    if lead is None or lead.workspace_id != pressed.channel.workspace_id:
        raise NotFoundError("There is no such lead.")
    pressed.caller.require(lead.workspace_id, Permission.ANSWER)
    if lead.stage is not Stage.NEW:
        raise ConflictError("This lead is taken up already.")
    return lead


async def _require_sales(pressed: Pressed, lead: Lead) -> None:
    if lead.owner_id == pressed.caller.agent_id or pressed.caller.may(lead.workspace_id, Permission.MODERATE):
        return
    if not await is_of_sales(pressed.session, pressed.caller, lead.workspace_id):
        raise ForbiddenError("Only a person of Sales takes leads up.")


async def _shown(pressed: Pressed, lead: Lead, line: str) -> Ring:
    desk = await load_alert_desk(pressed.session, pressed.context, lead.workspace_id)
    is_private = not pressed.job.chat_external_id.startswith("-")
    text = await say_lead(pressed.session, lead, desk, pressed.now, is_private=is_private)
    return Ring(pressed.job.chat_external_id, f"{text}\n\n{line}")


LEAD_DEEDS: dict[str, Deed] = {"lead": press_take, "nolead": press_no_lead, "pass": press_pass}

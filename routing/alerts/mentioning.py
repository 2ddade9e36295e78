"""A colleague whom a note calls hears of it in private, where their Telegram is linked."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.agents.tokens import find_active
from inbox.channels.account import account_of
from inbox.channels.adapter import Account
from inbox.channels.models import Channel
from inbox.channels.ringing import Ring
from inbox.contacts.models import Contact
from inbox.conversations.access import sees
from inbox.conversations.mentions import is_mentioned
from inbox.conversations.models import Conversation, Message
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PermanentRefusalError
from inbox.core.events import RingMention
from inbox.core.i18n import words_in
from inbox.core.pacing import Pacing
from inbox.organisations.models import Workspace
from routing.alerts.calling import call_in_turn, ringer_of
from routing.alerts.telling import find_own_chat

TEXT_SHOWN = 400


async def run_mention(context: Context, pacing: Pacing, job: RingMention) -> None:
    """Ring once; a person without a linked Telegram is told by their panel alone."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        call = await _plan(session, context, job)
    if call is None:
        return
    account, ring = call
    ringer = ringer_of(context, account)
    try:
        await call_in_turn(context, pacing, account, ring.chat_external_id, lambda: ringer.ring(account, ring))
    except (PermanentRefusalError, KeyRefusedError):
        return


async def _plan(session: AsyncSession, context: Context, job: RingMention) -> tuple[Account, Ring] | None:
    """None where there is nowhere to ring, and where by now they may not see the note or it calls them no more."""
    found = (
        await session.execute(
            select(Message, Conversation, Contact.name, Channel.name, Workspace.name, Agent.name)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .join(Contact, Contact.id == Conversation.contact_id)
            .join(Channel, Channel.id == Conversation.channel_id)
            .join(Workspace, Workspace.id == Message.workspace_id)
            .join(Agent, Agent.id == Message.author_agent_id)
            .where(Message.id == job.message_id, Message.deleted_at.is_(None))
        )
    ).one_or_none()
    if found is None:
        return None
    note, conversation, contact, channel, project, author = found
    if not await is_mentioned(session, note, job.agent_id):
        return None
    own_chat = await find_own_chat(session, note.workspace_id, job.agent_id)
    person = await find_active(session, job.agent_id)
    if own_chat is None or person is None:
        return None
    if not sees(person, note.workspace_id, conversation.assignee_id, conversation.team_id):
        return None
    words = words_in(person.locale)
    head = words.gettext("%(name)s calls you in a note", name=author)
    lines = [f"💬 {head} · {project}", f"{channel} · {contact}", "", note.text[:TEXT_SHOWN]]
    if base := (context.settings.base_url or "").rstrip("/"):
        lines += ["", f"{base}/w/{note.workspace_id}/inbox/{conversation.id}"]
    return account_of(own_chat.channel, context.cipher), Ring(own_chat.external_id, "\n".join(lines))

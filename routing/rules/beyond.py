"""Actions of rules that other features do: auto-replies, alerts, leads, webhooks; in the batch's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation
from routing.alerts.service import ring_by_rule
from routing.autoreplies.service import reply_by_rule
from routing.leads.service import make_leads_by_rule
from routing.rules.actions import Beyond, MakeLead, RingAlarm, SendAutoReply, TellWebhook
from routing.webhooks.service import tell_by_rule


@dataclass(frozen=True, slots=True)
class Far:
    """An action that a rule does for a message."""

    action: Beyond
    rule_id: int
    rule_name: str
    message: NewMessage
    conversation: Conversation


async def act_beyond(session: AsyncSession, deeds: Sequence[Far], now: datetime) -> None:
    """Do them in order, leads together; each feature sees to it that nothing is done twice."""
    leads: list[tuple[NewMessage, Conversation]] = []
    for one in deeds:
        match one.action:
            case SendAutoReply():
                await reply_by_rule(session, one.action.auto_reply_id, one.message, one.conversation, now)
            case RingAlarm():
                await ring_by_rule(session, one.rule_id, one.rule_name, one.message, one.conversation)
            case MakeLead():
                leads.append((one.message, one.conversation))
            case TellWebhook():
                await tell_by_rule(session, one.action.webhook_id, one.rule_name, one.message, one.conversation, now)
    await make_leads_by_rule(session, leads, now)

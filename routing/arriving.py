"""What routing adds to a batch: rules first, then what follows from a message whatever rules say."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation
from routing.alerts.service import alert_on_new
from routing.autoreplies.service import answer_automatically
from routing.leads.service import hold_leads, note_phones
from routing.rules.service import apply_rules


async def route(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation], now: datetime
) -> None:
    """In the batch's transaction: rules, then auto-replies, alerts and phones of leads; none of these three for what
    was written before the channel was connected or while the project was archived.
    """
    fresh = [one for one in new if not one.is_quiet]
    await hold_leads(session, fresh, conversations)
    await apply_rules(session, new, conversations, now)
    await answer_automatically(session, fresh, conversations, now)
    await alert_on_new(session, fresh, conversations)
    await note_phones(session, fresh, conversations, now)

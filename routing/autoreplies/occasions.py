"""Which occasion for an auto-reply a message is, if any: pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from inbox.calendars.hours import WorkingHours
from inbox.channels.events import UNDATED, ConversationKind
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation, PostMode
from inbox.conversations.needs_answer import Why
from routing.autoreplies.models import AutoReplyKind

FRESH = timedelta(minutes=15)
"""What is older when we see it gets no auto-reply: by now it would confuse."""
LIVE = timedelta(hours=1)
"""For so long after a person's answer the talk is a live one."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """`period_at` tells this occasion from the next one of its kind in the same conversation."""

    kind: AutoReplyKind
    period_at: datetime
    opens_at: datetime | None


def is_spoken_to(message: NewMessage, conversation: Conversation, now: datetime) -> bool:
    """Whether a person would be glad of a machine's word: never a bot, never stale, never within a live talk."""
    event = message.event
    if event.author.is_bot or event.author.is_ours or event.edited_at is not None:
        return False
    if now - event.sent_at > FRESH:
        return False
    answered_at = conversation.last_answer_at
    return answered_at is None or event.sent_at - answered_at > LIVE


def find_occasions(
    message: NewMessage, conversation: Conversation, hours: WorkingHours, now: datetime
) -> list[Occasion]:
    """The occasions that a new message is, the one to be preferred first."""
    if not is_spoken_to(message, conversation, now):
        return []
    found: list[Occasion] = []
    closed = not hours.is_open(message.event.sent_at) and not hours.is_open(now)
    opens_at = hours.next_opening(now) if closed else None
    if opens_at is not None and message.verdict.needed:
        found.append(Occasion(AutoReplyKind.AFTER_HOURS, opens_at, opens_at))
    is_first = conversation.started_at == message.event.sent_at and conversation.last_answer_at is None
    says_something = message.verdict.needed or message.verdict.why is Why.COMMAND
    if is_first and says_something and conversation.kind is ConversationKind.DIRECT:
        found.append(Occasion(AutoReplyKind.GREETING, UNDATED, opens_at))
    return found


def rules_occasion(hours: WorkingHours, now: datetime) -> Occasion:
    """A rule's: once a day, or once a closed period, in one conversation."""
    opens_at = None if hours.is_open(now) else hours.next_opening(now)
    local = now.astimezone(ZoneInfo(hours.time_zone))
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    return Occasion(AutoReplyKind.RULE, opens_at or midnight, opens_at)


def may_answer_in(conversation: Conversation, mode: PostMode | None, *, is_public: bool) -> bool:
    """In private always; under a post only when the workspace wishes so, and never in a draw; in groups never."""
    if conversation.kind is ConversationKind.DIRECT:
        return True
    return (
        is_public
        and conversation.kind is ConversationKind.COMMENT
        and conversation.post_id is not None
        and mode is not PostMode.DRAW
    )

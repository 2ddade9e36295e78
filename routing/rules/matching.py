"""Does a rule's condition hold for a message: pure."""

from collections.abc import Sequence

from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation
from routing.rules.schemas import Condition, IntentIs, KindIs, NeedsAnswerIs, SentimentIs, ToxicIs


def matches(conditions: Sequence[Condition], message: NewMessage, conversation: Conversation) -> bool:
    """Whether all conditions hold; a rule without conditions holds always."""
    return all(_holds(condition, message, conversation) for condition in conditions)


def _holds(condition: Condition, message: NewMessage, conversation: Conversation) -> bool:
    tags = message.tags
    match condition:
        case IntentIs():
            sure = tags is not None and (not condition.sure or "intent" not in tags.unsure)
            return tags is not None and sure and tags.intent in condition.any_of
        case SentimentIs():
            return tags is not None and tags.sentiment in condition.any_of
        case ToxicIs():
            return tags is not None and tags.toxic is condition.value
        case NeedsAnswerIs():
            return message.verdict.needed is condition.value
        case KindIs():
            return conversation.kind in condition.any_of

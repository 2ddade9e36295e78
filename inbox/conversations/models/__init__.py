"""Tables of conversations: posts, conversations, messages with tags, labels, activity lines, dead events."""

from inbox.conversations.models.activities import Activity, ConversationLabel, Label
from inbox.conversations.models.bulk_changes import BulkChange, BulkStep
from inbox.conversations.models.conversations import ERASED, Conversation
from inbox.conversations.models.dead_events import DeadEvent
from inbox.conversations.models.mentions import Mention
from inbox.conversations.models.messages import (
    Attachment,
    Correction,
    Deletion,
    HandledEvent,
    Message,
    MessageEdit,
    Tags,
)  # fmt: skip
from inbox.conversations.models.posts import Post
from inbox.conversations.models.reviews import ModerationAction, ReviewAction, ReviewState
from inbox.conversations.models.states import Delivery, Direction, MessageKind, Outcome, PostMode, Priority, Status

__all__ = [
    "ERASED",
    "Activity",
    "Attachment",
    "BulkChange",
    "BulkStep",
    "Conversation",
    "ConversationLabel",
    "Correction",
    "DeadEvent",
    "Deletion",
    "Delivery",
    "Direction",
    "HandledEvent",
    "Label",
    "Mention",
    "Message",
    "MessageEdit",
    "MessageKind",
    "ModerationAction",
    "Outcome",
    "Post",
    "PostMode",
    "Priority",
    "ReviewAction",
    "ReviewState",
    "Status",
    "Tags",
]

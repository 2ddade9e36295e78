"""The words for states of posts, conversations and messages."""

from enum import StrEnum


class PostMode(StrEnum):
    """How the comments of a post are treated."""

    NORMAL = "normal"
    DRAW = "draw"
    PROMO = "promo"
    CRISIS = "crisis"


class Status(StrEnum):
    """A conversation's state."""

    OPEN = "open"
    WAITING_SUBSCRIBER = "waiting_subscriber"
    WAITING_CLIENT = "waiting_client"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a conversation ended."""

    ANSWERED = "answered"
    NO_ANSWER_NEEDED = "no_answer_needed"
    NO_ANSWER_NEEDED_AUTOMATIC = "no_answer_needed_automatic"
    SPAM = "spam"


class Priority(StrEnum):
    """How urgent."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Direction(StrEnum):
    """inbound: a subscriber's · outbound: ours."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageKind(StrEnum):
    """message: seen by the subscriber · note: ours alone · auto_reply: ours, never counted as an answer."""

    MESSAGE = "message"
    NOTE = "note"
    AUTO_REPLY = "auto_reply"


class Delivery(StrEnum):
    """Where an outbound message is on its way. uncertain: it may have arrived, a person decides."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"

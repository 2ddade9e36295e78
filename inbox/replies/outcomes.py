"""How an attempt to send ended, and what that makes of the row."""

from dataclasses import dataclass

from inbox.channels.adapter import Sent
from inbox.conversations.models import Delivery
from inbox.core.errors import (
    ChatMigratedError,
    CommentsClosedError,
    KeyRefusedError,
    PlatformError,
    SecondKeyWaitsError,
    TemporaryRefusalError,
    UnknownOutcomeError,
    UnreachableContactError,
)
from inbox.core.i18n import N_

INTERRUPTED = N_("The program was interrupted while it was sending: look whether the reply arrived.")

TRIED_AGAIN = N_("The program had an error of its own while it was sending; it is tried again.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`failure` is for people. The rest is what else the platform told us by it."""

    delivery: Delivery
    sent: Sent | None = None
    failure: str | None = None
    dead_key: bool = False
    second_key_waits: bool = False
    unreachable: bool = False
    comments_closed: bool = False
    new_chat_external_id: str | None = None


def outcome_of(error: PlatformError) -> Outcome:
    """Nothing was done: queued again. Nobody knows: uncertain. The platform will not: failed."""
    match error:
        case TemporaryRefusalError():
            return Outcome(Delivery.QUEUED, failure=error.reason)
        case UnknownOutcomeError():
            return Outcome(Delivery.UNCERTAIN, failure=error.reason)
        case KeyRefusedError():
            return Outcome(Delivery.QUEUED, failure=error.reason, dead_key=True)
        case SecondKeyWaitsError():
            return Outcome(Delivery.QUEUED, failure=error.reason, second_key_waits=True)
        case ChatMigratedError():
            return Outcome(Delivery.QUEUED, new_chat_external_id=error.new_chat_external_id)
        case UnreachableContactError():
            return Outcome(Delivery.FAILED, failure=error.reason, unreachable=True)
        case CommentsClosedError():
            return Outcome(Delivery.FAILED, failure=error.reason, comments_closed=True)
        case _:
            return Outcome(Delivery.FAILED, failure=error.reason)

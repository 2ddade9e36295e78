"""What of a conversation's messages still wants a person's look: what is suspicious, and answers that did not arrive.

Pure, as the state: the same messages and decisions say the same, in whatever order they came.
"""

from collections.abc import Sequence
from datetime import datetime

from inbox.conversations.models import Delivery, Direction
from inbox.conversations.state import Seen, Spoken


def is_held(messages: Sequence[Spoken], settled: Seen | None, banned_at: datetime | None) -> bool:
    """Whether one that is there is suspicious, came after what who closed had seen, and after a ban of its author."""
    return any(
        one.held
        and not one.is_deleted
        and one.direction is Direction.INBOUND
        and (settled is None or one.order > settled.order)
        and (banned_at is None or one.sent_at > banned_at)
        for one in messages
    )


def find_undelivered(messages: Sequence[Spoken], settled: Seen | None) -> Delivery | None:
    """failed before uncertain. Who closed, or answered anew, after it was known has seen to it."""
    seen_at = [one.sent_at for one in messages if one.answers and one.undelivered is None and not one.is_deleted]
    if settled is not None:
        seen_at.append(settled.decided_at)
    newest = max(seen_at, default=None)
    found = {
        one.undelivered
        for one in messages
        if one.failed_at is not None and not one.is_deleted and (newest is None or one.failed_at > newest)
    }
    return next((one for one in (Delivery.FAILED, Delivery.UNCERTAIN) if one in found), None)

"""To whom a message is said: us, another subscriber, or nobody in particular; pure."""

from datetime import datetime
from enum import StrEnum

from inbox.channels.events import MessageReceived
from inbox.contacts.service import Known


class Whom(StrEnum):
    """To whom a message is said, as far as the platform shows it."""

    US = "us"
    """It answers us, or names us."""
    SUBSCRIBER = "subscriber"
    """It answers another subscriber."""
    NOBODY = "nobody"
    """It stands for itself: directly under a post, in a group, or it goes on from the writer's own words."""


def find_whom(author_id: int | None, answered: Known | None, at: datetime, *, addresses_us: bool) -> Whom:
    """`author_id` wrote at `at`, answering `answered` (None: nobody, or a post); both as rows of identities.

    `addresses_us` is the platform's word; our people who write by accounts of their own are known here alone.
    """
    if addresses_us:
        return Whom.US
    if answered is None or answered.identity_id == author_id:
        return Whom.NOBODY
    return Whom.US if answered.was_ours(at) else Whom.SUBSCRIBER


def find_answered(event: MessageReceived) -> str | None:
    """The external id of the person who is answered; None for our own side, a post, a bot, or nobody."""
    author = event.parent.author if event.parent is not None else None
    if author is None or author.is_ours or author.is_bot:
        return None
    return author.external_id or None

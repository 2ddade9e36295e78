"""A conversation's clock as its pill shows it."""

from dataclasses import dataclass
from datetime import datetime

from inbox.conversations.models import Conversation, Outcome, Status
from inbox.conversations.urgency import DUE_SOON, find_running_due
from inbox.core.i18n import N_, Words

_ENDED = {
    Outcome.ANSWERED: N_("answered"),
    Outcome.NO_ANSWER_NEEDED: N_("no answer needed"),
    Outcome.NO_ANSWER_NEEDED_AUTOMATIC: N_("no answer needed (automatic)"),
    Outcome.SPAM: N_("spam"),
}
_ASIDE = {
    Status.WAITING_SUBSCRIBER: N_("waiting for the subscriber"),
    Status.WAITING_CLIENT: N_("waiting for the client company"),
}


@dataclass(frozen=True, slots=True)
class Pill:
    """`kind`: late, soon, ok (a clock runs, `due` is set) or quiet (none does)."""

    kind: str
    text: str
    due: datetime | None = None


def pill_of(conversation: Conversation, words: Words, zone: str, now: datetime) -> Pill:
    """What stands at the row's right."""
    if conversation.status is Status.CLOSED:
        return Pill("quiet", words.gettext(_ENDED.get(conversation.outcome or Outcome.ANSWERED, N_("closed"))))
    if conversation.snoozed_until is not None:
        moment = words.moment(conversation.snoozed_until, zone, now)
        return Pill("quiet", words.gettext("snoozed until %(moment)s", moment=moment))
    if conversation.status in _ASIDE:
        return Pill("quiet", words.gettext(_ASIDE[conversation.status]))
    due = find_running_due(conversation)
    if due is None:
        return Pill("quiet", words.gettext(_at_rest(conversation)))
    kind = "late" if due <= now else "soon" if due - now <= DUE_SOON else "ok"
    return Pill(kind, words.until(due, now), due)


def _at_rest(conversation: Conversation) -> str:
    """Why no clock runs while it is open."""
    if not conversation.needs_answer:
        return N_("answered")
    return N_("cannot be written to") if conversation.is_silenced else N_("waits for an answer")

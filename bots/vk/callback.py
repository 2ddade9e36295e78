"""A call of VK's Callback server, checked: whose it is, its secret in constant time, a confirmation or an event; pure.

The route answers a confirmation with the string that `servers.confirmation_code` reads, puts an event on the stream
and then answers exactly `ok`; what is wrong gets 401 or 400 and is not stored.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest

from inbox.channels.adapter import RawEvent

OK = "ok"


class Flaw(StrEnum):
    """malformed: not a call of VK's · stranger: another community's · secret: not the one that we gave."""

    MALFORMED = "malformed"
    STRANGER = "stranger"
    SECRET = "secret"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Confirming:
    """VK asks whether this address is ours."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event to be stored, without the secret."""

    raw: RawEvent


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not to be stored."""

    flaw: Flaw


def read_call(body: bytes, external_id: str, secret: str) -> Confirming | Delivered | Rejected:
    """What a body says to the channel of community `external_id` whose Callback secret is `secret`."""
    try:
        call: object = json.loads(body)
    except (ValueError, RecursionError):
        return Rejected(Flaw.MALFORMED)
    if not isinstance(call, dict) or not isinstance(call.get("type"), str):
        return Rejected(Flaw.MALFORMED)
    if str(call.get("group_id")) != external_id.lstrip("-"):
        return Rejected(Flaw.STRANGER)
    shown = call.pop("secret", None)
    if call["type"] == "confirmation" and shown is None:
        # The string that answers it opens nothing to anybody else.
        return Confirming()
    if not isinstance(shown, str) or not compare_digest(shown.encode(), secret.encode()):
        return Rejected(Flaw.SECRET)
    return Confirming() if call["type"] == "confirmation" else Delivered(call)

"""VK's error codes in the inbox's words: wait, give up, the key, the contact; and what counts as done."""

from dataclasses import dataclass
from datetime import timedelta

from bots.vk import reasons
from bots.vk.wire import Answer
from inbox.channels.adapter import KeyKind
from inbox.core.errors import (
    CommentsClosedError,
    KeyRefusedError,
    PermanentRefusalError,
    PlatformError,
    SecondKeyWaitsError,
    TemporaryRefusalError,
    UnreachableContactError,
)


@dataclass(frozen=True, slots=True)
class _Pause:
    """Nothing was done; `length` to wait, for the whole key or for this call."""

    reason: str
    length: timedelta
    whole_key: bool


_PAUSES = {
    1: _Pause(reasons.VK_BUSY, timedelta(seconds=2), whole_key=False),
    6: _Pause(reasons.TOO_MANY_CALLS, timedelta(seconds=1), whole_key=True),
    9: _Pause(reasons.FLOOD, timedelta(seconds=60), whole_key=False),
    10: _Pause(reasons.VK_BUSY, timedelta(seconds=5), whole_key=False),
    29: _Pause(reasons.TOO_MANY_CALLS, timedelta(minutes=10), whole_key=True),
    32: _Pause(reasons.VK_BUSY, timedelta(seconds=5), whole_key=False),
    36: _Pause(reasons.VK_BUSY, timedelta(seconds=5), whole_key=False),
    43: _Pause(reasons.VK_BUSY, timedelta(minutes=1), whole_key=False),
}

AT_ONCE = frozenset({1, 6, 10})
"""Refusals that pass by themselves within a moment."""

_OWN_KEY = {
    4: reasons.KEY_REVOKED,
    5: reasons.KEY_REVOKED,
    14: reasons.CAPTCHA,
    17: reasons.VALIDATION,
    25: reasons.VALIDATION,
    27: reasons.WRONG_KEY_KIND,
    28: reasons.KEY_REVOKED,
    1051: reasons.WRONG_KEY_KIND,
    1114: reasons.KEY_REVOKED,
    1116: reasons.KEY_REVOKED,
    1117: reasons.KEY_REVOKED,
    3300: reasons.CAPTCHA,
    3301: reasons.VALIDATION,
    3609: reasons.KEY_REVOKED,
    3610: reasons.KEY_REVOKED,
}
"""What is wrong with a key; a captcha and a confirmation are a person's work just as well."""

_USER_KEY = {
    reasons.KEY_REVOKED: reasons.USER_KEY_REVOKED,
    reasons.CAPTCHA: reasons.USER_KEY_CAPTCHA,
    reasons.VALIDATION: reasons.USER_KEY_CAPTCHA,
    reasons.WRONG_KEY_KIND: reasons.USER_KEY_LACKS_RIGHT,
}

_CONTACT = {
    900: reasons.BLACKLISTED,
    901: reasons.NOT_ALLOWED_TO_WRITE,
    902: reasons.PRIVACY,
    950: reasons.REPLY_TIMED_OUT,
}
"""We cannot write first: the contact has to do something."""

_PERMANENT = {
    18: reasons.PERSON_DELETED,
    19: reasons.ACCESS_DENIED,
    22: reasons.FILE_REFUSED,
    30: reasons.ACCESS_DENIED,
    37: reasons.PERSON_DELETED,
    39: reasons.CONTACT_NOT_FOUND,
    104: reasons.COMMENT_GONE,
    105: reasons.FILE_REFUSED,
    113: reasons.CONTACT_NOT_FOUND,
    129: reasons.FILE_REFUSED,
    203: reasons.ACCESS_DENIED,
    210: reasons.POST_GONE,
    211: reasons.COMMENT_GONE,
    212: reasons.NO_ACCESS_TO_COMMENTS,
    222: reasons.LINKS_FORBIDDEN,
    223: reasons.TOO_MANY_REPLIES,
    243: reasons.NOT_DELETED,
    909: reasons.CANNOT_EDIT,
    910: reasons.TEXT_TOO_LONG,
    914: reasons.TEXT_TOO_LONG,
    917: reasons.NO_CHAT_ACCESS,
    920: reasons.CANNOT_EDIT,
    922: reasons.NO_CHAT_ACCESS,
    924: reasons.CANNOT_DELETE,
    925: reasons.NO_CHAT_ACCESS,
    927: reasons.NO_CHAT_ACCESS,
    932: reasons.NO_CHAT_ACCESS,
    935: reasons.NO_CHAT_ACCESS,
    936: reasons.CONTACT_NOT_FOUND,
    945: reasons.NO_CHAT_ACCESS,
    946: reasons.NO_CHAT_ACCESS,
    949: reasons.CANNOT_EDIT,
    983: reasons.NO_CHAT_ACCESS,
    985: reasons.NO_CHAT_ACCESS,
    1012: reasons.NO_CHAT_ACCESS,
    2000: reasons.TOO_MANY_SERVERS,
}

_COMMENTS_CLOSED = frozenset({213, 801, 1401})
"""Of posts, videos and products."""

_SCOPE_SUBCODES = frozenset({1133, 1134})
_SCOPE_WORDS = "no access to call this method"


def refusal_of(answer: Answer, method: str, key: KeyKind) -> PlatformError:
    """The error that a refusal means; its reason is one of ours, or VK's own words when we know no better.

    A dead community key needs attention, since nothing goes without it; without an administrator's key only some acts
    are off, so that its trouble is a refusal of those, or has them wait for what its owner can do about it.
    """
    code = answer.code or 0
    if code in _PAUSES:
        pause = _PAUSES[code]
        return TemporaryRefusalError(pause.reason, retry_after=pause.length, whole_key=pause.whole_key)
    if code in _CONTACT:
        return UnreachableContactError(_CONTACT[code])
    key_reason = _OWN_KEY.get(code) or (reasons.KEY_LACKS_RIGHT if _lacks_scope(answer, method) else None)
    if key_reason is not None:
        if key is KeyKind.OWN:
            return KeyRefusedError(key_reason)
        reason = _USER_KEY.get(key_reason, reasons.USER_KEY_LACKS_RIGHT)
        is_waiting = reason == reasons.USER_KEY_CAPTCHA
        return SecondKeyWaitsError(reason) if is_waiting else PermanentRefusalError(reason)
    if code in _COMMENTS_CLOSED:
        return CommentsClosedError(reasons.COMMENTS_CLOSED)
    if code in {7, 15}:
        is_user = key is KeyKind.USER
        return PermanentRefusalError(reasons.USER_KEY_LACKS_RIGHT if is_user else reasons.ACCESS_DENIED)
    return PermanentRefusalError(_PERMANENT.get(code) or answer.message or f"VK {code}")


def _lacks_scope(answer: Answer, method: str) -> bool:
    """Error 15 is said of a key without the right for a method, and of a thing that one may not see; about messages
    only the first makes sense."""
    if answer.code != 15:
        return False
    is_said = answer.subcode in _SCOPE_SUBCODES or _SCOPE_WORDS in answer.message.lower()
    return is_said or method.startswith(("messages.", "groups.get"))

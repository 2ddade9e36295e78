"""The one tree of errors; each carries the HTTP status and the words a person reads.

OtklikError
├── RefusedError                 the caller's fault, rendered as problem details (status 4xx)
│   ├── NotFoundError            404, also for another workspace's row
│   ├── ForbiddenError           403
│   ├── UnauthenticatedError     401
│   ├── ConflictError            409
│   ├── GoneError                410, it was there and is no more
│   ├── InvalidInputError        422, names the field
│   └── TooManyAttemptsError     429, says when to try again
├── PlatformError                a platform said no, or nothing
│   ├── TemporaryRefusalError    wait `retry_after` and repeat: nothing was done
│   ├── PermanentRefusalError    do not repeat; `reason` is for a person
│   │   ├── UnreachableContactError   the contact blocked us or never wrote
│   │   ├── CommentsClosedError  the post takes none
│   │   └── SecondKeyWaitsError  until a person has acted at the platform, the second key does nothing
│   ├── KeyRefusedError          the key is dead or lacks a right: the channel needs attention
│   ├── ChatMigratedError        the group lives on under another id
│   └── UnknownOutcomeError      the request left, no answer came: it may have been done
├── UnparsableEventError         a platform's payload that no parser understands
└── SetupError                   settings or servers: a sentence that says how to mend it
"""

from collections.abc import Mapping
from datetime import timedelta


class OtklikError(Exception):
    """Root of all errors raised on purpose."""


class RefusedError(OtklikError):
    """A request that is refused; `status` is HTTP's, `title` the short form of it."""

    status = 400
    title = "Bad request"

    def __init__(self, said: str, *, field: str | None = None, values: Mapping[str, str | int] | None = None) -> None:
        """`said` is a key of the language files; `values` fill its `%(name)s` in every language."""
        self.said = said
        self.values = dict(values or {})
        self.detail = said % self.values if self.values else said
        super().__init__(self.detail)
        self.field = field


class NotFoundError(RefusedError):
    """No such row, or none that the caller may know of."""

    status = 404
    title = "Not found"


class ForbiddenError(RefusedError):
    """The caller is known and may not."""

    status = 403
    title = "Not allowed"


class UnauthenticatedError(RefusedError):
    """Nobody is signed in, or the token is not valid."""

    status = 401
    title = "Not signed in"


class ConflictError(RefusedError):
    """The row's state does not allow it; `extra` joins the problem details."""

    status = 409
    title = "Conflict"

    def __init__(
        self,
        said: str,
        *,
        extra: dict[str, str | int | None] | None = None,
        values: Mapping[str, str | int] | None = None,
    ) -> None:
        super().__init__(said, values=values)
        self.extra = extra or {}


class GoneError(RefusedError):
    """It was there: the platform does not give it any more, or it had its day."""

    status = 410
    title = "Gone"


class InvalidInputError(RefusedError):
    """A value that cannot be accepted; `field` names it."""

    status = 422
    title = "Invalid input"


class TooManyAttemptsError(RefusedError):
    """Tried too often; `retry_after` says how long to wait."""

    status = 429
    title = "Too many attempts"

    def __init__(self, detail: str, *, retry_after: timedelta) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class PlatformError(OtklikError):
    """Telegram or VK refused, or could not be reached; `reason` is for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemporaryRefusalError(PlatformError):
    """Nothing was done; repeat after `retry_after` (None: back off as you see fit).

    `whole_key` tells whether the pause is the key's (a 429) or only this call's.
    """

    def __init__(self, reason: str, *, retry_after: timedelta | None = None, whole_key: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.whole_key = whole_key


class PermanentRefusalError(PlatformError):
    """Repeating cannot help."""


class UnreachableContactError(PermanentRefusalError):
    """The contact blocked the bot, or it may not write first."""


class CommentsClosedError(PermanentRefusalError):
    """The post takes no comments, from nobody."""


class SecondKeyWaitsError(PermanentRefusalError):
    """A captcha or a confirmation, asked of the owner of the optional second key.

    What can wait for that person does, and the channel goes on with its own key; elsewhere it is a refusal.
    """


class KeyRefusedError(PlatformError):
    """The key is revoked or lacks the right; the channel needs attention."""


class ChatMigratedError(PlatformError):
    """The group became a supergroup; repeat with `new_chat_external_id`."""

    def __init__(self, reason: str, *, new_chat_external_id: str) -> None:
        super().__init__(reason)
        self.new_chat_external_id = new_chat_external_id


class UnknownOutcomeError(PlatformError):
    """The request's bytes left and no answer came."""


class UnparsableEventError(OtklikError):
    """A payload that is kept whole as a dead event."""


class SetupError(OtklikError):
    """Something about settings, servers or the machine; the text says how to mend it."""

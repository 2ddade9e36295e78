"""When a message asks, of which several texts are known: pure, the same in whatever order the texts came.

The rule of edits. A message asks since its first text that asks: since `sent_at` when that is the first one, else since
the edit that made a question of it. A later edit asks anew when it says more (`wording.py`): who still waits goes on
waiting since they first asked, and where we had answered, or a person had decided, there is something that nobody has
seen. An edit that corrects a slip asks nothing anew. An edit that takes the question away ends the wait; what we had
answered by then stays answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inbox.conversations.wording import says_more


@dataclass(frozen=True, slots=True)
class Version:
    """A text that a message had since `since_at`. `asks` None: not known, and as the next one does."""

    since_at: datetime
    text: str
    asks: bool | None


@dataclass(frozen=True, slots=True)
class Asking:
    """A time at which a message began to ask, or asked anew; `withdrawn_at`: an edit asks nothing any more."""

    at: datetime
    is_edit: bool
    withdrawn_at: datetime | None = None


def find_askings(versions: Sequence[Version], sent_at: datetime, *, came_edited: bool = False) -> list[Asking]:
    """All of them, in time; `versions` oldest first, the last one's verdict is known.

    The first one counts since `sent_at`, but where the message `came_edited`: then nobody knows what it said before,
    nor could anybody have answered.
    """
    found: list[Asking] = []
    before: Version | None = None
    known = _filled_in(versions)
    for place, version in enumerate(known):
        if version.asks and (before is None or _asks_anew(before, versions[place - 1].asks, version)):
            is_edit = came_edited or place > 0
            gone = (one.since_at for one in known[place + 1 :] if not one.asks)
            found.append(Asking(version.since_at if is_edit else sent_at, is_edit, next(gone, None)))
        before = version
    return found


def _filled_in(versions: Sequence[Version]) -> list[Version]:
    filled: list[Version] = []
    for one in reversed(versions):
        asks = one.asks if one.asks is not None or not filled else filled[-1].asks
        filled.append(Version(one.since_at, one.text, asks))
    return filled[::-1]


def _asks_anew(before: Version, was_known: bool | None, version: Version) -> bool:
    """Of an earlier text whose verdict is not known it is taken that it asked the same."""
    return not before.asks or (was_known is not None and says_more(before.text, version.text))

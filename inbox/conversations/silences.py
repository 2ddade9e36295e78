"""Times in which a contact could not be written to, from what the platform told and when they wrote; pure.

The same words and messages give the same times, in whatever order they came.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import IntEnum

from inbox.core.database import Json


class _Mark(IntEnum):
    """In the order in which they count within one second, which is as exactly as platforms tell."""

    WROTE = 0
    SHUT = 1
    OPENED = 2


def find_silences(
    words: Sequence[Json], wrote_at: Iterable[datetime], known: Sequence[datetime] = (), since: datetime | None = None
) -> list[datetime]:
    """Begin, end, begin, end …; an odd number: they cannot be written to now.

    `words`: of `Identity.reach_words`. Who writes (`wrote_at`, in private) can be written to from then on. `since`:
    what was written before is not among them, so that up to then holds what was `known`.
    """
    if not words:
        return []
    marks = [
        (datetime.fromisoformat(str(word["at"])), _Mark.OPENED if word["reachable"] else _Mark.SHUT) for word in words
    ]
    marks += [(at, _Mark.WROTE) for at in wrote_at]
    found = [at for at in known if since is not None and at <= since]
    for at, mark in sorted(marks):
        if since is not None and at <= since:
            continue
        is_silent = len(found) % 2 == 1
        if is_silent is not (mark is _Mark.SHUT):
            found.append(at)
    return found

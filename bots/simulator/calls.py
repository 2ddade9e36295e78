"""The record of what bots called, without the bytes of files; the oldest are forgotten."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from inbox.channels.events import Platform

KEPT = 20_000
KEPT_POLLS = 2_000
POLLS = frozenset({"getupdates", "longpoll"})
"""Methods that only ask for news: so many that they would push out the rest."""


@dataclass(slots=True)
class Call:
    """One call of a bot and what it was answered."""

    number: int
    platform: Platform
    bot: int | None
    method: str
    params: dict[str, object]
    at: datetime
    code: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls to list; None means any."""

    platform: Platform | None = None
    bot: int | None = None
    method: str | None = None
    since: datetime | None = None

    def fits(self, call: Call) -> bool:
        """Whether a call is one of those."""
        return (
            self.platform in {None, call.platform}
            and self.bot in {None, call.bot}
            and (self.method is None or self.method.lower() == call.method.lower())
            and (self.since is None or call.at >= self.since)
        )


class CallLog:
    """Calls in the order in which they came."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._polls: deque[Call] = deque(maxlen=KEPT_POLLS)
        self._count = 0

    def add(self, platform: Platform, bot: int | None, method: str, params: dict[str, object], at: datetime) -> Call:
        """Record a call that is being made; its answer is filled in later."""
        self._count += 1
        call = Call(self._count, platform, bot, method, params, at)
        (self._polls if method.lower() in POLLS else self._calls).append(call)
        return call

    def list_calls(self, wanted: CallFilter, limit: int) -> list[Call]:
        """The newest that fit, oldest first."""
        both: Iterator[Call] = merge(
            reversed(self._calls), reversed(self._polls), key=lambda call: call.number, reverse=True
        )
        found: list[Call] = []
        for call in both:
            if len(found) == limit:
                break
            if wanted.fits(call):
                found.append(call)
        return found[::-1]

    def clear(self, platform: Platform | None = None) -> None:
        """Forget all, or those of one platform."""
        for calls in (self._calls, self._polls):
            kept = [call for call in calls if platform not in {None, call.platform}]
            calls.clear()
            calls.extend(kept)

"""A bot's updates that wait to be taken: order, confirmation, the kinds that it wants, a day to live."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bots.simulator.telegram.refusals import ANOTHER_POLL, BotApiError, Json
from inbox.core.clock import Clock

LIFETIME = timedelta(hours=24)
LATE = 0.25
"""seconds an update is kept back when delivery is out of order and nothing follows it"""
NOT_BY_DEFAULT = frozenset({"message_reaction", "message_reaction_count", "chat_member", "chat_join_request"})
MAX_BATCH = 100


@dataclass(slots=True)
class Update:
    """One update; `copies` is how often it is delivered."""

    update_id: int
    kind: str
    payload: Json = field(repr=False)
    made_at: datetime
    copies: int = 1

    def shown(self) -> Json:
        """As an Update object."""
        return {"update_id": self.update_id, self.kind: self.payload}


class UpdateQueue:
    """Updates of one bot, for getUpdates or a webhook."""

    def __init__(self, last_id: int, clock: Clock, chance: Random) -> None:
        self.allowed: frozenset[str] | None = None
        """The kinds that the bot asked for; None: all but those that must be named."""
        self.duplicate = 0.0
        self.reorder = 0.0
        self._last_id = last_id
        self._clock = clock
        self._chance = chance
        self._waiting: deque[Update] = deque()
        self._late: list[tuple[str, Json]] = []
        self._poll: asyncio.Future[None] | None = None
        self._news = asyncio.Event()

    def __len__(self) -> int:
        self._forget_old()
        return len(self._waiting)

    def put(self, kind: str, payload: Json) -> None:
        """Add an update, if the bot wants this kind."""
        if not self._is_wanted(kind):
            return
        if self.reorder and self._chance.random() < self.reorder:
            self._late.append((kind, payload))
            asyncio.get_running_loop().call_later(LATE, self._release)
            return
        self._append(kind, payload)
        self._release()

    def _is_wanted(self, kind: str) -> bool:
        return kind not in NOT_BY_DEFAULT if self.allowed is None else kind in self.allowed

    def _release(self) -> None:
        while self._late:
            self._append(*self._late.pop(0))

    def _append(self, kind: str, payload: Json) -> None:
        self._last_id += 1
        copies = 2 if self.duplicate and self._chance.random() < self.duplicate else 1
        self._waiting.append(Update(self._last_id, kind, payload, self._clock(), copies))
        self._news.set()
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def want(self, kinds: Sequence[object] | None) -> None:
        """The kinds to send from now on; absent keeps what was said before, an empty list is the default."""
        if kinds is not None:
            self.allowed = frozenset(kind for kind in kinds if isinstance(kind, str)) or None

    def forget(self) -> None:
        """Drop all that waits."""
        self._waiting.clear()
        self._late.clear()

    async def poll(self, offset: int, limit: int, patience: float) -> list[Json]:
        """getUpdates: confirms what is before the offset, waits for news; a newer poll ends an older one."""
        self.interrupt(ANOTHER_POLL)
        self._confirm(offset)
        batch = self._batch(limit)
        if batch or patience <= 0:
            return batch
        poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(poll, patience)
        except TimeoutError:
            return []
        finally:
            if self._poll is poll:
                self._poll = None
        return self._batch(limit)

    def interrupt(self, refusal: BotApiError) -> None:
        """End a poll that is waiting."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(BotApiError(refusal.code, refusal.description))
        self._poll = None

    def _confirm(self, offset: int) -> None:
        self._forget_old()
        if offset < 0:
            while len(self._waiting) > -offset:
                self._waiting.popleft()
        while self._waiting and self._waiting[0].update_id < offset:
            self._waiting.popleft()

    def _forget_old(self) -> None:
        too_old = self._clock() - LIFETIME
        while self._waiting and self._waiting[0].made_at < too_old:
            self._waiting.popleft()

    def _batch(self, limit: int) -> list[Json]:
        """The oldest updates; disorder mixes and doubles them within the answer, so that an offset loses none."""
        taken = list(self._waiting)[:limit] if len(self._waiting) <= limit else self._oldest(limit)
        shown = [update.shown() for update in taken for _ in range(update.copies)]
        if self.reorder and self._chance.random() < self.reorder:
            self._chance.shuffle(shown)
        return shown

    def _oldest(self, limit: int) -> list[Update]:
        return [self._waiting[place] for place in range(limit)]

    async def take(self) -> Update:
        """For a webhook: the oldest update, taken out once there is one."""
        while True:
            self._forget_old()
            if self._waiting:
                return self._waiting.popleft()
            self._news.clear()
            await self._news.wait()

    def put_back(self, updates: Sequence[Update]) -> None:
        """Return what a webhook took and could not deliver."""
        for update in sorted(updates, key=lambda one: one.update_id, reverse=True):
            self._waiting.appendleft(update)

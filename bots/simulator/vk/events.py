"""A community's events: a history that Long Poll reads by place, kept for an hour, and Callback by turn."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bots.simulator.vk.refusals import Json
from inbox.core.clock import Clock

LIFETIME = timedelta(hours=1)
MOST_KEPT = 5_000
MAX_BATCH = 100
API_VERSION = "5.199"


@dataclass(frozen=True, slots=True)
class Event:
    """One event at its place in the history."""

    place: int
    made_at: datetime
    payload: Json = field(repr=False)


class EventLog:
    """The newest events of one community; `duplicate` and `reorder` are how often delivery goes wrong."""

    def __init__(self, group_id: int, clock: Clock, chance: Random) -> None:
        self.duplicate = 0.0
        self.reorder = 0.0
        self._group_id = group_id
        self._clock = clock
        self._chance = chance
        self._kept: deque[Event] = deque(maxlen=MOST_KEPT)
        self._keys: set[str] = set()
        self._news = asyncio.Event()
        self.last = 0
        """The place of the newest event."""

    def put(self, kind: str, payload: Json) -> None:
        """Add an event and wake whoever waits."""
        self.last += 1
        event: Json = {
            "group_id": self._group_id,
            "type": kind,
            "event_id": f"{self._chance.getrandbits(160):040x}",
            "v": API_VERSION,
            "object": payload,
        }
        self._kept.append(Event(self.last, self._clock(), event))
        news, self._news = self._news, asyncio.Event()
        news.set()

    def new_key(self) -> str:
        """A key for long polls; older ones go on until they are expired."""
        key = f"{self._chance.getrandbits(160):040x}"
        self._keys.add(key)
        return key

    def expire_keys(self) -> None:
        """No key is good any more."""
        self._keys.clear()

    def forget(self) -> None:
        """Drop the history; places go on."""
        self._kept.clear()

    async def poll(self, key: str, place: str, patience: float) -> Json:
        """A long poll's answer, after `patience` seconds at the latest."""
        if key not in self._keys:
            return {"failed": 2}
        if not place.isascii() or not place.isdigit() or int(place) > self.last:
            return {"failed": 3}
        start = int(place)
        self._forget_old()
        if start < self._first - 1:
            return {"failed": 1, "ts": self.last}
        batch = self.after(start)
        if not batch and patience > 0:
            news = self._news
            try:
                await asyncio.wait_for(news.wait(), patience)
            except TimeoutError:
                return {"ts": str(start), "updates": []}
            batch = self.after(start)
        return {"ts": str(batch[-1].place if batch else start), "updates": self._shown(batch)}

    def after(self, place: int) -> list[Event]:
        """The oldest events that follow a place."""
        return [event for event in self._kept if event.place > place][:MAX_BATCH]

    async def next_after(self, place: int) -> Event:
        """For Callback: the event that follows a place, once there is one."""
        while not (found := self.after(place)):
            await self._news.wait()
        return found[0]

    @property
    def _first(self) -> int:
        return self._kept[0].place if self._kept else self.last + 1

    def _forget_old(self) -> None:
        too_old = self._clock() - LIFETIME
        while self._kept and self._kept[0].made_at < too_old:
            self._kept.popleft()

    def _shown(self, batch: list[Event]) -> list[Json]:
        shown: list[Json] = []
        for event in batch:
            shown += [event.payload] * (2 if self._chance.random() < self.duplicate else 1)
        if self._chance.random() < self.reorder:
            self._chance.shuffle(shown)
        return shown

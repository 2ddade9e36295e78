"""Telegram's flood limits: a message a second in a chat, thirty in all, twenty a minute in a group."""

import math
from collections import deque
from collections.abc import Hashable

from bots.simulator.schemas import FloodBody
from bots.simulator.telegram.refusals import too_many
from inbox.core.clock import Clock


class FloodLimits:
    """Counts what bots send; off until it is asked for."""

    def __init__(self, clock: Clock) -> None:
        self.limits: FloodBody | None = None
        self._clock = clock
        self._sent: dict[Hashable, deque[float]] = {}

    def check(self, bot_id: int, chat_id: int | None) -> None:
        """Count a message, or refuse it with the time to wait."""
        limits = self.limits
        if limits is None or not limits.enabled:
            return
        now = self._clock().timestamp()
        windows: list[tuple[tuple[int, ...], int, float]] = [((bot_id,), limits.per_second, 1.0)]
        if chat_id is not None:
            windows.append(((bot_id, chat_id), limits.per_chat_per_second, 1.0))
            if chat_id < 0:
                windows.append(((bot_id, chat_id), limits.per_group_per_minute, 60.0))
        wait = max(self._wait((*key, length), most, length, now) for key, most, length in windows)
        if wait > 0:
            raise too_many(max(1, math.ceil(wait)))
        for key, _, length in windows:
            self._sent[(*key, length)].append(now)

    def _wait(self, key: Hashable, most: int, length: float, now: float) -> float:
        """Seconds until one more fits."""
        sent = self._sent.setdefault(key, deque())
        while sent and sent[0] <= now - length:
            sent.popleft()
        return sent[-most] + length - now if len(sent) >= most else 0.0

    def clear(self) -> None:
        """Off again, and nothing counted."""
        self.limits = None
        self._sent.clear()

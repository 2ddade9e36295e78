"""Faults on demand: what goes wrong with the next calls, whichever the platform."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from bots.simulator.schemas import FaultBody
from inbox.channels.events import Platform


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. `error`: an HTTP status, a lost answer, or None for a slow one only."""

    error: int | Literal["timeout", "drop"] | None
    is_after: bool
    retry_after: int | None
    delay: float
    description: str | None


class Faults:
    """Orders for faults, each good for a number of calls; the oldest that fits is taken."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._orders: list[FaultBody] = []

    def add(self, order: FaultBody) -> None:
        """Let the next calls of a method go wrong."""
        self._orders.append(order.model_copy())

    def take(self, platform: Platform, method: str, bot: int | None) -> Fault | None:
        """The fault of a call that is being made, if any."""
        for order in self._orders:
            if _fits(order, platform, method, bot) and self._chance.random() < order.chance:
                order.times -= 1
                if order.times == 0:
                    self._orders.remove(order)
                return _fault_of(order)
        return None

    def clear(self, platform: Platform) -> None:
        """Take back what was ordered and not used."""
        self._orders = [order for order in self._orders if order.platform is not platform]


def _fits(order: FaultBody, platform: Platform, method: str, bot: int | None) -> bool:
    return (
        order.platform is platform
        and order.method.lower() in {"*", method.lower()}
        and (order.bot is None or order.bot == bot)
    )


def _fault_of(order: FaultBody) -> Fault:
    return Fault(
        error=order.error,
        is_after=order.when == "after",
        retry_after=order.retry_after,
        delay=(order.delay_ms or 0) / 1000,
        description=order.description,
    )

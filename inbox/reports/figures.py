"""Figures from rollups: how many answers were in time, and how long half and nine of ten of them took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from inbox.reports.histogram import Measure

Counts = Mapping[str, int]
NAMES = ("answered", "met", "late", "outside", "came_closed", "closed_met", "left_out")


@dataclass(slots=True)
class Figures:
    """Of first or of next responses; `lengths`: those that were asked for, of what has answers."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    lengths: dict[Measure, timedelta] = field(default_factory=dict)

    def add_counts(self, counts: Counts) -> None:
        """More waits."""
        for name in NAMES:
            self.counts[name] += counts[name]

    @property
    def total(self) -> int:
        """Waits that were answered, or are late without an answer."""
        return self.counts["met"] + self.counts["late"]

    @property
    def met_share(self) -> float | None:
        """Answers in time among all waits, 0 to 1; None without any."""
        return self.counts["met"] / self.total if self.total else None

    def length(self, share: float, *, wall: bool = False) -> timedelta | None:
        """This share of answers came faster; in working time, or by the wall clock."""
        return self.lengths.get((share, wall))


@dataclass(slots=True)
class Pair:
    """Figures of first and of next responses."""

    first: Figures = field(default_factory=Figures)
    next: Figures = field(default_factory=Figures)

    def of(self, *, is_first: bool) -> Figures:
        """One of them."""
        return self.first if is_first else self.next

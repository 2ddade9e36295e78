"""Lengths of time in classes, so that medians and deciles of many days come from few rows: pure."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta

_MINUTES = (
    *range(1, 31), *range(32, 61, 2), *range(65, 121, 5), *range(135, 241, 15), *range(270, 481, 30),
    *range(540, 1441, 60), *(days * 1440 for days in (2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 60, 120)),
)  # fmt: skip
BOUNDS: tuple[int, ...] = tuple(minutes * 60 for minutes in _MINUTES)
"""Upper bounds in seconds: to 30 minutes by the minute, then ever wider; what is longer is the last class."""


def bucket_of(seconds: int) -> int:
    """The class of a length; so does PostgreSQL's width_bucket(seconds, BOUNDS)."""
    return bisect_right(BOUNDS, seconds)


def percentile(counts: Mapping[int, int], share: float) -> timedelta | None:
    """The length below which this share of answers lies, to the class, spread evenly within it; None without any."""
    total = sum(counts.values())
    if not total:
        return None
    left = share * total
    for bucket in sorted(counts):
        if counts[bucket] >= left:
            lower = BOUNDS[bucket - 1] if bucket else 0
            upper = BOUNDS[bucket] if bucket < len(BOUNDS) else BOUNDS[-1] * 2
            return timedelta(seconds=round(lower + (upper - lower) * left / counts[bucket]))
        left -= counts[bucket]
    return None

"""Long work of building and measuring, by as many processes as the machine has cores."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

Tell = Callable[[str], None]
"""Who watches long work hears what it is at."""
Whole = TypeVar("Whole")
Part = TypeVar("Part")
Result = TypeVar("Result")

MOST = 8
"""Processes at once: one that fits a fold of the corpus takes a gigabyte and a half."""
_kept: list[Any] = []
"""In a process of the pool: the whole that its parts belong to."""


def spread(work: Callable[[Whole, Part], Result], whole: Whole, parts: Sequence[Part]) -> list[Result]:
    """`work(whole, part)` of each part, in their order. Every part is computed on one core, so that results are equal
    however many there are; a single part stays in this process. `work` stands at the top of a module, and a program
    that calls this starts under `if __name__ == "__main__"`: its processes read the program anew."""
    processes = min(len(parts), _count_cores(), MOST)
    if processes < 2:
        return [_on_one_core(work, whole, part) for part in parts]
    with ProcessPoolExecutor(processes, get_context("spawn"), _keep, (whole,)) as pool:
        return list(pool.map(partial(_in_pool, work), parts))


def tell_nobody(said: str) -> None:
    """For who does not watch."""


def _count_cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _keep(whole: object) -> None:
    _kept.append(whole)


def _in_pool(work: Callable[[Whole, Part], Result], part: Part) -> Result:
    return _on_one_core(work, _kept[0], part)


def _on_one_core(work: Callable[[Whole, Part], Result], whole: Whole, part: Part) -> Result:
    with threadpool_limits(limits=1):
        return work(whole, part)

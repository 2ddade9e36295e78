"""Long work of building and measuring, by as many processes as the machine has cores."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from threadpoolctl import threadpool_limits

Part = TypeVar("Part")
Result = TypeVar("Result")


def spread(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """`work` of each part, in their order. Every part is computed on one core, so that results are equal however many
    there are; a single part stays in this process. `work` stands at the top of a module."""
    alone = partial(_on_one_core, work)
    processes = min(len(parts), os.cpu_count() or 1)
    if processes < 2:
        return [alone(part) for part in parts]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return list(pool.map(alone, parts))


def _on_one_core(work: Callable[[Part], Result], part: Part) -> Result:
    with threadpool_limits(limits=1):
        return work(part)

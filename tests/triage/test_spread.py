"""Long work by several processes: all of it, in order, each part on one core."""

import os

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from moderation.learning.spread import spread


def tell(number: int) -> tuple[int, int, set[int]]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return number, os.getpid(), {pool["num_threads"] for pool in threadpool_info()}


def refuse(number: int) -> int:
    raise ValueError(f"part {number}")


def test_parts_keep_their_order_in_processes_of_one_core() -> None:
    told = spread(tell, range(9))
    assert [number for number, _, _ in told] == list(range(9))
    assert all(threads == {1} for _, _, threads in told)
    assert ({process for _, process, _ in told} == {os.getpid()}) is (os.cpu_count() == 1)


def test_one_part_needs_no_other_process() -> None:
    assert [process for _, process, _ in spread(tell, [0])] == [os.getpid()]
    assert spread(tell, []) == []


def test_an_error_comes_out() -> None:
    with pytest.raises(ValueError, match="part 0"):
        spread(refuse, range(3))

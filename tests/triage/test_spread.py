"""Long work by several processes: all of it, in order, each part on one core."""

import os

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from moderation.learning import spread as spreading
from moderation.learning.spread import spread


def tell(whole: str, part: int) -> tuple[str, int, set[int]]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return f"{whole} {part}", os.getpid(), {pool["num_threads"] for pool in threadpool_info()}


def refuse(whole: str, part: int) -> int:
    raise ValueError(f"{whole} {part}")


@pytest.mark.parametrize("cores", [1, 3])
def test_parts_keep_their_order_each_on_one_core(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(spreading, "_count_cores", lambda: cores)
    with threadpool_limits(limits=2):
        told = spread(tell, "part", range(9))
    assert [name for name, _, _ in told] == [f"part {number}" for number in range(9)]
    assert all(threads == {1} for _, _, threads in told)
    assert ({process for _, process, _ in told} == {os.getpid()}) is (cores == 1)


def test_one_part_needs_no_other_process() -> None:
    assert [process for _, process, _ in spread(tell, "part", [0])] == [os.getpid()]
    assert spread(tell, "part", []) == []


def test_an_error_comes_out() -> None:
    with pytest.raises(ValueError, match="part 0"):
        spread(refuse, "part", range(3))

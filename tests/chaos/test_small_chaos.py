"""A small run of chaos: every part killed once."""

from datetime import timedelta

import pytest

from tests.chaos.plan import Plan
from tests.chaos.run import run_chaos
from tests.ports import two_free_ports


@pytest.mark.timeout(300)
async def test_nothing_is_lost_or_doubled_while_everything_is_killed_once() -> None:
    plan = Plan(
        messages=300, replies=40, kills=1, seconds=25, quiet=timedelta(seconds=120), first_port=two_free_ports()
    )
    result = await run_chaos(plan, lambda _words: None)
    broken = [f"{line.promise}: {line.found}" for line in result.lines if not line.is_kept]
    assert not broken, "\n".join([*broken, result.logs])

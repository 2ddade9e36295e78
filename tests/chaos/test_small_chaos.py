"""A small run of chaos: every part killed once."""

from datetime import timedelta

import pytest

from tests.chaos.plan import Plan
from tests.chaos.run import run_chaos


@pytest.mark.timeout(180)
async def test_nothing_is_lost_or_doubled_while_everything_is_killed_once(
    capsys: pytest.CaptureFixture[str], unused_tcp_port_factory: object
) -> None:
    plan = Plan(messages=300, replies=40, kills=1, seconds=25, quiet=timedelta(seconds=100), first_port=26150)
    result = await run_chaos(plan, lambda _words: None)
    broken = [f"{line.promise}: {line.found}" for line in result.lines if not line.is_kept]
    assert not broken, "\n".join([*broken, result.logs])

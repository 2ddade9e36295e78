"""`python -m tests.chaos`: the whole run with a table at the end; exit code 1 when a promise was broken."""

import argparse
import asyncio
import signal
import sys
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from tests.chaos.plan import Plan
from tests.chaos.run import Result, run_chaos

BOUND = timedelta(minutes=10)


def main() -> int:
    """Run, print, judge."""
    console = Console()
    plan = _read_plan()
    kills = plan.kills
    console.print(f"{plan.messages} messages, {plan.replies} replies, each of five parts killed {kills} times")
    try:
        result = asyncio.run(_bounded(plan, console))
    except TimeoutError:
        console.print(f"[red]not done within {BOUND.total_seconds() / 60:.0f} minutes[/]")
        return 1
    except asyncio.CancelledError:
        console.print("ended from outside")
        return 130
    table = Table("promise", "found", "")
    for line in result.lines:
        table.add_row(line.promise, line.found, "[green]kept[/]" if line.is_kept else "[red]BROKEN[/]")
    if not result.is_kept:
        console.print(result.logs, markup=False, highlight=False, soft_wrap=True)
    console.print(table)
    console.print(f"{result.seconds:.0f} s, seed {plan.seed}")
    return 0 if result.is_kept else 1


async def _bounded(plan: Plan, console: Console) -> Result:
    run = asyncio.current_task()

    def end() -> None:
        """Once: a group is often told twice, and what was started is to be stopped in peace."""
        if run is not None and not run.cancelling():
            run.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    async with asyncio.timeout(BOUND.total_seconds()):
        return await run_chaos(plan, lambda words: console.print(words, highlight=False))


def _read_plan() -> Plan:
    default = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=default.messages)
    parser.add_argument("--replies", type=int, default=default.replies)
    parser.add_argument("--kills", type=int, default=default.kills, help="kills of each of the five parts")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--seconds", type=float, default=default.seconds, help="how long people write")
    parser.add_argument("--port", type=int, default=default.first_port, help="web's port; the simulator takes the next")
    found = parser.parse_args()
    return Plan(found.messages, found.replies, found.kills, found.seed, found.seconds, default.quiet, found.port)


if __name__ == "__main__":
    sys.exit(main())

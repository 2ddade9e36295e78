"""Benchmarks print their own lines alone, and tell which programs the memory is of."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox.cli.bench_memory import describe_sizes
from tests.cli.test_commands import environment


@pytest.fixture
def sleepers() -> Iterator[None]:
    """Two processes of one program."""
    running = [subprocess.Popen(["sleep", "100"]) for _ in range(2)]
    yield
    for one in running:
        one.kill()
        one.wait()


@pytest.mark.usefixtures("sleepers")
def test_memory_is_told_in_all_and_by_program() -> None:
    told = describe_sizes(os.getpid())
    of_files = re.search(r", ([\d,]+) MB of it pages of files \(", told)
    assert of_files is not None
    assert int(of_files[1].replace(",", "")) > 0
    assert re.search(r"\bsleep \d+\.\d in 2\b", told)
    parts = [float(size.replace(",", "")) for size in re.findall(r"\S+ ([\d,]+\.\d)", told)]
    whole = re.match(r"([\d,]+) MB", told)
    assert whole is not None
    assert float(whole[1].replace(",", "")) == pytest.approx(sum(parts), abs=1)


def test_a_benchmark_logs_trouble_and_no_requests(tmp_path: Path) -> None:
    """In a process of its own: logs are set up for the whole process."""
    program = """
import structlog
from inbox.cli import bench_settings
level, log = bench_settings().log_level, structlog.get_logger()
log.info("request")
log.warning("trouble")
print(level)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True, timeout=100,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "WARNING"
    assert "trouble" in done.stderr
    assert "request" not in done.stderr

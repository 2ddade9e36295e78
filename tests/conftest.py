"""Fixtures of all tests: servers once a session, a database of its own for each test that asks."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import structlog

from tests.servers import TestServers, running_servers

if TYPE_CHECKING:
    from tests.company import Company

# Structlog's own choice is tracebacks in colours, with the locals of every frame: they cost more than the tests.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for more time than others begins first, so that none of it runs on alone beside idle workers."""
    items.sort(key=_longest, reverse=True)


def _longest(item: pytest.Item) -> float:
    """Seconds that a test may take by its own word."""
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.fixture(scope="session")
def servers() -> Iterator[TestServers]:
    """PostgreSQL and Redis with a migrated template."""
    with running_servers() as running:
        yield running


@pytest.fixture
async def company(servers: TestServers) -> AsyncIterator["Company"]:
    """Two organisations with people, teams and channels, behind the whole web part."""
    # Imported when asked for: tests of one part need not import the others.
    from tests.company import found_company

    async with found_company(servers) as founded:
        yield founded


@pytest.fixture
async def simulator() -> AsyncIterator[str]:
    """The address of simulated platforms: the `api_url` of channels, with /sim beside it."""
    from bots.simulator.app import create_simulator
    from tests.company import serve

    async with serve(create_simulator()) as url:
        yield url

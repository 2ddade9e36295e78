"""Fixtures of all tests: servers once a session, a database of its own for each test that asks."""

from collections.abc import Iterator

import pytest

from tests.servers import TestServers, running_servers


@pytest.fixture(scope="session")
def servers() -> Iterator[TestServers]:
    """PostgreSQL and Redis with a migrated template."""
    with running_servers() as running:
        yield running

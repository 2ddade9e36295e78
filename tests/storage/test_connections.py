"""Which connections sessions take."""

from contextlib import AsyncExitStack

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.core.database import EVERY_WORKSPACE, Database
from tests.servers import TestServers

pytestmark = pytest.mark.outside


async def test_sessions_one_after_another_share_one_of_many_open_connections(servers: TestServers) -> None:
    database = Database(servers.database_url)
    async with AsyncExitStack() as at_once:
        sessions = [await at_once.enter_async_context(database.transaction(EVERY_WORKSPACE)) for _ in range(4)]
        assert len({await _connection_of(session) for session in sessions}) == 4
    later = set()
    for _ in range(4):
        async with database.transaction(EVERY_WORKSPACE) as session:
            later.add(await _connection_of(session))
    await database.close()
    assert len(later) == 1


async def _connection_of(session: AsyncSession) -> int | None:
    return await session.scalar(select(func.pg_backend_pid()))

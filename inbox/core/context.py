"""What a running process holds: built once by a composition root, handed to features."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.adapter import Adapters
from inbox.conversations.tags import Tagger
from inbox.core.clock import Clock, utc_now
from inbox.core.database import Database, Scope
from inbox.core.live import poke, write_announced
from inbox.core.secrets import Cipher
from inbox.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """Settings, servers and the parts that composition roots bring from other packages."""

    settings: Settings
    database: Database
    redis: Redis
    cipher: Cipher
    adapters: Adapters
    tagger: Tagger
    clock: Clock = utc_now

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """One unit of work: live events last, commit, then poke the panels."""
        async with self.database.transaction(scope) as session:
            yield session
            workspace_ids = await write_announced(session)
        await poke(self.redis, workspace_ids)

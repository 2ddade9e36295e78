"""Idempotency keys: the same key with the same request has the same answer, and what it sends is sent once."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.core.errors import ConflictError
from inbox.core.models import IdempotencyKey

KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that its caller may repeat: the key that they chose, and a hash of what they ask."""

    key: str
    request_hash: str


def repeatable(key: str | None, *asked: str | bytes) -> Repeatable | None:
    """None without a key. `asked` says what the request does, on which row, and its body."""
    if key is None:
        return None
    digest = hashlib.sha256()
    for part in asked:
        encoded = part if isinstance(part, bytes) else part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return Repeatable(key, digest.hexdigest())


async def find_done(session: AsyncSession, agent_id: int, request: Repeatable | None) -> int | None:
    """The message that this request made before; ConflictError when its key served another request.

    Two requests with one key wait for each other until the transaction ends.
    """
    if request is None:
        return None
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{agent_id}:{request.key}", 0))))
    done = await session.scalar(
        select(IdempotencyKey).where(IdempotencyKey.agent_id == agent_id, IdempotencyKey.key == request.key)
    )
    if done is None:
        return None
    if done.request_hash != request.request_hash:
        raise ConflictError("This Idempotency-Key was used for another request. Choose a new key.")
    return done.message_id


def note_done(session: AsyncSession, agent_id: int, request: Repeatable | None, message_id: int) -> None:
    """Keep what the request made, in its own transaction."""
    if request is not None:
        session.add(
            IdempotencyKey(agent_id=agent_id, key=request.key, request_hash=request.request_hash, message_id=message_id)
        )

"""The intake stream: a consumer group on one Redis stream, read in lingering batches.

An entry is {channel_id, received_at, via, raw}: what a platform sent, untouched. Receivers add; workers read with
XREADGROUP, their own pending first, and acknowledge with XACK + XDEL in one MULTI once the batch is committed. What a
dead worker left pending is claimed after IDLE_BEFORE_CLAIM.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import ResponseError

STREAM = "otklik:intake"
GROUP = "workers"
BATCH = 256
LINGER = timedelta(milliseconds=20)
BLOCK = timedelta(seconds=2)
IDLE_BEFORE_CLAIM = timedelta(seconds=15)

_ANSWER = TypeAdapter(list[tuple[str, list[tuple[str, dict[str, str] | None]]]])


@dataclass(frozen=True, slots=True)
class Entry:
    """One raw platform payload under way. `raw` is JSON text; `received_at` the receiver's clock."""

    entry_id: str
    channel_id: int
    received_at: datetime
    via: str
    raw: str


class IntakeStream:
    """The stream as its writers and readers see it. `consumer` names this worker; only readers need one."""

    def __init__(self, redis: Redis, consumer: str = "") -> None:
        self._redis = redis
        self._consumer = consumer
        self._own_pending: str | None = "0"

    async def ensure_group(self) -> None:
        """Create the group at the stream's beginning; `$` would lose what came before the first worker."""
        try:
            await self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def add(self, channel_id: int, received_at: datetime, via: str, raw: Mapping[str, object]) -> None:
        """Put a payload on the stream; durable once this returns (appendfsync always)."""
        await self._redis.xadd(
            STREAM,
            {
                "channel_id": str(channel_id),
                "received_at": received_at.isoformat(),
                "via": via,
                "raw": json.dumps(raw, ensure_ascii=False, separators=(",", ":")),
            },
        )

    async def read(self) -> list[Entry]:
        """The next batch: own pending entries first, then new ones, waiting at most BLOCK for the first of them.

        Once something came it lingers: up to BATCH entries or LINGER, whatever is first.
        """
        if self._own_pending is not None:
            pending = await self._read_group(self._own_pending, BATCH)
            if pending:
                self._own_pending = pending[-1].entry_id
                return pending
            self._own_pending = None
        batch = await self._read_group(">", BATCH, BLOCK)
        deadline = time.monotonic() + LINGER.total_seconds()
        while batch and len(batch) < BATCH and (left := deadline - time.monotonic()) > 0.001:
            more = await self._read_group(">", BATCH - len(batch), timedelta(seconds=left))
            if not more:
                break
            batch += more
        return batch

    def reread_pending(self) -> None:
        """Start again with what was read and not acknowledged (after a failed batch)."""
        self._own_pending = "0"

    async def claim_abandoned(self) -> int:
        """Take over what other consumers left unacknowledged too long; the next reads return it."""
        claimed = 0
        while True:
            answer = await self._redis.xautoclaim(
                STREAM, GROUP, self._consumer, _milliseconds(IDLE_BEFORE_CLAIM), count=BATCH, justid=True
            )
            if not answer:
                break
            claimed += len(answer)
            # What was claimed is no longer idle, so that starting over finds the rest.
        if claimed:
            self._own_pending = "0"
        return claimed

    async def deliveries(self, entries: Sequence[Entry]) -> dict[str, int]:
        """How often each entry was handed out; five times means that it may be killing the process."""
        if not entries:
            return {}
        first, last = entries[0].entry_id, entries[-1].entry_id
        rows = await self._redis.xpending_range(STREAM, GROUP, first, last, len(entries) * 2, self._consumer)
        return {str(row["message_id"]): int(row["times_delivered"]) for row in rows}

    async def acknowledge(self, entries: Sequence[Entry]) -> None:
        """The batch is committed: forget it."""
        if not entries:
            return
        ids = [entry.entry_id for entry in entries]
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.xack(STREAM, GROUP, *ids)
            await pipe.xdel(STREAM, *ids)
            await pipe.execute()

    async def length(self) -> int:
        """Entries waiting or in hand."""
        return int(await self._redis.xlen(STREAM))

    async def _read_group(self, start: str, count: int, block: timedelta | None = None) -> list[Entry]:
        wait = None if block is None else max(1, _milliseconds(block))
        try:
            answer = await self._redis.xreadgroup(GROUP, self._consumer, {STREAM: start}, count=count, block=wait)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self.ensure_group()
            return []
        # An entry that was deleted while pending comes without fields.
        streams = _ANSWER.validate_python(answer or [])
        return [_entry(entry_id, fields) for _, rows in streams for entry_id, fields in rows if fields]


def _entry(entry_id: str, fields: Mapping[str, str]) -> Entry:
    return Entry(
        entry_id=entry_id,
        channel_id=int(fields["channel_id"]),
        received_at=datetime.fromisoformat(fields["received_at"]),
        via=fields["via"],
        raw=fields["raw"],
    )


def _milliseconds(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)

"""The intake stream: a consumer group on one Redis stream, read in lingering batches.

An entry is {channel_id, received_at, via, raw}: what a platform sent, untouched. Receivers add; workers read with
XREADGROUP, their own pending first, and acknowledge with XACK + XDEL in one MULTI once the batch is committed. What a
dead worker left pending is claimed after IDLE_BEFORE_CLAIM.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis.typing import EncodableT, FieldT

STREAM = "otklik:intake"
GROUP = "workers"
BATCH = 256
LINGER = timedelta(milliseconds=20)
BLOCK = timedelta(seconds=2)
HISTORY = "history"
"""`via` of what was asked of the platform afterwards."""
IDLE_BEFORE_CLAIM = timedelta(seconds=15)
IDLE_BEFORE_FORGOTTEN = timedelta(hours=1)

# KEYS: stream; ARGV: group, own name, milliseconds. One step, since deleting a consumer drops what it holds.
_FORGET = """
local forgotten = 0
for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local found = {}
  for i = 1, #row, 2 do found[row[i]] = row[i + 1] end
  if found.name ~= ARGV[2] and found.pending == 0 and found.idle > tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], found.name)
    forgotten = forgotten + 1
  end
end
return forgotten
"""

_ANSWER = TypeAdapter(list[tuple[str, list[tuple[str, dict[str, str] | None]]]])


@dataclass(frozen=True, slots=True)
class Entry:
    """One raw platform payload under way. `raw` is JSON text; `received_at` the receiver's clock."""

    entry_id: str
    channel_id: int
    received_at: datetime
    via: str
    raw: str
    is_again: bool = False
    """Handed out before: it was pending when this worker started, claimed it, or failed with it."""


@dataclass(frozen=True, slots=True)
class _Adding:
    """A payload that waits to be written, and who waits for that."""

    fields: dict[FieldT, EncodableT]
    done: asyncio.Future[None]

    def settle(self, answer: object) -> None:
        if self.done.done():  # its caller has gone
            return
        if isinstance(answer, Exception):
            self.done.set_exception(answer)
        else:
            self.done.set_result(None)


class IntakeStream:
    """The stream as its writers and readers see it. `consumer` names this worker; only readers need one."""

    def __init__(self, redis: Redis, consumer: str = "", name: str = STREAM) -> None:
        self._redis = redis
        self._consumer = consumer
        self._name = name
        self._own_pending: str | None = "0"
        self._to_add: list[_Adding] = []
        self._adding: asyncio.Task[None] | None = None

    async def ensure_group(self) -> None:
        """Create the group at the stream's beginning; `$` would lose what came before the first worker."""
        try:
            await self._redis.xgroup_create(self._name, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def add(self, channel_id: int, received_at: datetime, via: str, raw: Mapping[str, object]) -> None:
        """Put a payload on the stream; durable once this returns (appendfsync always).

        What comes while a write is on its way goes with the next one: hundreds of receivers share one stream.
        """
        fields: dict[FieldT, EncodableT] = {
            "channel_id": str(channel_id),
            "received_at": received_at.isoformat(),
            "via": via,
            "raw": as_json(raw),
        }
        adding = _Adding(fields, asyncio.get_running_loop().create_future())
        self._to_add.append(adding)
        if self._adding is None or self._adding.done():
            self._adding = asyncio.create_task(self._add_all())
        await adding.done

    async def _add_all(self) -> None:
        while self._to_add:
            together, self._to_add = self._to_add[:BATCH], self._to_add[BATCH:]
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for one in together:
                        await pipe.xadd(self._name, one.fields)
                    answers = await pipe.execute(raise_on_error=False)
            except Exception as error:
                # Each caller hears of it, and puts its payload again.
                answers = [error] * len(together)
            for one, answer in zip(together, answers, strict=True):
                one.settle(answer)

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
        """Take over what other consumers left unacknowledged too long; the next reads return it.

        Looks and claims apart, since XAUTOCLAIM without entries tells no cursor in redis-py, and with entries counts a
        delivery that the next read counts again. XCLAIM checks the idle time once more, so that two never take one.
        """
        idle = _milliseconds(IDLE_BEFORE_CLAIM)
        claimed = 0
        start = "-"
        while ids := await self._list_idle(start, idle):
            taken = await self._redis.xclaim(self._name, GROUP, self._consumer, idle, [*ids], justid=True)
            claimed += len(taken)
            start = f"({ids[-1]}"
        if claimed:
            self._own_pending = "0"
        return claimed

    async def forget_gone(self, idle: timedelta = IDLE_BEFORE_FORGOTTEN) -> int:
        """Take the names of workers that are gone, and hold nothing, out of the group."""
        forget = self._redis.register_script(_FORGET)
        return int(await forget(keys=[self._name], args=[GROUP, self._consumer, _milliseconds(idle)]))

    async def _list_idle(self, start: str, idle: int) -> list[str]:
        try:
            rows = await self._redis.xpending_range(self._name, GROUP, start, "+", BATCH, idle=idle)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self.ensure_group()
            return []
        return [str(row["message_id"]) for row in rows]

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Say that these are in hand, so that nobody claims them; it counts as no delivery."""
        if entries:
            ids = (entry.entry_id for entry in entries)
            await self._redis.xclaim(self._name, GROUP, self._consumer, 0, [*ids], justid=True)

    async def deliveries(self, entries: Sequence[Entry]) -> dict[str, int]:
        """How often each entry was handed out; five times means that it may be killing the process."""
        again = [entry.entry_id for entry in entries if entry.is_again]
        if not again:
            return {}
        wanted = set(again)
        counts: dict[str, int] = {}
        start = again[0]
        while wanted - counts.keys():
            rows = await self._redis.xpending_range(self._name, GROUP, start, again[-1], BATCH, self._consumer)
            if not rows:
                break
            counts |= {str(row["message_id"]): int(row["times_delivered"]) for row in rows}
            start = f"({list(counts)[-1]}"
        return counts

    async def acknowledge(self, entries: Sequence[Entry]) -> None:
        """The batch is committed: forget it."""
        if not entries:
            return
        ids = [entry.entry_id for entry in entries]
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.xack(self._name, GROUP, *ids)
            await pipe.xdel(self._name, *ids)
            await pipe.execute()

    async def length(self) -> int:
        """Entries waiting or in hand."""
        return int(await self._redis.xlen(self._name))

    async def _read_group(self, start: str, count: int, block: timedelta | None = None) -> list[Entry]:
        wait = None if block is None else max(1, _milliseconds(block))
        try:
            answer = await self._redis.xreadgroup(GROUP, self._consumer, {self._name: start}, count=count, block=wait)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self.ensure_group()
            return []
        rows = [row for _, found in _ANSWER.validate_python(answer or []) for row in found]
        # An entry that was deleted while pending comes without fields: there is nothing left to do about it.
        if gone := [entry_id for entry_id, fields in rows if not fields]:
            await self._redis.xack(self._name, GROUP, *gone)
        return [_entry(entry_id, fields, is_again=start != ">") for entry_id, fields in rows if fields]


def as_json(raw: Mapping[str, object]) -> str:
    """JSON text that UTF-8 can carry: a lone surrogate stays an escape."""
    text = json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(raw, separators=(",", ":"))
    return text


def _entry(entry_id: str, fields: Mapping[str, str], *, is_again: bool) -> Entry:
    return Entry(
        entry_id=entry_id,
        channel_id=int(fields["channel_id"]),
        received_at=datetime.fromisoformat(fields["received_at"]),
        via=fields["via"],
        raw=fields["raw"],
        is_again=is_again,
    )


def _milliseconds(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)

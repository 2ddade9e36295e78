"""Receiving by long polling: every update is put on the stream, and only then confirmed to Telegram.

aiogram's own polling confirms an update before it is in safe hands and lets one that pydantic refuses stall the rest,
so this loop asks getUpdates by itself, reads raw JSON and keeps the offset in memory.
"""

import asyncio
from collections.abc import Sequence

from aiogram.methods import GetUpdates
from aiohttp import ClientTimeout
from typing_extensions import override

from bots.receiving import CONCURRENT_PUTS as CONCURRENT_PUTS
from bots.receiving import Backoff, OnStatus, Put, Receiver
from bots.receiving import ReceiverKind as ReceiverKind
from bots.receiving import ReceiverStatus as ReceiverStatus
from bots.telegram import reasons
from bots.telegram.parse import USED_UPDATES
from bots.telegram.refusals import conflict_reason, refusal_of
from bots.telegram.wire import Answer, Wires
from inbox.channels.adapter import Account, RawEvent
from inbox.core.clock import Clock, utc_now
from inbox.core.errors import KeyRefusedError, TemporaryRefusalError, UnknownOutcomeError

LONG_POLL_SECONDS = 25
BATCH = 100

_LIMITS = ClientTimeout(total=LONG_POLL_SECONDS + 20, connect=10, sock_connect=10, sock_read=LONG_POLL_SECONDS + 10)


async def poll(
    account: Account,
    put: Put,
    *,
    on_status: OnStatus,
    stop: asyncio.Event,
    wires: Wires | None = None,
    clock: Clock = utc_now,
) -> None:
    """Receive until `stop` is set (then returns within a second) or the key is dead.

    `put` stores one update; when it raises, the same update is tried again and nothing is confirmed. `on_status` is
    told of each change once. `wires` are connection pools to share.
    """
    own_wires = wires or Wires()
    try:
        await _Polling(account, put, on_status, stop, clock, own_wires).run()
    finally:
        if wires is None:
            await own_wires.close()


class _Polling(Receiver):
    """One channel's polling: the offset besides."""

    def __init__(
        self, account: Account, put: Put, on_status: OnStatus, stop: asyncio.Event, clock: Clock, wires: Wires
    ) -> None:
        super().__init__(account, put, on_status, stop, clock)
        self._wire = wires.wire(account)
        self._offset: int | None = None
        self._conflicts = Backoff(shortest=5)

    @override
    async def receive(self) -> None:
        while not self.stop.is_set():
            try:
                answer = await self.unless_stopped(self._ask())
            except KeyRefusedError as refusal:
                await self.tell(ReceiverKind.DEAD, refusal.reason)
                return
            except (TemporaryRefusalError, UnknownOutcomeError) as failure:
                await self.wait_out(ReceiverKind.DOWN, failure.reason, self.backoff)
                continue
            if answer is not None:
                await self._take(answer)

    async def _ask(self) -> Answer:
        method = GetUpdates(
            offset=self._offset, limit=BATCH, timeout=LONG_POLL_SECONDS, allowed_updates=list(USED_UPDATES)
        )
        answer = await self._wire.ask(self.account, method, _LIMITS)
        refusal = None if answer.ok else refusal_of(answer)
        if isinstance(refusal, KeyRefusedError):
            raise refusal
        return answer

    async def _take(self, answer: Answer) -> None:
        updates = _updates(answer)
        if updates is not None:
            self._conflicts.reset()
            await self._store(updates)
        elif answer.retry_after is not None:
            await self.rest(answer.retry_after)
        elif answer.code == 409:
            await self.wait_out(ReceiverKind.CONFLICT, conflict_reason(answer), self._conflicts)
        else:
            await self.wait_out(ReceiverKind.DOWN, answer.description or reasons.NO_ANSWER, self.backoff)

    async def _store(self, updates: Sequence[RawEvent]) -> None:
        """The offset moves when every update is on the stream."""
        if await self.store(updates):
            self.backoff.reset()
            await self.tell(ReceiverKind.OK, None)
            await self._move_offset(updates)

    async def _move_offset(self, updates: Sequence[RawEvent]) -> None:
        """After what was stored. An empty answer confirms all before it, and ids restart anywhere after a quiet week,
        so that the next question names no offset then."""
        ids = [update_id for update in updates if isinstance(update_id := update.get("update_id"), int)]
        self._offset = max(ids) + 1 if ids else None
        if updates and not ids:
            await self.rest(self.backoff.next_pause())


def _updates(answer: Answer) -> Sequence[RawEvent] | None:
    """The updates of an answer; None if it is not one of getUpdates."""
    result = answer.result
    if not answer.ok or not isinstance(result, list) or not all(isinstance(update, dict) for update in result):
        return None
    return result

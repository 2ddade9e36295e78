"""Delivery: wait for the key's turn, claim, send outside any transaction, settle. Bears running twice at once.

A row that is `sending` belongs to another run. Where the platform hears a repeated send once, it is simply sent again.
Elsewhere, when that run is silent for longer than a send can last, it died after its request may have left, so the
outcome is unknown: the row becomes `uncertain` and a person decides. Nothing is heard twice by itself.
"""

import asyncio
from datetime import timedelta

import structlog

from inbox.conversations.models import Delivery
from inbox.core.context import Context
from inbox.core.errors import ChatMigratedError, PlatformError, TemporaryRefusalError, UnknownOutcomeError
from inbox.core.events import DeleteDelivered, DeliverMessage, EditDelivered
from inbox.core.pacing import Bucket, Pacing
from inbox.replies.changes import bring_deletion, bring_edit
from inbox.replies.claims import claim, find_buckets, give_up_on_silent
from inbox.replies.outcomes import INTERRUPTED, TRIED_AGAIN, Outcome, outcome_of
from inbox.replies.settling import settle
from inbox.replies.turns import silence_key, wait_for_turn

log = structlog.get_logger()


class Deliveries:
    """The deliveries of one process. What was begun is seen through even when its job is cancelled."""

    def __init__(self, context: Context, pacing: Pacing) -> None:
        self._context = context
        self._pacing = pacing
        self._in_hand: dict[int, asyncio.Task[None]] = {}

    async def deliver(self, job: DeliverMessage) -> None:
        """Send one message, at most once by itself."""
        begun = self._in_hand.get(job.message_id)
        if begun is not None:
            return await asyncio.shield(begun)
        buckets = await find_buckets(self._context, job.message_id)
        if buckets is None:
            return await give_up_on_silent(self._context, job.message_id)
        await wait_for_turn(self._pacing, buckets)
        return await asyncio.shield(self._begin(job.message_id, buckets))

    async def edit(self, job: EditDelivered) -> None:
        """The newest text of our own message goes to the platform."""
        await bring_edit(self._context, self._pacing, job.message_id)

    async def delete(self, job: DeleteDelivered) -> None:
        """Our own message is taken back on the platform."""
        await bring_deletion(self._context, self._pacing, job.message_id)

    async def finish(self, within: timedelta) -> None:
        """Wait for what is being sent; what takes longer will be found `sending` by another worker."""
        if self._in_hand:
            await asyncio.wait(list(self._in_hand.values()), timeout=within.total_seconds())

    def _begin(self, message_id: int, buckets: list[Bucket]) -> asyncio.Task[None]:
        task = self._in_hand.get(message_id)
        if task is None:
            task = asyncio.create_task(self._send(message_id, buckets), name=f"deliver-{message_id}")
            self._in_hand[message_id] = task
            task.add_done_callback(lambda done: self._end(message_id, done))
        return task

    def _end(self, message_id: int, task: asyncio.Task[None]) -> None:
        del self._in_hand[message_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # Seen here as well: the job that waits for it may have been cancelled.
            log.debug("delivery_ended", message_id=message_id, error=repr(error))

    async def _send(self, message_id: int, buckets: list[Bucket]) -> None:
        claimed = await claim(self._context, message_id)
        if claimed is None:
            return
        adapter = self._context.adapters[claimed.account.platform]
        again: TemporaryRefusalError | None = None
        try:
            sent = await adapter.send(claimed.account, claimed.outgoing)
            outcome = Outcome(Delivery.SENT, sent=sent)
        except PlatformError as error:
            if isinstance(error, UnknownOutcomeError) and adapter.repeats_safely:
                error = TemporaryRefusalError(error.reason)
            await silence_key(self._pacing, buckets, error)
            outcome, again = outcome_of(error), _to_repeat(error)
        except Exception:  # the edge of a delivery: a fault of ours, after the request may have left
            log.exception("delivery_broke", message_id=message_id)
            outcome = Outcome(Delivery.UNCERTAIN, failure=INTERRUPTED)
            if adapter.repeats_safely:
                again = TemporaryRefusalError(TRIED_AGAIN)
                outcome = outcome_of(again)
        await settle(self._context, claimed, outcome)
        if again is not None:
            raise again


def _to_repeat(error: PlatformError) -> TemporaryRefusalError | None:
    """What brings the job again: nothing was done, or the chat lives on under another id."""
    if isinstance(error, ChatMigratedError):
        return TemporaryRefusalError(error.reason, retry_after=timedelta(seconds=1))
    return error if isinstance(error, TemporaryRefusalError) else None

"""Delivery to a bot's webhook: with its secret, again and again until it says 2xx."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from bots.simulator.telegram.refusals import Json
from bots.simulator.telegram.updates import Update, UpdateQueue
from inbox.core.clock import Clock

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
ANSWER_LIMIT = 30.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # a header's name


@dataclass(frozen=True, slots=True)
class WebhookSetting:
    """Where to deliver and with what."""

    url: str
    secret: str | None
    max_connections: int


class Webhook:
    """One bot's webhook: at most `max_connections` updates are on their way at a time."""

    def __init__(self, queue: UpdateQueue, clock: Clock, on_answer: Callable[[httpx.Response], None]) -> None:
        self.setting: WebhookSetting | None = None
        self._queue = queue
        self._clock = clock
        self._on_answer = on_answer
        self._in_hand: dict[int, Update] = {}
        self._work: asyncio.Task[None] | None = None
        self._last_error: tuple[int, str] | None = None

    def set(self, setting: WebhookSetting) -> None:
        """Deliver there from now on."""
        self.remove()
        self.setting = setting
        self._last_error = None
        self._work = asyncio.get_running_loop().create_task(self._deliver_all(setting))

    def remove(self) -> None:
        """Deliver no more; what is not delivered waits for getUpdates."""
        self.setting = None
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self._queue.put_back(list(self._in_hand.values()))
        self._in_hand.clear()

    async def close(self) -> None:
        """Stop for good."""
        work = self._work
        self.remove()
        if work is not None:
            await asyncio.gather(work, return_exceptions=True)

    def forget(self) -> None:
        """Drop what is being delivered."""
        self._in_hand.clear()

    @property
    def in_hand(self) -> int:
        """How many updates are being delivered."""
        return len(self._in_hand)

    def shown(self, allowed: frozenset[str] | None) -> Json:
        """As a WebhookInfo object."""
        setting = self.setting
        pending = len(self._queue) + self.in_hand
        shown: Json = {
            "url": setting.url if setting else "",
            "has_custom_certificate": False,
            "pending_update_count": pending,
        }
        if setting is not None:
            shown |= {"max_connections": setting.max_connections, "ip_address": "127.0.0.1"}
            if self._last_error is not None:
                shown |= {"last_error_date": self._last_error[0], "last_error_message": self._last_error[1]}
        if allowed is not None:
            shown["allowed_updates"] = sorted(allowed)
        return shown

    async def _deliver_all(self, setting: WebhookSetting) -> None:
        places = asyncio.Semaphore(setting.max_connections)
        headers = {SECRET_HEADER: setting.secret} if setting.secret else {}
        async with (
            httpx.AsyncClient(trust_env=False, timeout=ANSWER_LIMIT, headers=headers) as line,
            asyncio.TaskGroup() as deliveries,
        ):
            while True:
                await places.acquire()
                try:
                    update = await self._queue.take()
                except BaseException:
                    places.release()
                    raise
                self._in_hand[update.update_id] = update
                deliveries.create_task(self._deliver(line, setting.url, update, places))

    async def _deliver(self, line: httpx.AsyncClient, url: str, update: Update, places: asyncio.Semaphore) -> None:
        try:
            for _ in range(update.copies):
                await self._insist(line, url, update)
            self._in_hand.pop(update.update_id, None)
        finally:
            places.release()

    async def _insist(self, line: httpx.AsyncClient, url: str, update: Update) -> None:
        pause = FIRST_PAUSE
        while update.update_id in self._in_hand:
            error = await self._try(line, url, update)
            if error is None:
                return
            self._last_error = (int(self._clock().timestamp()), error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _try(self, line: httpx.AsyncClient, url: str, update: Update) -> str | None:
        """Once; the words of what went wrong, or None."""
        try:
            answer = await line.post(url, json=update.shown())
        except httpx.TimeoutException:
            return "Read timeout expired"
        except httpx.ConnectError:
            return "Connection refused"
        except httpx.HTTPError:
            return "Connection closed"
        if answer.is_success:
            with contextlib.suppress(ValueError):
                self._on_answer(answer)
            return None
        phrase = HTTPStatus(answer.status_code).phrase if answer.status_code in set(HTTPStatus) else ""
        return f"Wrong response from the webhook: {answer.status_code} {phrase}".rstrip()

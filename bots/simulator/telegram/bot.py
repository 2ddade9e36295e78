"""One bot: its world, its files, its updates and how it gets them."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import httpx

from bots.simulator.telegram.files import FileStore
from bots.simulator.telegram.updates import UpdateQueue
from bots.simulator.telegram.webhook import Webhook
from bots.simulator.telegram.world import World
from inbox.core.clock import Clock


@dataclass(slots=True)
class Press:
    """A press of a button that waits for the bot's answer."""

    text: str | None = None
    aloud: bool = False


class Bot:
    """A bot known by its token. The same seed and id make the same names and numbers."""

    def __init__(
        self, token: str, seed: int, clock: Clock, on_webhook_answer: Callable[["Bot", httpx.Response], None]
    ) -> None:
        self.token = token
        self.bot_id = int(token.partition(":")[0])
        self.is_revoked = False
        self.chance = Random(f"{seed}:{self.bot_id}")  # noqa: S311  # repeatable, not secret
        self.queue = UpdateQueue(self.chance.randrange(10**8, 9 * 10**8), clock, self.chance)
        self.world = World(self.bot_id, self.chance, self.queue, clock)
        self.files = FileStore(self.bot_id)
        self.presses: dict[str, Press] = {}
        """presses of buttons, by id"""
        self.webhook = Webhook(self.queue, clock, lambda answer: on_webhook_answer(self, answer))

    def reset(self) -> None:
        """Forget people, messages and files; what the bot itself has set stays."""
        self.queue.forget()
        self.webhook.forget()
        self.world.forget()
        self.files.forget()
        self.presses.clear()
        self.queue.duplicate = self.queue.reorder = 0.0

    @property
    def pending(self) -> int:
        """How many updates wait to be taken."""
        return len(self.queue) + self.webhook.in_hand

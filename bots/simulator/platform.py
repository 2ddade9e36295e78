"""What the control plane asks of a simulated platform; all that it knows about one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from starlette.routing import BaseRoute

from bots.simulator.schemas import (
    BlockBody,
    BotBody,
    DeleteBody,
    DisorderBody,
    EditBody,
    FloodBody,
    MigrateBody,
    Place,
    PostBody,
    PressBody,
    SayBody,
)
from bots.simulator.shown import Heard, Migrated, Posted, PressAnswer, Pressed, Said, Seen, ShownBot, ShownPerson
from inbox.channels.events import Platform


@dataclass(frozen=True, slots=True)
class SimFile:
    """Bytes that a message carries."""

    content: bytes = field(repr=False)
    mime_type: str


class PlatformSimulator(Protocol):
    """A platform for bots on one side and for subscribers on the other; refusals are RefusedError."""

    @property
    def platform(self) -> Platform:
        """Which one."""

    def routes(self) -> Sequence[BaseRoute]:
        """The platform's own HTTP, as bots call it."""

    def say(self, body: SayBody) -> Said:
        """A subscriber writes."""

    def post(self, body: PostBody) -> Posted:
        """The channel publishes."""

    def press(self, body: PressBody) -> Pressed:
        """Somebody presses a button under a bot's message."""

    def press_answer(self, press_id: str, bot: int | None) -> PressAnswer:
        """What the bot said to a press."""

    def edit(self, body: EditBody) -> None:
        """A subscriber edits their message."""

    def delete(self, body: DeleteBody) -> None:
        """A subscriber deletes their message."""

    def heard(self, author_id: int, bot: int | None) -> list[Heard]:
        """What a subscriber sees from bots, oldest first."""

    def view(self, author_id: int, place: Place, bot: int | None, post_id: int | None, limit: int) -> list[Seen]:
        """A phone's screen: the newest messages of one place, oldest first."""

    def people(self) -> list[ShownPerson]:
        """Subscribers that have done something."""

    def bots(self) -> list[ShownBot]:
        """Bots that have called."""

    def block(self, body: BlockBody, *, is_blocked: bool) -> None:
        """A subscriber blocks or unblocks the bot."""

    def migrate(self, body: MigrateBody) -> Migrated:
        """The group becomes a supergroup."""

    def change_bot(self, body: BotBody) -> None:
        """Names, privacy mode, rights, a revoked key."""

    def set_flood(self, body: FloodBody) -> None:
        """Limits of how often a bot may call."""

    def set_disorder(self, body: DisorderBody) -> None:
        """Doubled and late delivery."""

    def find_file(self, bot: int, file_id: str) -> SimFile | None:
        """A file by the id that a message shows."""

    def reset(self) -> None:
        """Forget people, messages and limits; bots, their settings and all counters stay."""

    async def close(self) -> None:
        """Stop what runs beside requests."""

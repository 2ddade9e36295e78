"""Telegram for the control plane: finds the bot, does what a subscriber does, shows what they see."""

import contextlib
from collections.abc import Sequence

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bots.simulator.calls import CallLog
from bots.simulator.faults import Faults
from bots.simulator.platform import SimFile
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
from bots.simulator.telegram import buttons, membership, people, screens
from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.chats import Chat, Message
from bots.simulator.telegram.flood import FloodLimits
from bots.simulator.telegram.refusals import unauthorized
from bots.simulator.telegram.server import BotApi
from inbox.channels.events import Platform
from inbox.core.clock import Clock
from inbox.core.errors import ConflictError, NotFoundError

NO_BOT = "No bot has called yet: connect a channel with this address as its API URL, then try again."


class TelegramSimulator:
    """Telegram with all bots that called it. See bots.simulator.platform.PlatformSimulator."""

    def __init__(self, seed: int, faults: Faults, calls: CallLog, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock
        self._flood = FloodLimits(clock)
        self._disorder = DisorderBody()
        self._api = BotApi(faults, calls, self._flood, clock, self._make_bot)

    def _make_bot(self, token: str) -> Bot:
        bot = Bot(token, self._seed, self._clock, self._api.take_webhook_answer)
        self._disturb(bot)
        return bot

    @property
    def platform(self) -> Platform:
        return Platform.TELEGRAM

    def routes(self) -> Sequence[BaseRoute]:
        methods = ["GET", "POST"]
        return (
            Route("/bot{token}/{method}", _Endpoint(self._api.call), methods=methods),
            Route("/file/bot{token}/{path:path}", _Endpoint(self._api.file), methods=["GET"]),
        )

    def _bot(self, bot_id: int | None) -> Bot:
        bots = self._api.bots
        if not bots:
            raise ConflictError(NO_BOT)
        if bot_id is None:
            return next(iter(bots.values()))
        bot = bots.get(bot_id)
        if bot is None:
            raise NotFoundError("No bot with this id has called.", field="bot")
        return bot

    def _some_bots(self, bot_id: int | None) -> list[Bot]:
        return list(self._api.bots.values()) if bot_id is None else [self._bot(bot_id)]

    def say(self, body: SayBody) -> Said:
        return people.say(self._bot(body.bot), body)

    def post(self, body: PostBody) -> Posted:
        return people.post(self._bot(body.bot), body)

    def edit(self, body: EditBody) -> None:
        bot, chat, message = self._own(body)
        people.edit(bot, chat, message, body.text)

    def delete(self, body: DeleteBody) -> None:
        people.delete(*self._own(body))

    def press(self, body: PressBody) -> Pressed:
        self._bot(body.bot)
        *others, last = self._some_bots(body.bot)
        for bot in others:
            with contextlib.suppress(NotFoundError):
                return Pressed(press_id=buttons.press(bot, body))
        return Pressed(press_id=buttons.press(last, body))

    def press_answer(self, press_id: str, bot: int | None) -> PressAnswer:
        known = next((one for one in self._some_bots(bot) if press_id in one.presses), self._bot(bot))
        return buttons.answer_to(known, press_id)

    def _own(self, body: EditBody | DeleteBody) -> tuple[Bot, Chat, Message]:
        """A subscriber's message: of the bot that is named, else of the first that knows it."""
        self._bot(body.bot)
        for bot in self._some_bots(body.bot):
            found = people.find_own(bot, body)
            if found is not None:
                return (bot, *found)
        raise NotFoundError("There is no such message of a subscriber's.", field="message_id")

    def heard(self, author_id: int, bot: int | None) -> list[Heard]:
        shown = [one for known in self._some_bots(bot) for one in screens.heard(known, author_id)]
        return sorted(shown, key=lambda one: one.at)

    def view(self, author_id: int, place: Place, bot: int | None, post_id: int | None, limit: int) -> list[Seen]:
        return screens.view(self._bot(bot), author_id, place, post_id, limit)

    def people(self) -> list[ShownPerson]:
        return screens.people(list(self._api.bots.values()))

    def bots(self) -> list[ShownBot]:
        return [screens.show_bot(bot) for bot in self._api.bots.values() if not bot.is_revoked]

    def block(self, body: BlockBody, *, is_blocked: bool) -> None:
        people.block(self._bot(body.bot), body.author_id, is_blocked=is_blocked)

    def migrate(self, body: MigrateBody) -> Migrated:
        return people.migrate(self._bot(body.bot))

    def change_bot(self, body: BotBody) -> None:
        bot = self._bot(body.bot)
        world = bot.world
        world.me.name = body.name or world.me.name
        world.channel.title = body.channel or world.channel.title
        world.discussion.title = body.discussion or world.discussion.title
        world.group.title = body.group or world.group.title
        world.is_private_mode = world.is_private_mode if body.privacy is None else body.privacy
        if body.revoked is not None:
            bot.is_revoked = body.revoked
            if bot.is_revoked:
                bot.queue.interrupt(unauthorized())
        membership.set_standing(bot, is_member=body.member, is_administrator=body.administrator)

    def set_flood(self, body: FloodBody) -> None:
        self._flood.clear()
        self._flood.limits = body

    def set_disorder(self, body: DisorderBody) -> None:
        self._disorder = body
        for bot in self._api.bots.values():
            self._disturb(bot)

    def _disturb(self, bot: Bot) -> None:
        bot.queue.duplicate, bot.queue.reorder = self._disorder.duplicate, self._disorder.reorder

    def find_file(self, bot: int, file_id: str) -> SimFile | None:
        known = self._api.bots.get(bot)
        stored = None if known is None else known.files.find(file_id)
        return None if stored is None else SimFile(stored.content, stored.sample.mime_type)

    def reset(self) -> None:
        self._flood.clear()
        self._disorder = DisorderBody()
        for bot in self._api.bots.values():
            bot.reset()

    async def close(self) -> None:
        for bot in self._api.bots.values():
            await bot.webhook.close()


class _Endpoint:
    """An ASGI application made of one method, for answers that may be lost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

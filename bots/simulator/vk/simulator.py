"""VK for the control plane: finds the community, does what a subscriber does, shows what they see."""

from collections.abc import Sequence
from random import Random

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
from bots.simulator.vk import people, screens
from bots.simulator.vk.callback import CallbackServers
from bots.simulator.vk.community import Comment, Community, Message
from bots.simulator.vk.events import EventLog
from bots.simulator.vk.methods import methods_of
from bots.simulator.vk.server import VkApi
from inbox.channels.events import Platform
from inbox.core.clock import Clock
from inbox.core.errors import ConflictError, NotFoundError

NO_COMMUNITY = "No community's key has called yet: connect a channel with this address as its API URL, then try again."


class VkSimulator:
    """VK with all communities whose keys called it. See bots.simulator.platform.PlatformSimulator."""

    def __init__(self, seed: int, faults: Faults, calls: CallLog, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock
        self._disorder = DisorderBody(platform=Platform.VK)
        self._servers: dict[int, CallbackServers] = {}
        self._api = VkApi(faults, calls, clock, methods_of(self._servers), self._make_community)

    def _make_community(self, group_id: int) -> Community:
        chance = Random(f"{self._seed}:vk:{group_id}")  # noqa: S311  # repeatable, not secret
        log = EventLog(group_id, self._clock, chance)
        log.duplicate, log.reorder = self._disorder.duplicate, self._disorder.reorder
        self._servers[group_id] = CallbackServers(group_id, log, chance)
        return Community(group_id, self._clock, chance, log)

    @property
    def platform(self) -> Platform:
        return Platform.VK

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route("/method/{method}", _Endpoint(self._api.call), methods=["GET", "POST"]),
            Route("/longpoll/{group}", _Endpoint(self._api.long_poll), methods=["GET", "POST"]),
            Route("/vkupload/{group}/{kind}", _Endpoint(self._api.upload), methods=["POST"]),
            Route("/vkfile/{group}/{name}", _Endpoint(self._api.file), methods=["GET"]),
        )

    def _community(self, group_id: int | None) -> Community:
        known = self._api.communities
        if not known:
            raise ConflictError(NO_COMMUNITY)
        if group_id is None:
            return next(iter(known.values()))
        community = known.get(group_id)
        if community is None:
            raise NotFoundError("No key of a community with this id has called.", field="bot")
        return community

    def _some(self, group_id: int | None) -> list[Community]:
        return list(self._api.communities.values()) if group_id is None else [self._community(group_id)]

    def say(self, body: SayBody) -> Said:
        return people.say(self._community(body.bot), body)

    def post(self, body: PostBody) -> Posted:
        return people.publish(self._community(body.bot), body)

    def press(self, body: PressBody) -> Pressed:
        raise NotFoundError("Buttons of communities are not simulated.", field="value")

    def press_answer(self, press_id: str, bot: int | None) -> PressAnswer:
        raise NotFoundError("There was no such press.", field="press_id")

    def edit(self, body: EditBody) -> None:
        community, written = self._own(body)
        people.edit(community, written, body.text)

    def delete(self, body: DeleteBody) -> None:
        people.delete(*self._own(body))

    def _own(self, body: EditBody | DeleteBody) -> tuple[Community, Message | Comment]:
        """A subscriber's message: of the community that is named, else of the first that knows it."""
        self._community(body.bot)
        for community in self._some(body.bot):
            found = people.find_own(community, body)
            if found is not None:
                return community, found
        raise NotFoundError("There is no such message of a subscriber's.", field="message_id")

    def heard(self, author_id: int, bot: int | None) -> list[Heard]:
        shown = [one for community in self._some(bot) for one in screens.heard(community, author_id)]
        return sorted(shown, key=lambda one: one.at)

    def view(self, author_id: int, place: Place, bot: int | None, post_id: int | None, limit: int) -> list[Seen]:
        return screens.view(self._community(bot), author_id, place, post_id, limit)

    def people(self) -> list[ShownPerson]:
        return screens.people(list(self._api.communities.values()))

    def bots(self) -> list[ShownBot]:
        return [
            screens.show_community(community, self._servers[group_id])
            for group_id, community in self._api.communities.items()
            if not self._api.tokens.get(group_id, set()) <= self._api.revoked
        ]

    def block(self, body: BlockBody, *, is_blocked: bool) -> None:
        people.deny(self._community(body.bot), body.author_id, is_denied=is_blocked)

    def migrate(self, body: MigrateBody) -> Migrated:
        raise ConflictError("VK knows no supergroups.")

    def change_bot(self, body: BotBody) -> None:
        """`administrator`: whether the owner of the administrator's key is one; `revoked`: all keys used by now."""
        community = self._community(body.bot)
        community.name = body.name or body.channel or community.name
        if body.administrator is not None:
            community.is_administrator = body.administrator
        tokens = self._api.tokens.get(community.group_id, set())
        if body.revoked:
            self._api.revoked |= tokens
            community.log.expire_keys()
        elif body.revoked is not None:
            self._api.revoked -= tokens

    def set_flood(self, body: FloodBody) -> None:
        """VK's own limits, 20 calls a second for a community's key and 3 for a person's; the body's numbers are not
        used."""
        self._api.is_limited = body.enabled

    def set_disorder(self, body: DisorderBody) -> None:
        self._disorder = body
        for community in self._api.communities.values():
            community.log.duplicate, community.log.reorder = body.duplicate, body.reorder

    def find_file(self, bot: int, file_id: str) -> SimFile | None:
        community = self._api.communities.get(bot)
        return None if community is None else community.files.get(file_id)

    def reset(self) -> None:
        self._api.is_limited = False
        self.set_disorder(DisorderBody(platform=Platform.VK))
        for community in self._api.communities.values():
            community.forget()

    async def close(self) -> None:
        for servers in self._servers.values():
            await servers.close()


class _Endpoint:
    """An ASGI application made of one method, for answers that may be lost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

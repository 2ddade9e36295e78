"""The control plane, /sim/*: subscribers write and hear, things go wrong on demand; the same for every platform."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from bots.simulator.calls import CallFilter, CallLog
from bots.simulator.chatter import ChatterBody, Chattered, chatter
from bots.simulator.faults import Faults
from bots.simulator.platform import PlatformSimulator
from bots.simulator.schemas import (
    BlockBody,
    BotBody,
    DeleteBody,
    DisorderBody,
    EditBody,
    FaultBody,
    FloodBody,
    HealBody,
    MigrateBody,
    Place,
    PostBody,
    PressBody,
    ResetBody,
    SayBody,
)
from bots.simulator.shown import (
    CallItem,
    Heard,
    Migrated,
    Posted,
    PressAnswer,
    Pressed,
    Said,
    Seen,
    ShownBot,
    ShownPerson,
)
from inbox.channels.events import Platform
from inbox.core.errors import InvalidInputError, NotFoundError

NO_CONTENT = 204
FILE_HEADERS = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox"}


class HeardList(BaseModel):
    """What a subscriber sees from bots."""

    items: list[Heard]


class SeenList(BaseModel):
    """One place's screen."""

    items: list[Seen]


class CallList(BaseModel):
    """Calls of bots."""

    items: list[CallItem]


class WorldAnswer(BaseModel):
    """Everything a phone may choose from."""

    platform: Platform
    bots: list[ShownBot]
    people: list[ShownPerson]


def control_routes(simulators: Mapping[Platform, PlatformSimulator], faults: Faults, calls: CallLog) -> APIRouter:
    """All routes of the control plane."""
    router = APIRouter(prefix="/sim")
    _Control(simulators, faults, calls).add_to(router)
    return router


class _Control:
    def __init__(self, simulators: Mapping[Platform, PlatformSimulator], faults: Faults, calls: CallLog) -> None:
        self._simulators = simulators
        self._faults = faults
        self._calls = calls

    def add_to(self, router: APIRouter) -> None:
        router.post("/say")(self.say)
        router.post("/post")(self.post)
        router.post("/chatter")(self.chatter)
        for path, endpoint in (
            ("/edit", self.edit),
            ("/delete", self.delete),
            ("/block", self.block),
            ("/unblock", self.unblock),
            ("/bot", self.change_bot),
            ("/fault", self.fault),
            ("/heal", self.heal),
            ("/flood", self.flood),
            ("/disorder", self.disorder),
            ("/reset", self.reset),
        ):
            router.add_api_route(path, endpoint, methods=["POST"], status_code=NO_CONTENT)
        router.post("/migrate")(self.migrate)
        router.post("/press")(self.press)
        router.get("/press")(self.press_answer)
        router.get("/heard")(self.heard)
        router.get("/view")(self.view)
        router.get("/world")(self.world)
        router.get("/calls")(self.list_calls)
        router.get("/file/{platform}/{bot}/{file_id}")(self.file)

    def _of(self, platform: Platform) -> PlatformSimulator:
        simulator = self._simulators.get(platform)
        if simulator is None:
            known = ", ".join(sorted(self._simulators))
            raise InvalidInputError(f"This platform is not simulated; these are: {known}.", field="platform")
        return simulator

    async def say(self, body: SayBody) -> Said:
        """A subscriber writes."""
        return self._of(body.platform).say(body)

    async def chatter(self, body: ChatterBody) -> Chattered:
        """Subscribers of many bots write by themselves; answers when they have."""
        return await chatter(self._of(body.platform), body)

    async def post(self, body: PostBody) -> Posted:
        """The channel publishes a post."""
        return self._of(body.platform).post(body)

    async def press(self, body: PressBody) -> Pressed:
        """Somebody presses a button under a bot's message."""
        return self._of(body.platform).press(body)

    async def press_answer(self, platform: Platform, press_id: str, bot: int | None = None) -> PressAnswer:
        """What the bot said to a press."""
        return self._of(platform).press_answer(press_id, bot)

    async def edit(self, body: EditBody) -> None:
        """A subscriber edits what they wrote."""
        self._of(body.platform).edit(body)

    async def delete(self, body: DeleteBody) -> None:
        """A subscriber deletes what they wrote."""
        self._of(body.platform).delete(body)

    async def block(self, body: BlockBody) -> None:
        """A subscriber blocks the bot."""
        self._of(body.platform).block(body, is_blocked=True)

    async def unblock(self, body: BlockBody) -> None:
        """A subscriber lets the bot write again."""
        self._of(body.platform).block(body, is_blocked=False)

    async def migrate(self, body: MigrateBody) -> Migrated:
        """The group becomes a supergroup."""
        return self._of(body.platform).migrate(body)

    async def change_bot(self, body: BotBody) -> None:
        """Names, privacy mode, rights, a revoked key."""
        self._of(body.platform).change_bot(body)

    async def fault(self, body: FaultBody) -> None:
        """Let the next calls of a method go wrong."""
        self._of(body.platform)
        self._faults.add(body)

    async def heal(self, body: HealBody) -> None:
        """Take all faults back."""
        self._of(body.platform)
        self._faults.clear(body.platform)

    async def flood(self, body: FloodBody) -> None:
        """Flood limits on or off."""
        self._of(body.platform).set_flood(body)

    async def disorder(self, body: DisorderBody) -> None:
        """Deliver updates twice or late, now and then."""
        self._of(body.platform).set_disorder(body)

    async def reset(self, body: ResetBody | None = None) -> None:
        """Forget people, messages, faults and calls; bots and their settings stay."""
        chosen = None if body is None else body.platform
        for platform in list(self._simulators) if chosen is None else [chosen]:
            self._of(platform).reset()
            self._faults.clear(platform)
        self._calls.clear(chosen)

    async def heard(self, platform: Platform, author_id: int, bot: int | None = None) -> HeardList:
        """What a subscriber sees from bots."""
        return HeardList(items=self._of(platform).heard(author_id, bot))

    async def view(
        self,
        platform: Platform,
        author_id: int,
        kind: Place,
        bot: int | None = None,
        post_id: int | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> SeenList:
        """A phone's screen."""
        return SeenList(items=self._of(platform).view(author_id, kind, bot, post_id, limit))

    async def world(self, platform: Platform = Platform.TELEGRAM) -> WorldAnswer:
        """Bots, their places and posts, and people."""
        simulator = self._of(platform)
        return WorldAnswer(platform=platform, bots=simulator.bots(), people=simulator.people())

    async def list_calls(
        self,
        platform: Platform | None = None,
        bot: int | None = None,
        method: str | None = None,
        since: datetime | None = None,
        limit: Annotated[int, Query(ge=1, le=22_000)] = 22_000,
    ) -> CallList:
        """The newest calls of bots, oldest first."""
        if since is not None and since.tzinfo is None:
            raise InvalidInputError("The time needs a zone.", field="since")
        found = self._calls.list_calls(CallFilter(platform, bot, method, since), limit)
        return CallList(
            items=[
                CallItem.model_construct(
                    platform=call.platform, bot=call.bot, method=call.method, params=call.params, at=call.at,
                    code=call.code, description=call.description,
                )
                for call in found
            ]
        )  # fmt: skip

    async def file(self, platform: Platform, bot: int, file_id: str) -> Response:
        """The bytes of an attachment, for the phone page."""
        found = self._of(platform).find_file(bot, file_id)
        if found is None:
            raise NotFoundError("There is no such file.")
        return Response(found.content, media_type=found.mime_type, headers=FILE_HEADERS)

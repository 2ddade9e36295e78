"""The control plane's bodies: what subscribers do, and what goes wrong."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from inbox.channels.events import Platform

PersonId = Annotated[int, Field(gt=0, lt=2**52)]
MAX_SIZE = 2_000_000_000
"""bytes; the biggest file a subscriber may send"""


class Place(StrEnum):
    """Where a subscriber writes: to the bot, under a post, in the group."""

    DIRECT = "direct"
    COMMENT = "comment"
    GROUP = "group"


class Under(StrEnum):
    """What else than a post VK's subscribers comment on."""

    PHOTO = "photo"
    VIDEO = "video"
    PRODUCT = "product"
    TOPIC = "topic"


class MediaKind(StrEnum):
    """What a subscriber may attach."""

    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    ANIMATION = "animation"
    VIDEO_NOTE = "video_note"
    AUDIO = "audio"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"


class Body(BaseModel):
    """A request's body: a field that nobody knows is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class ToBot(Body):
    """A body about one bot of a platform; without `bot` (its id) the first one known."""

    platform: Platform
    bot: int | None = None


class PersonBody(Body):
    """A subscriber; the name may be left out for somebody who is known."""

    id: PersonId
    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    username: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{3,31}$")] | None = None


class MediaBody(Body):
    """A thing to attach; its bytes are made here. `size` only for files bigger than what is made."""

    kind: MediaKind
    file_name: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^/\\]+$")] | None = None
    size: Annotated[int, Field(gt=0, le=MAX_SIZE)] | None = None
    duration: Annotated[int, Field(ge=0, le=86_400)] | None = None


def wrong(field: str, words: str) -> PydanticCustomError:
    """A refusal of a whole body that still names the field to look at."""
    return PydanticCustomError("wrong", "{words}", {"field": field, "words": words})


def _listed(value: object) -> object:
    """One thing alone, or only its kind, is as good as a list."""
    entries = value if isinstance(value, list) else [] if value is None else [value]
    return [{"kind": entry} if isinstance(entry, str) else entry for entry in entries]


MediaList = Annotated[list[MediaBody], BeforeValidator(_listed), Field(max_length=10)]


class SayBody(ToBot):
    """A subscriber writes. A comment without `post_id` goes under the newest post, or `under` something else (VK)."""

    kind: Place = Place.DIRECT
    author: PersonBody
    text: Annotated[str, Field(max_length=4096)] = ""
    post_id: int | None = None
    under: Under | None = None
    reply_to: int | None = None
    media: MediaList = []

    @model_validator(mode="after")
    def _says_something(self) -> "SayBody":
        if self.under is not None and (self.platform is not Platform.VK or self.kind is not Place.COMMENT):
            raise wrong("under", "only VK's comments stand under something else than a post")
        if not self.text.strip() and not self.media:
            raise wrong("text", "text is empty and there is no media")
        return self


class PressBody(ToBot):
    """Somebody presses a button under a bot's message, by the value that it carries."""

    author: PersonBody
    message_id: int
    chat: int | None = None
    value: Annotated[str, Field(min_length=1, max_length=64)]


class PostBody(ToBot):
    """The channel publishes a post."""

    text: Annotated[str, Field(max_length=4096)] = ""
    media: MediaList = []

    @model_validator(mode="after")
    def _says_something(self) -> "PostBody":
        if not self.text.strip() and not self.media:
            raise wrong("text", "text is empty and there is no media")
        return self


class MessageBody(ToBot):
    """Names a subscriber's message; `chat` where the number alone fits several."""

    message_id: int
    chat: int | None = None


class EditBody(MessageBody):
    """A subscriber edits what they wrote."""

    text: Annotated[str, Field(min_length=1, max_length=4096)]


class DeleteBody(MessageBody):
    """A subscriber deletes what they wrote."""


class BlockBody(ToBot):
    """A subscriber blocks the bot, or lets it write again."""

    author_id: PersonId


class MigrateBody(ToBot):
    """The group becomes a supergroup."""


class BotBody(ToBot):
    """Changes what a bot is: names of its places, privacy mode, its rights in group and discussion."""

    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    channel: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    discussion: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    group: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    privacy: bool | None = None
    administrator: bool | None = None
    member: bool | None = None
    revoked: bool | None = None


class FaultBody(ToBot):
    """What goes wrong with the next `times` calls of a method ("*" for any); without `bot` for any bot.

    `error` is an HTTP status; for VK below 400 and above 599 a code of its own, for the method `longpoll` what has
    `failed`. `after`: the effect happens and the answer is lost. No `error` and a `delay_ms`: only slow. `chance` lets
    some calls pass.
    """

    method: Annotated[str, Field(min_length=1, max_length=64)]
    error: Annotated[int, Field(ge=1, le=9_999)] | Literal["timeout", "drop"] | None = None
    when: Literal["before", "after"] = "before"
    retry_after: Annotated[int, Field(ge=1, le=86_400)] | None = None
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    chance: Annotated[float, Field(gt=0, le=1)] = 1
    description: Annotated[str, Field(min_length=1, max_length=500)] | None = None

    @field_validator("error")
    @classmethod
    def _is_known(cls, error: int | str | None, given: ValidationInfo) -> int | str | None:
        if given.data.get("platform") is Platform.TELEGRAM and isinstance(error, int) and not 400 <= error <= 599:
            raise ValueError("not an HTTP status from 400 to 599")
        return error

    @model_validator(mode="after")
    def _does_something(self) -> "FaultBody":
        if self.error is None and self.delay_ms is None:
            raise wrong("error", "error and delay_ms are both missing")
        return self


class HealBody(Body):
    """Takes back all faults of a platform."""

    platform: Platform


class ResetBody(Body):
    """Forgets one platform's people and messages, or those of all."""

    platform: Platform | None = None


class FloodBody(Body):
    """Turns the platform's flood limits on or off."""

    platform: Platform
    enabled: bool
    per_chat_per_second: Annotated[int, Field(ge=1)] = 1
    per_second: Annotated[int, Field(ge=1)] = 30
    per_group_per_minute: Annotated[int, Field(ge=1)] = 20


class DisorderBody(Body):
    """How often an update is delivered twice, or late: shares from 0 to 1."""

    platform: Platform = Platform.TELEGRAM
    duplicate: Annotated[float, Field(ge=0, le=1)] = 0
    reorder: Annotated[float, Field(ge=0, le=1)] = 0

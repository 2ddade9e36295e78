"""The control plane's answers: what phones show, and the record of calls."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from bots.simulator.schemas import MediaKind, Place
from inbox.channels.events import Platform


class Said(BaseModel):
    """What became of a saying: an album has several messages."""

    message_id: int
    post_id: int | None
    chat_id: int
    message_ids: list[int]
    bot: int
    number: int | None = None
    """VK: the direct message's number in its conversation."""


class Posted(BaseModel):
    """A published post and the message under which its comments stand."""

    post_id: int
    chat_id: int
    thread_id: int
    bot: int


class Migrated(BaseModel):
    """The group's ids before and after."""

    old_chat_id: int
    new_chat_id: int


class Pressed(BaseModel):
    """A press; what the bot says to it is asked for by its id."""

    press_id: str


class PressAnswer(BaseModel):
    """What the bot said to a press; `text` None: nothing so far."""

    text: str | None
    aloud: bool


class ShownButton(BaseModel):
    """A button under a message."""

    text: str
    value: str


class ShownMedia(BaseModel):
    """An attachment as a phone shows it; `url` serves its bytes here."""

    kind: MediaKind
    url: str | None = None
    file_name: str | None = None
    mime_type: str | None = None
    size: int | None = None
    duration: int | None = None
    title: str | None = None


class ShownChat(BaseModel):
    """The chat a message stands in; `post_id` for a comment."""

    id: int
    kind: Place
    title: str
    post_id: int | None = None


class Heard(BaseModel):
    """A message of the bot's that a subscriber sees."""

    message_id: int
    bot: int
    chat: ShownChat
    text: str
    media: list[ShownMedia]
    reply_to: int | None
    at: datetime
    edited_at: datetime | None = None
    deleted: bool = False
    buttons: list[list[ShownButton]] = []


class Seen(Heard):
    """Any message on a phone's screen; `who`: me, bot, channel, other."""

    who: Literal["me", "bot", "channel", "other"]
    author: str


class ShownPerson(BaseModel):
    """A known subscriber; `blocked` are the ids of bots that they blocked."""

    id: int
    name: str
    username: str | None
    blocked: list[int]


class ShownPost(BaseModel):
    """A post to comment on."""

    post_id: int
    text: str
    at: datetime
    comments: int


class ShownBot(BaseModel):
    """A bot that called, and its places."""

    id: int
    name: str
    username: str
    channel: str
    discussion: str
    group: str
    chats: dict[str, int]
    receives: Literal["poll", "webhook"]
    pending: int
    posts: list[ShownPost]


class CallItem(BaseModel):
    """One call of a bot; `code` is what it was answered, None while it waits or when the answer was lost."""

    platform: Platform
    bot: int | None
    method: str
    params: dict[str, object]
    at: datetime
    code: int | None
    description: str | None

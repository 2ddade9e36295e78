"""One community: its people, talks, wall and events. The same seed and id make the same names and numbers."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from bots.simulator.platform import SimFile
from bots.simulator.schemas import PersonBody
from bots.simulator.shown import ShownMedia
from bots.simulator.vk.events import EventLog
from bots.simulator.vk.refusals import Json
from inbox.core.clock import Clock
from inbox.core.errors import InvalidInputError

OWNER_ID = 500_001
"""Who made the community."""


@dataclass(slots=True)
class Person:
    """Somebody who writes."""

    person_id: int
    name: str
    username: str | None = None

    def user(self) -> Json:
        """As users.get shows them."""
        first, _, last = self.name.partition(" ")
        names: Json = {"id": self.person_id, "first_name": first, "last_name": last}
        return {**names, "screen_name": self.username or f"id{self.person_id}", "can_access_closed": True}


@dataclass(frozen=True, slots=True)
class Content:
    """Words and what is attached: as VK shows it, and as a phone does."""

    text: str
    attachments: tuple[Json, ...] = ()
    media: tuple[ShownMedia, ...] = ()
    geo: Json | None = None


@dataclass(slots=True)
class Message:
    """A direct message; `number` is the one in its conversation."""

    message_id: int
    number: int
    peer_id: int
    from_id: int
    content: Content
    at: datetime
    random_id: int = 0
    reply_to: "Message | None" = None
    edited_at: datetime | None = None
    is_deleted: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether the community wrote it."""
        return self.from_id < 0

    def shown(self, *, version: int = 10_000) -> Json:
        """As a message object."""
        content = self.content
        shown: Json = {
            "date": int(self.at.timestamp()),
            "from_id": self.from_id,
            "id": self.message_id,
            "version": version + self.message_id,
            "out": int(self.is_ours),
            "attachments": list(content.attachments),
            "conversation_message_id": self.number,
            "fwd_messages": [],
            "important": False,
            "is_hidden": False,
            "peer_id": self.peer_id,
            "random_id": self.random_id,
            "text": content.text,
        }
        if content.geo is not None:
            shown["geo"] = content.geo
        if self.edited_at is not None:
            shown["update_time"] = int(self.edited_at.timestamp())
        if self.reply_to is not None:
            names = ("date", "from_id", "id", "peer_id", "conversation_message_id", "text", "attachments")
            answered = self.reply_to.shown()
            shown["reply_message"] = {name: answered[name] for name in names}
        return shown


@dataclass(slots=True)
class Comment:
    """A comment under a post; `root` is the comment it stands under, if any."""

    comment_id: int
    post_id: int
    from_id: int
    content: Content
    at: datetime
    reply_to: "Comment | None" = None
    edited_at: datetime | None = None
    is_deleted: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether the community wrote it."""
        return self.from_id < 0

    def shown(self, owner_id: int) -> Json:
        """As a wall comment object."""
        shown: Json = {
            "id": self.comment_id,
            "from_id": self.from_id,
            "date": int(self.at.timestamp()),
            "text": self.content.text,
            "post_id": self.post_id,
            "owner_id": owner_id,
            "parents_stack": self.parents_stack(),
        }
        if self.content.attachments:
            shown["attachments"] = list(self.content.attachments)
        if self.reply_to is not None:
            shown |= {"reply_to_user": self.reply_to.from_id, "reply_to_comment": self.reply_to.comment_id}
        return shown

    def parents_stack(self) -> list[int]:
        """The comment of the first level that it stands under."""
        if self.reply_to is None:
            return []
        return self.reply_to.parents_stack() or [self.reply_to.comment_id]


@dataclass(slots=True)
class Post:
    """A post on the wall."""

    post_id: int
    content: Content
    at: datetime
    is_open: bool = True

    def shown(self, owner_id: int) -> Json:
        """As a wall post object."""
        shown: Json = {
            "inner_type": "wall_wallpost",
            "id": self.post_id,
            "from_id": owner_id,
            "owner_id": owner_id,
            "date": int(self.at.timestamp()),
            "post_type": "post",
            "text": self.content.text,
            "attachments": list(self.content.attachments),
            "comments": {"count": 0},
        }
        return shown


@dataclass(slots=True)
class Community:
    """Everything about one community; `base_url` is where its keys call."""

    group_id: int
    clock: Clock
    chance: Random
    log: EventLog
    base_url: str = ""
    name: str = "Магазин «Отклик»"
    username: str = ""
    is_administrator: bool = True
    """Whether the owner of the administrator's key still is one."""
    people: dict[int, Person] = field(default_factory=dict)
    talks: dict[int, list[Message]] = field(default_factory=dict)
    posts: dict[int, Post] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    banned: dict[int, int] = field(default_factory=dict)
    """Until when (Unix time; 0 for ever), by person."""
    denied: set[int] = field(default_factory=set)
    files: dict[str, SimFile] = field(default_factory=dict)
    guids: dict[str, Comment] = field(default_factory=dict)
    last_id: int = 100

    @property
    def owner_id(self) -> int:
        """As an owner and author."""
        return -self.group_id

    def next_id(self) -> int:
        """A number for a message, post, comment or file: no two share one."""
        self.last_id += 1
        return self.last_id

    def person(self, body: PersonBody) -> Person:
        """Somebody who is known, or becomes so."""
        person = self.people.get(body.id)
        if person is None:
            if body.name is None:
                raise InvalidInputError("A new subscriber needs a name.", field="author.name")
            person = self.people[body.id] = Person(body.id, body.name, body.username)
        person.name = body.name or person.name
        person.username = body.username or person.username
        return person

    def is_banned(self, person_id: int) -> bool:
        """Whether a ban is in force."""
        until = self.banned.get(person_id)
        return until is not None and (until == 0 or until > self.clock().timestamp())

    def may_write_to(self, person_id: int) -> bool:
        """Whether a person wrote to the community and has not forbidden it to answer."""
        return person_id in self.talks and person_id not in self.denied

    def add_message(
        self, peer_id: int, from_id: int, content: Content, reply_to: Message | None, random_id: int = 0
    ) -> Message:
        """A new message in a conversation, told to nobody yet."""
        talk = self.talks.setdefault(peer_id, [])
        message = Message(self.next_id(), len(talk) + 1, peer_id, from_id, content, self.clock(), random_id, reply_to)
        talk.append(message)
        return message

    def add_comment(self, post: Post, from_id: int, content: Content, reply_to: Comment | None) -> Comment:
        """A new comment; VK tells it, whoever wrote it."""
        comment = Comment(self.next_id(), post.post_id, from_id, content, self.clock(), reply_to)
        self.comments[comment.comment_id] = comment
        self.log.put("wall_reply_new", comment.shown(self.owner_id))
        return comment

    def add_post(self, content: Content) -> Post:
        """A new post; VK tells it."""
        post = Post(self.next_id(), content, self.clock())
        self.posts[post.post_id] = post
        self.log.put("wall_post_new", post.shown(self.owner_id))
        return post

    def messages(self) -> list[Message]:
        """All direct messages."""
        return [message for talk in self.talks.values() for message in talk]

    def forget(self) -> None:
        """People, messages and files; what the community has set, and all numbers, stay."""
        for kept in (self.people, self.talks, self.posts, self.comments, self.banned, self.files, self.guids):
            kept.clear()
        self.denied.clear()
        self.log.forget()

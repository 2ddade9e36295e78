"""What one bot sees of Telegram: its channel with a discussion group, a group, and private chats."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from bots.simulator.telegram.chats import Chat, ChatKind, Counter, Member, Message, Person
from bots.simulator.telegram.refusals import Json, bad_request
from bots.simulator.telegram.updates import UpdateQueue
from inbox.core.clock import Clock

_SUPERGROUP = -1_000_000_000_000
_OWNER_NAME = "Ольга Демидова"


@dataclass(slots=True)
class Post:
    """A channel's post and its automatic forward in the discussion group."""

    post_id: int
    thread_id: int
    commenters: dict[int, None] = field(default_factory=dict)
    """who wrote under it, in order"""
    comments: int = 0


class World:
    """Chats and people of one bot, with what its queue is told."""

    def __init__(self, bot_id: int, chance: Random, queue: UpdateQueue, clock: Clock) -> None:
        self.clock = clock
        self.queue = queue
        self.me = Person(bot_id, f"Бот {bot_id % 10_000:04d}", f"sim{bot_id}_bot", is_bot=True)
        self.is_private_mode = True
        """Telegram's privacy mode: without an administrator's rights the bot sees only what is meant for it."""
        self._chance = chance
        self._own_counter = Counter(300_000 + chance.randrange(100_000))
        self.owner = Person(chance.randrange(10**8, 10**9), _OWNER_NAME, "otklik_owner")
        self.people: dict[int, Person] = {}
        self.blocked_by: set[int] = set()
        self.chats: dict[int, Chat] = {}
        self.posts: dict[int, Post] = {}
        self.threads: dict[int, Post] = {}
        """posts by their forward's number"""
        self.heard: dict[int, list[Message]] = {}
        """the bot's messages by who sees them"""
        self.channel = self._make_chat("channel", "Канал", Counter(chance.randrange(20, 400)))
        self.channel.username = f"sim{bot_id}_channel"
        self.discussion = self._make_chat("supergroup", "Обсуждение", Counter(2_000 + chance.randrange(5_000)))
        self.group = self._make_chat("group", "Чат подписчиков", self._own_counter)
        self.channel.linked_id, self.discussion.linked_id = self.discussion.chat_id, self.channel.chat_id

    def _make_chat(self, kind: ChatKind, title: str, counter: Counter) -> Chat:
        number = self._chance.randrange(1_300_000_000, 2_900_000_000)
        chat_id = -number if kind == "group" else _SUPERGROUP - number
        chat = Chat(chat_id, kind, title, counter)
        chat.members = {
            self.owner.person_id: Member("creator"),
            self.me.person_id: Member("administrator"),
        }
        self.chats[chat_id] = chat
        return chat

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.clock()

    @property
    def timestamp(self) -> int:
        """The present instant in seconds of Unix time."""
        return int(self.clock().timestamp())

    def meet(self, person_id: int, name: str | None, username: str | None) -> Person:
        """A subscriber, made or with their newest name."""
        person = self.people.get(person_id)
        if person is None:
            person = self.people[person_id] = Person(person_id, name or f"Подписчик {person_id}", username)
        person.name = name or person.name
        person.username = username or person.username
        return person

    def private_chat(self, person: Person) -> Chat:
        """A subscriber's talk with the bot, begun if need be."""
        chat = self.chats.get(person.person_id)
        if chat is None:
            chat = self.chats[person.person_id] = Chat(person.person_id, "private", person.name, self._own_counter)
        chat.title, chat.username = person.name, person.username
        return chat

    def find_person(self, person_id: int) -> Person | None:
        """Anybody that the bot may know."""
        if person_id in {self.owner.person_id, self.me.person_id}:
            return self.owner if person_id == self.owner.person_id else self.me
        return self.people.get(person_id)

    def user(self, person_id: int) -> Json:
        """A User object of somebody known."""
        person = self.find_person(person_id)
        if person is None:
            raise bad_request("user not found")
        return person.user()

    def add(self, chat: Chat, message: Message) -> Message:
        """A message takes its place in a chat."""
        chat.messages[message.message_id] = message
        return message

    def let_hear(self, message: Message, people: Iterable[int]) -> None:
        """The bot's message is seen by these."""
        for person_id in people:
            self.heard.setdefault(person_id, []).append(message)

    def find_post(self, post_id: int) -> Post | None:
        """A post by its number in the channel."""
        return self.posts.get(post_id)

    def newest_post(self) -> Post | None:
        """The post published last."""
        return next(reversed(self.posts.values()), None)

    def migrate_group(self) -> tuple[Chat, Chat]:
        """The group lives on as a supergroup."""
        old = self.group
        new = self._make_chat("supergroup", old.title, Counter(1))
        new.members = dict(old.members)
        old.migrated_to = new.chat_id
        self.group = new
        return old, new

    def forget(self) -> None:
        """Nobody has written anything; numbers go on, so that nothing new looks like something old."""
        self.people.clear()
        self.blocked_by.clear()
        self.posts.clear()
        self.threads.clear()
        self.heard.clear()
        lasting = {self.channel.chat_id, self.discussion.chat_id, self.group.chat_id}
        self.chats = {chat_id: chat for chat_id, chat in self.chats.items() if chat_id in lasting}
        for chat in self.chats.values():
            chat.messages.clear()
            chat.members = {
                person_id: member
                for person_id, member in chat.members.items()
                if person_id in {self.owner.person_id, self.me.person_id}
            }

"""VK's external ids: how they are made from numbers, read back for a call, and opened in a browser.

person `{id}`, community `-{id}` · chat of direct messages `{peer}` (a person's id; 2e9 + n for a chat of several), of
everything else the owner `-{group}` · message `message:{peer}:{conversation_message_id}` (`message:{peer}:id{id}` where
VK tells only its global id) · what is commented on `post:{owner}:{id}`, `photo:…`, `video:…`, `market:…`, `topic:…`,
which is also the thread · its comments `wall:{owner}:{post}:{comment}`, `photo:{owner}:{photo}:{comment}`, `video:…`,
`market:…`, `board:{owner}:{topic}:{comment}`. Owners that are communities are negative.
"""

from dataclasses import dataclass
from enum import StrEnum

from bots.vk.reasons import UNKNOWN_ADDRESS
from inbox.core.errors import PermanentRefusalError

FIRST_CHAT_PEER = 2_000_000_000
_MESSAGE = "message"


class CommentKind(StrEnum):
    """Under what a comment stands."""

    WALL = "wall"
    PHOTO = "photo"
    VIDEO = "video"
    MARKET = "market"
    BOARD = "board"


_THINGS = {
    CommentKind.WALL: "post",
    CommentKind.PHOTO: "photo",
    CommentKind.VIDEO: "video",
    CommentKind.MARKET: "market",
    CommentKind.BOARD: "topic",
}
_KINDS = {word: kind for kind, word in _THINGS.items()}
_PAGES = {
    CommentKind.WALL: "wall{owner}_{thing}",
    CommentKind.PHOTO: "photo{owner}_{thing}",
    CommentKind.VIDEO: "video{owner}_{thing}",
    CommentKind.MARKET: "market{owner}?w=product{owner}_{thing}",
    CommentKind.BOARD: "topic{owner}_{thing}",
}


@dataclass(frozen=True, slots=True)
class ThingAddress:
    """A post, photo, video, product or topic: what comments stand under."""

    kind: CommentKind
    owner_id: int
    thing_id: int

    def external_id(self) -> str:
        """As posts and threads carry it."""
        return f"{_THINGS[self.kind]}:{self.owner_id}:{self.thing_id}"

    def comment(self, comment_id: int) -> str:
        """The external id of a comment under it."""
        return f"{self.kind}:{self.owner_id}:{self.thing_id}:{comment_id}"

    def url(self) -> str:
        """Where a person sees it."""
        return "https://vk.com/" + _PAGES[self.kind].format(owner=self.owner_id, thing=self.thing_id)


@dataclass(frozen=True, slots=True)
class CommentAddress:
    """A comment as a call names it."""

    thing: ThingAddress
    comment_id: int

    def url(self) -> str:
        """The page that opens at this very comment."""
        if self.thing.kind is CommentKind.BOARD:
            return f"{self.thing.url()}?post={self.comment_id}"
        joint = "&" if "?" in self.thing.url() else "?"
        return f"{self.thing.url()}{joint}reply={self.comment_id}"


@dataclass(frozen=True, slots=True)
class MessageAddress:
    """A direct message as a call names it: by its number in the conversation, else by its global id."""

    peer_id: int
    number: int
    is_global: bool = False

    def external_id(self) -> str:
        """As messages carry it."""
        return f"{_MESSAGE}:{self.peer_id}:{'id' if self.is_global else ''}{self.number}"


def post(owner_id: int, post_id: int) -> ThingAddress:
    """The address of a post."""
    return ThingAddress(CommentKind.WALL, owner_id, post_id)


def read_thing(external_id: str) -> ThingAddress:
    """What is commented on, of a post's or thread's external id."""
    word, owner, thing = _parts(external_id, 3)
    if word not in _KINDS:
        raise PermanentRefusalError(UNKNOWN_ADDRESS)
    return ThingAddress(_KINDS[word], read_number(owner), read_number(thing))


def read_message(external_id: str) -> MessageAddress | CommentAddress:
    """A direct message or a comment, of a message's external id."""
    if external_id.startswith(f"{_MESSAGE}:"):
        _, peer, number = _parts(external_id, 3)
        return MessageAddress(read_number(peer), read_number(number.removeprefix("id")), number.startswith("id"))
    kind, owner, thing, comment = _parts(external_id, 4)
    if kind not in _THINGS:
        raise PermanentRefusalError(UNKNOWN_ADDRESS)
    return CommentAddress(ThingAddress(CommentKind(kind), read_number(owner), read_number(thing)), read_number(comment))


def url_of(external_id: str, group_id: int) -> str:
    """Where a person sees a message, comment or post: that very dialog or comment."""
    if external_id.count(":") == 2 and not external_id.startswith(f"{_MESSAGE}:"):
        return read_thing(external_id).url()
    address = read_message(external_id)
    if isinstance(address, CommentAddress):
        return address.url()
    peer = address.peer_id
    chosen = f"c{peer - FIRST_CHAT_PEER}" if peer > FIRST_CHAT_PEER else str(peer)
    return f"https://vk.com/gim{group_id}?sel={chosen}"


def read_number(text: str) -> int:
    """A VK id; PermanentRefusalError for what cannot be one."""
    try:
        return int(text)
    except ValueError:
        raise PermanentRefusalError(UNKNOWN_ADDRESS) from None


def _parts(external_id: str, count: int) -> list[str]:
    parts = external_id.split(":")
    if len(parts) != count:
        raise PermanentRefusalError(UNKNOWN_ADDRESS)
    return parts

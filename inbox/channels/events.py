"""The event vocabulary: what a platform's payload means, in the inbox's words.

`bots.<platform>.parse` turns one raw payload into a tuple of these; it is pure. External ids are strings and say
their scope: Telegram `{business}:{chat}:{message_id}` with an empty business for an ordinary bot. All instants are
the platform's, aware, UTC.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

UNDATED = datetime.fromtimestamp(0, UTC)
"""The platform does not say when; whoever stores the event takes the time of its receipt."""


class Platform(StrEnum):
    """Where a channel lives."""

    TELEGRAM = "telegram"
    VK = "vk"


class ConversationKind(StrEnum):
    """direct: a private talk · comment: a thread under a post · group: a contact in a chat · mention."""

    DIRECT = "direct"
    COMMENT = "comment"
    GROUP = "group"
    MENTION = "mention"


class AttachmentKind(StrEnum):
    """What a message carries beside its text."""

    PHOTO = "photo"
    VIDEO = "video"
    VIDEO_NOTE = "video_note"
    VOICE = "voice"
    AUDIO = "audio"
    DOCUMENT = "document"
    ANIMATION = "animation"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote. `is_ours`: the platform itself says so (the bot, the channel, an anonymous administrator)."""

    external_id: str
    name: str
    username: str | None = None
    is_bot: bool = False
    is_ours: bool = False
    is_named: bool = True
    """False: `name` only stands in, the platform's event tells none."""
    language: str | None = field(default=None, compare=False)
    """In which language they use the platform (IETF tag), where its event tells."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file or thing. `external_id` is the platform's handle for fetching (never a link that holds a token)."""

    kind: AttachmentKind
    external_id: str | None = None
    file_name: str | None = None
    mime_type: str | None = None
    size: int | None = None
    """bytes"""
    width: int | None = None
    height: int | None = None
    duration: timedelta | None = None
    title: str | None = None
    """What a person would read in its place: a poll's question, a place, a sticker's emoji, a shared contact."""
    thumbnail_external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that this one answers, as far as the payload shows it."""

    external_id: str
    author: Author | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message, new or edited (then `edited_at` is set and the rest is its newest state).

    `thread_external_id` is the root under which it stands: for Telegram `{chat}:{message_thread_id}`. Whether that
    root is a post is known from a `PostSeen` of the same `thread_external_id`, or at once when `thread_is_post`.
    `addresses_us`: it answers our message or names us.
    """

    external_id: str
    kind: ConversationKind
    chat_external_id: str
    author: Author
    sent_at: datetime
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    edited_at: datetime | None = None
    thread_external_id: str | None = None
    thread_is_post: bool = False
    topic_external_id: str | None = None
    parent: Quoted | None = None
    album_external_id: str | None = None
    addresses_us: bool = False
    chat_title: str | None = None
    is_outbound: bool = False
    """Our side wrote it outside the panel (an anonymous admin, the channel, a business account's owner)."""
    random_id: str | None = None
    """What our own send carried, where the platform returns it."""
    thread_url: str | None = None
    """Where a person sees what the thread hangs on, when `thread_is_post`."""
    addressee: Author | None = None
    """Of our own side's message: to whom it went, where the payload tells it. The conversation is theirs."""


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """The platform says that messages are gone."""

    external_ids: tuple[str, ...]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class MessageRestored:
    """The platform says that deleted messages are back."""

    external_ids: tuple[str, ...]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class PostSeen:
    """A post of the community; `thread_external_id` is where its comments stand (None until the forward is seen)."""

    external_id: str
    published_at: datetime
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    edited_at: datetime | None = None
    thread_external_id: str | None = None
    chat_title: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ReachabilityChanged:
    """A contact blocked us, or let us write again."""

    author: Author
    reachable: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class BanChanged:
    """A contact was banned from a chat or community, or let in again, by whomever.

    `until` is None for ever; `reason` is a language key, `comment` the words of who banned.
    """

    chat_external_id: str
    author: Author
    is_banned: bool
    occurred_at: datetime
    until: datetime | None = None
    reason: str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ChatMigrated:
    """A group lives on as a supergroup; all its ids are to be re-keyed."""

    old_chat_external_id: str
    new_chat_external_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class OurStandingChanged:
    """Our rights in a chat changed: `can_act` names what we may do there now (delete, ban, restrict)."""

    chat_external_id: str
    chat_title: str
    is_member: bool
    is_administrator: bool
    can_act: tuple[str, ...]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class StaffChanged:
    """Somebody became, or ceased to be, an administrator of a chat: one of our people."""

    chat_external_id: str
    author: Author
    is_ours: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Somebody pressed a button under a message of ours; the press is answered by its `press_id`, within minutes."""

    press_id: str
    chat_external_id: str
    message_external_id: str
    author: Author
    value: str


@dataclass(frozen=True, slots=True)
class SaidToDesk:
    """A colleague's word to the bot, no subscriber's: in the alert chat, or a one-time `code` that links something."""

    message: MessageReceived
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood and of no use to the inbox; `why` is for logs and tests."""

    why: str


InboundEvent = (
    MessageReceived
    | MessageDeleted
    | MessageRestored
    | PostSeen
    | ReachabilityChanged
    | BanChanged
    | ChatMigrated
    | OurStandingChanged
    | StaffChanged
    | ButtonPressed
    | SaidToDesk
    | Ignored
)


@dataclass(frozen=True, slots=True)
class Me:
    """Whom a channel speaks as, for parsing: the bot's or community's id and name."""

    external_id: str
    username: str | None = None
    our_external_ids: frozenset[str] = field(default_factory=frozenset)

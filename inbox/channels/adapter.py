"""The adapter protocol: what the inbox asks of a platform, in few words.

Every call may raise the PlatformError family (inbox.core.errors): the adapter translates the platform's refusals.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from inbox.channels.events import AttachmentKind, Author, ConversationKind, InboundEvent, Me, Platform
from inbox.core.pacing import Bucket

RawEvent = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Account:
    """A channel's key and where to use it. Never logged: its repr hides the secrets."""

    channel_id: int
    platform: Platform
    external_id: str
    token: str = field(repr=False)
    user_token: str | None = field(default=None, repr=False)
    api_url: str | None = None
    proxy_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send: its bytes and how to show it."""

    kind: AttachmentKind
    file_name: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message of ours to send.

    `chat_external_id` and `thread_external_id` as in MessageReceived; `parent_external_id` is what it answers.
    `random_id` is a non-zero int32 made from the row's id, the same at each attempt.
    """

    kind: ConversationKind
    chat_external_id: str
    text: str
    random_id: int
    thread_external_id: str | None = None
    topic_external_id: str | None = None
    parent_external_id: str | None = None
    uploads: tuple[Upload, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """What the platform made of it: our message's external id(s) (an album has several) and its time."""

    external_id: str
    sent_at: datetime
    further_external_ids: tuple[str, ...] = ()


class KeyKind(StrEnum):
    """Whose key: the bot's or community's own · the optional second one, an administrator's."""

    OWN = "own"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that a key can or cannot do, with the reason in a language key for people (None when it can).

    `key` is the one that does it, or would. Allowed with a reason: it is done once the key's owner did what that says.
    """

    name: str
    allowed: bool
    reason: str | None = None
    key: KeyKind = KeyKind.OWN


@dataclass(frozen=True, slots=True)
class KnownChat:
    """A chat that the channel serves, as `check` or an event found it."""

    external_id: str
    kind: str
    title: str
    linked_external_id: str | None = None
    our_people: tuple[str, ...] = ()
    can_act: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of `check`: who we are there and what this key can do."""

    external_id: str
    name: str
    username: str | None
    capabilities: tuple[Capability, ...]
    chats: tuple[KnownChat, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """An attachment being fetched through us: its chunks, type and size in bytes where known."""

    chunks: AsyncIterator[bytes]
    mime_type: str
    size: int | None


class Act(StrEnum):
    """What a call does: by it the platform wants one key or another."""

    SEND = "send"
    ATTACH = "attach"
    """Send with files."""
    EDIT = "edit"
    DELETE = "delete"
    TAKE_BACK = "take_back"
    """Delete a message of our own."""
    RESTORE = "restore"
    BAN = "ban"
    RESTRICT = "restrict"
    OPEN_COMMENTS = "open_comments"


class Offence(StrEnum):
    """What somebody is banned for, where the platform asks."""

    OTHER = "other"
    SPAM = "spam"
    INSULTS = "insults"
    STRONG_LANGUAGE = "strong_language"
    FLOOD = "flood"


@dataclass(frozen=True, slots=True)
class BanNote:
    """Why somebody is banned; `comment` is for the community's administrators."""

    offence: Offence = Offence.OTHER
    comment: str = ""


UNSAID = BanNote()


class Adapter(Protocol):
    """A platform. One instance serves all channels of it in a process."""

    @property
    def platform(self) -> Platform:
        """Which one."""

    @property
    def repeats_safely(self) -> bool:
        """Whether a send repeated with the same random_id is heard once."""

    def longest_send(self, *, with_files: bool) -> timedelta:
        """After so long a `send` has ended, whatever happened on the way."""

    def buckets(self, account: Account, act: Act, kind: ConversationKind, chat_external_id: str) -> list[Bucket]:
        """What a call takes from: its key's bucket first, then the chat's, at the rates that the platform states."""

    def key_for(self, act: Act, kind: ConversationKind) -> KeyKind:
        """Which of the account's keys does it."""

    def impossible(self, act: Act, kind: ConversationKind, thread_external_id: str | None) -> str | None:
        """Why no key could do this in such a conversation; None when one could."""

    def capability_for(self, act: Act, kind: ConversationKind) -> str | None:
        """What a key needs for it; None when every key can."""

    def url_of(self, account_external_id: str, external_id: str) -> str | None:
        """Where a person sees a message, comment or post of the account; None where there is no such address."""

    def parse(self, raw: RawEvent, me: Me) -> tuple[InboundEvent, ...]:
        """Raw payload → events; pure; UnparsableEventError for what it does not understand."""

    async def check(self, account: Account, known_chats: Sequence[str] = ()) -> Checked:
        """Ask who we are and what this key can do, without side effects."""

    async def send(self, account: Account, outgoing: Outgoing) -> Sent:
        """Send one message."""

    async def edit(self, account: Account, chat_external_id: str, external_id: str, text: str) -> None:
        """Replace the text of our own message."""

    async def delete(self, account: Account, external_id: str) -> None:
        """Delete a message; one that is already gone is a success."""

    async def restore(self, account: Account, external_id: str) -> None:
        """Bring a deleted message back; one that is not deleted is a success."""

    async def ban(
        self,
        account: Account,
        chat_external_id: str,
        author_external_id: str,
        until: datetime | None,
        why: BanNote = UNSAID,
    ) -> None:
        """Ban somebody from a chat (for ever when `until` is None)."""

    async def unban(self, account: Account, chat_external_id: str, author_external_id: str) -> None:
        """Lift a ban."""

    async def restrict(
        self, account: Account, chat_external_id: str, author_external_id: str, length: timedelta | None
    ) -> None:
        """Forbid somebody to write for a length of time; None lifts it."""

    async def set_comments_open(self, account: Account, post_external_id: str, *, is_open: bool) -> None:
        """Open or close the comments of a post."""

    async def fetch(self, account: Account, attachment_external_id: str) -> RemoteFile:
        """Open an attachment of a message for reading."""

    async def set_webhook(self, account: Account, url: str | None, secret: str) -> None:
        """Have the platform call `url` with `secret`; None goes back to polling."""

    async def confirmation_code(self, account: Account) -> str:
        """What our webhook answers when the platform asks whether the address is ours."""

    def backfill(self, account: Account, since: datetime) -> AsyncIterator[RawEvent]:
        """What came since an instant and waits for an answer, as raw events; empty where a platform has no history."""

    async def name_people(self, account: Account, external_ids: Iterable[str]) -> dict[str, Author]:
        """Names of authors whom events do not name; those whom the platform does not know are absent."""

    async def close(self) -> None:
        """Give back sessions and threads."""


Adapters = Mapping[Platform, Adapter]

"""People, chats, members and messages of the simulated Telegram, and how the Bot API shows them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bots.simulator.shown import ShownMedia
from bots.simulator.telegram.refusals import Json

TELEGRAM: Json = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
"""The stand-in sender of automatic forwards."""

BOT_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)

ChatKind = Literal["private", "group", "supergroup", "channel"]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]


@dataclass(slots=True)
class Counter:
    """Message numbers; private chats and plain groups of one bot share theirs, every other chat has its own."""

    last: int

    def next(self) -> int:
        self.last += 1
        return self.last


@dataclass(slots=True)
class Person:
    """Somebody who writes, or owns a chat."""

    person_id: int
    name: str
    username: str | None = None
    is_bot: bool = False

    def user(self) -> Json:
        """As a User object."""
        first, _, last = (self.name, "", "") if self.is_bot else self.name.partition(" ")
        user: Json = {"id": self.person_id, "is_bot": self.is_bot, "first_name": first}
        if last:
            user["last_name"] = last
        if self.username:
            user["username"] = self.username
        if not self.is_bot:
            user["language_code"] = "ru"
        return user


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's standing in a chat; `until` 0 is for ever (seconds of Unix time)."""

    status: Status
    until: int = 0
    permissions: tuple[str, ...] = PERMISSIONS

    def shown(self, user: Json, *, in_channel: bool) -> Json:
        """As a ChatMember object."""
        member: Json = {"status": self.status, "user": user}
        if self.status == "creator":
            return {**member, "is_anonymous": False}
        if self.status == "administrator":
            return {**member, **_administrator(in_channel=in_channel)}
        if self.status == "restricted":
            rights: Json = {name: name in self.permissions for name in PERMISSIONS}
            return {**member, "is_member": True, **rights, "until_date": self.until}
        if self.status == "kicked":
            return {**member, "until_date": self.until}
        return member


def _administrator(*, in_channel: bool) -> Json:
    rights: Json = {name: name not in {"can_promote_members", "can_manage_video_chats"} for name in BOT_RIGHTS}
    special: Json = (
        {"can_post_messages": True, "can_edit_messages": True}
        if in_channel
        else {"can_pin_messages": True, "can_manage_topics": False}
    )
    return {"can_be_edited": False, "is_anonymous": False, **rights, **special}


@dataclass(slots=True)
class Message:
    """A message; `raw` is what the Bot API shows now and is replaced, never changed."""

    chat_id: int
    message_id: int
    sender_id: int
    raw: Json
    sent_at: datetime
    is_ours: bool = False
    thread_id: int | None = None
    reply_to: int | None = None
    media: tuple[ShownMedia, ...] = ()
    edited_at: datetime | None = None
    is_deleted: bool = False

    @property
    def text(self) -> str:
        """Its words: text, or caption."""
        words = self.raw.get("text") or self.raw.get("caption")
        return words if isinstance(words, str) else ""

    def quoted(self) -> Json:
        """As what is answered is shown: without what it answers itself."""
        return {name: value for name, value in self.raw.items() if name != "reply_to_message"}


@dataclass(slots=True)
class Chat:
    """A chat; `order` holds its messages' numbers, oldest first."""

    chat_id: int
    kind: ChatKind
    title: str
    counter: Counter
    username: str | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    migrated_to: int | None = None
    linked_id: int | None = None

    def shown(self) -> Json:
        """As a Chat object."""
        chat: Json = {"id": self.chat_id, "type": self.kind}
        if self.kind == "private":
            first, _, last = self.title.partition(" ")
            chat["first_name"] = first
            if last:
                chat["last_name"] = last
        else:
            chat["title"] = self.title
        if self.username:
            chat["username"] = self.username
        return chat

    def find(self, message_id: int) -> Message | None:
        """A message that is still there."""
        message = self.messages.get(message_id)
        return None if message is None or message.is_deleted else message

    def standing(self, person_id: int, now: int) -> Member:
        """Somebody's standing; a ban or a restriction that ran out is over."""
        member = self.members.get(person_id, Member("left"))
        if member.status in {"kicked", "restricted"} and 0 < member.until <= now:
            return Member("left" if member.status == "kicked" else "member")
        return member

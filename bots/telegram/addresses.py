"""Telegram's external ids: how they are made from numbers, and read back for a call.

chat `{chat}`, in a business account `{business}:{chat}` · message `{business}:{chat}:{message}` with an empty business
for an ordinary bot · thread and topic `{chat}:{thread}` · topic of a channel's direct messages `{chat}:direct:{topic}`.
"""

from dataclasses import dataclass

from bots.telegram.reasons import UNKNOWN_ADDRESS
from inbox.core.errors import PermanentRefusalError

_DIRECT = "direct"
_SUPERGROUP = "-100"


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """A chat as a call names it; `business` is a business connection's id or empty."""

    chat_id: int
    business: str = ""

    def external_id(self) -> str:
        """As conversations carry it."""
        return f"{self.business}:{self.chat_id}" if self.business else str(self.chat_id)

    def message(self, message_id: int) -> str:
        """The external id of a message of this chat."""
        return f"{self.business}:{self.chat_id}:{message_id}"

    def thread(self, thread_id: int) -> str:
        """The external id of a thread, or of a forum's topic."""
        return f"{self.chat_id}:{thread_id}"

    def direct_topic(self, topic_id: int) -> str:
        """The external id of one subscriber's talk in a channel's direct messages."""
        return f"{self.chat_id}:{_DIRECT}:{topic_id}"


@dataclass(frozen=True, slots=True)
class MessageAddress:
    """A message as a call names it."""

    chat: ChatAddress
    message_id: int


@dataclass(frozen=True, slots=True)
class TopicAddress:
    """A thread or topic as a call names it; `is_direct` for a channel's direct messages."""

    topic_id: int
    is_direct: bool


def read_chat(external_id: str) -> ChatAddress:
    """The chat of a chat's external id."""
    business, _, chat = external_id.rpartition(":")
    return ChatAddress(read_number(chat), business)


def read_message(external_id: str) -> MessageAddress:
    """The chat and the number of a message's external id."""
    scope, _, message = external_id.rpartition(":")
    business, _, chat = scope.rpartition(":")
    return MessageAddress(ChatAddress(read_number(chat), business), read_number(message))


def url_of(external_id: str) -> str | None:
    """Where a person sees a supergroup's or channel's message; private talks and small groups have no addresses."""
    scope, _, message = external_id.rpartition(":")
    business, _, chat = scope.rpartition(":")
    if business or not chat.startswith(_SUPERGROUP) or not message.isdecimal():
        return None
    return f"https://t.me/c/{chat.removeprefix(_SUPERGROUP)}/{message}"


def read_topic(external_id: str) -> TopicAddress:
    """The thread or topic of its external id."""
    scope, _, topic = external_id.rpartition(":")
    return TopicAddress(read_number(topic), scope.endswith(f":{_DIRECT}"))


def read_number(text: str) -> int:
    """A Telegram id; PermanentRefusalError for what cannot be one."""
    try:
        return int(text)
    except ValueError:
        raise PermanentRefusalError(UNKNOWN_ADDRESS) from None

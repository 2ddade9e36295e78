"""What intake passes from step to step: events with their channel, and the messages that turned out to be new."""

from dataclasses import dataclass

from inbox.channels.events import ConversationKind, InboundEvent, MessageReceived
from inbox.contacts.service import Known
from inbox.conversations.addressee import Whom, find_whom
from inbox.conversations.models import Status
from inbox.conversations.needs_answer import NeedsAnswer
from inbox.conversations.tags import Tagged, TextKey

MessageKey = tuple[int, str]
"""(channel id, external id)."""


@dataclass(frozen=True, slots=True)
class OnChannel:
    """The channel that an event came by."""

    workspace_id: int
    channel_id: int
    external_id: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """One parsed event; several may come from one entry."""

    entry_id: str
    channel: OnChannel
    event: InboundEvent
    once: str | None = None
    """The platform's own number of an event that it does not date: a repeat must not count again, as of later."""
    before_connection: bool = False
    """Written before the channel was connected or while the project was archived: shown, with no clock."""
    is_quiet: bool = False
    """So it is, or was edited then, or the project is archived now: no alert, no answer by itself."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A message with the conversation that it belongs to. `ours`: an answer given outside the panel; `answered`: the
    person whom it answers."""

    channel: OnChannel
    event: MessageReceived
    kind: ConversationKind
    conversation_id: int
    identity_id: int
    ours: bool
    in_draw: bool
    before_connection: bool = False
    is_quiet: bool = False
    answered: Known | None = None

    @property
    def whom(self) -> Whom:
        """To whom it is said."""
        event = self.event
        return find_whom(self.identity_id, self.answered, event.sent_at, addresses_us=event.addresses_us)

    @property
    def message_key(self) -> MessageKey:
        """What makes the message this one."""
        return self.channel.channel_id, self.event.external_id

    @property
    def text_key(self) -> TextKey:
        """Where its tags are."""
        return self.channel.workspace_id, self.event.text


@dataclass(frozen=True, slots=True)
class NewMessage:
    """An inbound message that was not known before, as rules see it. `tags` None: it has no words.

    `reopens`: a person had closed the conversation, and this batch opens it again. `asks_anew`: the contact waited for
    nothing before this batch, and waits now. `previous`: what the conversation
    was before the batch; None: there was none. `is_edit`: known before, and an edit made it need an answer.
    `is_quiet`: of a time before the channel was connected or in the archive, or the project is archived now; nothing is
    done about it by itself but handing it over.
    """

    workspace_id: int
    channel_id: int
    conversation_id: int
    message_id: int
    event: MessageReceived
    tags: Tagged | None
    verdict: NeedsAnswer
    reopens: bool = False
    asks_anew: bool = False
    previous: Status | None = None
    is_edit: bool = False
    is_quiet: bool = False

"""What intake passes from step to step: events with their channel, and the messages that turned out to be new."""

from dataclasses import dataclass

from inbox.channels.events import ConversationKind, InboundEvent, MessageReceived
from inbox.conversations.needs_answer import NeedsAnswer
from inbox.conversations.tags import Tagged


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


@dataclass(frozen=True, slots=True)
class Placed:
    """A message with the conversation that it belongs to. `ours`: an answer given outside the panel."""

    channel: OnChannel
    event: MessageReceived
    kind: ConversationKind
    conversation_id: int
    identity_id: int
    ours: bool
    in_draw: bool


@dataclass(frozen=True, slots=True)
class NewMessage:
    """An inbound message that was not known before, as rules see it. `tags` None: it has no words."""

    workspace_id: int
    channel_id: int
    conversation_id: int
    message_id: int
    event: MessageReceived
    tags: Tagged | None
    verdict: NeedsAnswer

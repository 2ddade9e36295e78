"""Parses one raw Telegram update into the inbox's events; pure."""

from collections.abc import Callable
from datetime import UTC, datetime

from bots.fields import RawObject, find_object, find_text, get_int, get_ints, get_object, get_text
from bots.telegram.addresses import ChatAddress
from bots.telegram.authors import author_of_user
from bots.telegram.members import parse_membership, parse_our_membership
from bots.telegram.messages import parse_message
from inbox.channels.adapter import RawEvent
from inbox.channels.events import ButtonPressed, Ignored, InboundEvent, Me, MessageDeleted

UNDATED = datetime.fromtimestamp(0, UTC)
"""Telegram does not say when messages of a business account were deleted."""


def parse(raw: RawEvent, me: Me) -> tuple[InboundEvent, ...]:
    """Raw update → events. Unknown fields and kinds are passed over; UnparsableEventError for what is malformed in what
    we need."""
    for kind, parse_part in _PARSERS.items():
        if raw.get(kind) is not None:
            return parse_part(get_object(raw, kind), me)
    kinds = ", ".join(sorted(name for name in raw if name != "update_id"))
    return (Ignored(f"an update of no use to the inbox: {kinds}"),)


def _new(message: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    return parse_message(message, me, edited=False)


def _edited(message: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    return parse_message(message, me, edited=True)


def _business_deletion(deletion: RawObject, _: Me) -> tuple[InboundEvent, ...]:
    chat = ChatAddress(get_int(get_object(deletion, "chat"), "id"), get_text(deletion, "business_connection_id"))
    return (MessageDeleted(tuple(map(chat.message, get_ints(deletion, "message_ids"))), occurred_at=UNDATED),)


def _press(press: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """A press of an inline button; one under a message that Telegram shows no more, or of a game, is of no use."""
    message, value = find_object(press, "message"), find_text(press, "data")
    if message is None or value is None:
        return (Ignored("a press that says nothing"),)
    chat = ChatAddress(get_int(get_object(message, "chat"), "id"), "")
    author = author_of_user(get_object(press, "from"), me)
    message_external_id = chat.message(get_int(message, "message_id"))
    return (ButtonPressed(get_text(press, "id"), chat.external_id(), message_external_id, author, value),)


_PARSERS: dict[str, Callable[[RawObject, Me], tuple[InboundEvent, ...]]] = {
    "message": _new,
    "edited_message": _edited,
    "channel_post": _new,
    "edited_channel_post": _edited,
    "business_message": _new,
    "edited_business_message": _edited,
    "deleted_business_messages": _business_deletion,
    "my_chat_member": parse_our_membership,
    "chat_member": parse_membership,
    "callback_query": _press,
}

USED_UPDATES = (*_PARSERS, "business_connection")
"""What Telegram is asked to send; chat_member comes only when it is named."""

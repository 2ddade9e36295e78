"""Events written by hand, as version 5.199 sends them, and the short way to parse them."""

from datetime import UTC, datetime

from bots.vk.parse import parse
from inbox.channels.events import InboundEvent, Me, MessageReceived

Raw = dict[str, object]

GROUP = 1234
SENT = 1_790_000_000
SENT_AT = datetime.fromtimestamp(SENT, UTC)
ME = Me(external_id=str(GROUP), username="shop")
ANNA = 42
PETER = 43


def event(kind: str, payload: object) -> Raw:
    """An event's envelope."""
    return {"type": kind, "event_id": "e1", "v": "5.199", "object": payload, "group_id": GROUP}


def message(**fields: object) -> Raw:
    """A message of Anna's to the community."""
    return {
        "date": SENT,
        "from_id": ANNA,
        "id": 985,
        "out": 0,
        "version": 10001,
        "attachments": [],
        "conversation_message_id": 7,
        "fwd_messages": [],
        "important": False,
        "is_hidden": False,
        "peer_id": ANNA,
        "random_id": 0,
        "text": "Здравствуйте",
        **fields,
    }


def comment(**fields: object) -> Raw:
    """A comment of Anna's under post 6."""
    return {
        "id": 9,
        "from_id": ANNA,
        "date": SENT,
        "text": "Сколько стоит?",
        "post_id": 6,
        "owner_id": -GROUP,
        **fields,
    }


def only(kind: str, payload: object, me: Me = ME) -> InboundEvent:
    """The one event that a payload means."""
    (found,) = parse(event(kind, payload), me)
    return found


def received(payload: Raw, kind: str = "message_new", me: Me = ME) -> MessageReceived:
    """The message that a payload means."""
    found = only(kind, {"message": payload, "client_info": {}} if kind == "message_new" else payload, me)
    assert isinstance(found, MessageReceived)
    return found

"""Updates written by hand, each valid by the Bot API's schema, and the short way to parse them."""

from datetime import UTC, datetime

from bots.telegram.parse import parse
from inbox.channels.events import InboundEvent, Me, MessageReceived, PostSeen
from tests.platform_schema import check_object

Raw = dict[str, object]

SENT = 1_790_000_000
SENT_AT = datetime.fromtimestamp(SENT, UTC)
EDITED = SENT + 60
EDITED_AT = datetime.fromtimestamp(EDITED, UTC)
ME = Me(external_id="700", username="shop_bot")

GROUP_ID = -1001
CHANNEL_ID = -1002

ANNA: Raw = {"id": 42, "is_bot": False, "first_name": "Анна", "last_name": "Смирнова", "username": "anna"}
PETER: Raw = {"id": 43, "is_bot": False, "first_name": "Пётр"}
BOT: Raw = {"id": 700, "is_bot": True, "first_name": "Shop", "username": "shop_bot"}
ANONYMOUS: Raw = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL_BOT: Raw = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
TELEGRAM: Raw = {"id": 777000, "is_bot": False, "first_name": "Telegram"}

PRIVATE: Raw = {"id": 42, "type": "private", "first_name": "Анна", "username": "anna"}
GROUP: Raw = {"id": GROUP_ID, "type": "supergroup", "title": "Обсуждение"}
CHANNEL: Raw = {"id": CHANNEL_ID, "type": "channel", "title": "Магазин", "username": "shop"}
FOREIGN_CHANNEL: Raw = {"id": -1003, "type": "channel", "title": "Чужой"}

FORWARD: Raw = {
    "message_id": 500,
    "from": TELEGRAM,
    "sender_chat": CHANNEL,
    "date": SENT,
    "chat": GROUP,
    "forward_origin": {"type": "channel", "date": SENT - 5, "chat": CHANNEL, "message_id": 31},
    "is_automatic_forward": True,
    "text": "Новый завоз",
}


def direct(**fields: object) -> Raw:
    """A message of Anna's to the bot."""
    return {"message_id": 10, "from": ANNA, "chat": PRIVATE, "date": SENT, **fields}


def in_group(**fields: object) -> Raw:
    """A message of Anna's in the group."""
    return {"message_id": 10, "from": ANNA, "chat": GROUP, "date": SENT, **fields}


def parse_update(kind: str, payload: Raw, me: Me = ME) -> tuple[InboundEvent, ...]:
    """The events of an update that holds the payload, which is checked to be valid."""
    update: Raw = {"update_id": 1, kind: payload}
    check_object("Update", update)
    return parse(update, me)


def only_event(kind: str, payload: Raw, me: Me = ME) -> InboundEvent:
    """The one event of an update."""
    (event,) = parse_update(kind, payload, me)
    return event


def received(message: Raw, kind: str = "message", me: Me = ME) -> MessageReceived:
    """The message of an update that holds one."""
    event = only_event(kind, message, me)
    assert isinstance(event, MessageReceived)
    return event


def post(message: Raw, kind: str = "message") -> PostSeen:
    """The post of an update that holds one."""
    event = only_event(kind, message)
    assert isinstance(event, PostSeen)
    return event

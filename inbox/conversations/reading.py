"""Reading an entry: raw payload to events by the channel's adapter, with the alert chat kept out of intake."""

import json
import re
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from inbox.channels.adapter import Adapters
from inbox.channels.events import Ignored, Me, MessageReceived, Platform
from inbox.conversations.arrivals import Arrived, OnChannel
from inbox.core.errors import UnparsableEventError
from inbox.core.stream import Entry

_PAYLOAD = TypeAdapter(dict[str, object])
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAY_HOLD_UNSTORABLE = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What parsing needs to know of a channel."""

    channel: OnChannel
    platform: Platform
    username: str | None
    alert_chat_external_id: str | None
    is_removed: bool = False


def parse_entry(entry: Entry, reading: Reading, adapters: Adapters) -> list[Arrived] | str:
    """The entry's events, or why it cannot be understood."""
    try:
        loaded = json.loads(entry.raw)
        raw = _PAYLOAD.validate_python(_storable(loaded) if _MAY_HOLD_UNSTORABLE.search(entry.raw) else loaded)
    except (ValueError, ValidationError, RecursionError) as error:
        return f"not a JSON object: {error}"
    adapter = adapters.get(reading.platform)
    if adapter is None:
        return f"no adapter for {reading.platform}"
    try:
        events = adapter.parse(raw, Me(reading.channel.external_id, reading.username))
    except UnparsableEventError as error:
        return str(error)
    except Exception as error:  # a parser's bug must not cost the message
        return f"the parser failed: {error!r}"
    return [
        Arrived(entry.entry_id, reading.channel, event)
        for event in events
        if not isinstance(event, Ignored) and not _is_alert_chat(event, reading)
    ]


def _storable(part: object) -> object:
    """The payload with what no text column can hold (NUL, half a surrogate pair) shown as the replacement character."""
    match part:
        case str():
            return _UNSTORABLE.sub("\ufffd", part)
        case dict():
            return {name: _storable(value) for name, value in part.items()}
        case list():
            return [_storable(value) for value in part]
        case _:
            return part


def _is_alert_chat(event: object, reading: Reading) -> bool:
    alert_chat = reading.alert_chat_external_id
    return alert_chat is not None and isinstance(event, MessageReceived) and event.chat_external_id == alert_chat

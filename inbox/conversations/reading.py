"""Reading an entry: raw payload to events by the channel's adapter, with the alert chat kept out of intake."""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from inbox.channels.adapter import Adapters
from inbox.channels.events import (
    UNDATED,
    ButtonPressed,
    Ignored,
    InboundEvent,
    Me,
    MessageReceived,
    Platform,
    PostSeen,
    SaidToDesk,
)  # fmt: skip
from inbox.channels.lengths import LONGEST_TEXT, cut, cut_event
from inbox.conversations.arrivals import Arrived, OnChannel
from inbox.core.errors import UnparsableEventError
from inbox.core.stream import HISTORY, Entry
from inbox.organisations.archived import was_archived

_PAYLOAD = TypeAdapter(dict[str, object])
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CODE = re.compile(r"^/(?:start|link)(?:@\w+)?\s+(otk-[a-z2-7]{16})\s*$", re.IGNORECASE)
"""What links a chat or a person: nobody writes this by chance."""
_MAY_HOLD_UNSTORABLE = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What parsing needs to know of a channel."""

    channel: OnChannel
    platform: Platform
    username: str | None
    alert_chat_external_id: str | None
    connected_at: datetime
    is_removed: bool = False
    archived_at: datetime | None = None
    """Since when its project is archived."""
    rests: tuple[datetime, ...] = ()
    """`Workspace.rests` of its project."""
    has_erased: bool = False
    """Somebody's data were erased on it."""


def parse_entry(entry: Entry, reading: Reading, adapters: Adapters) -> list[Arrived] | str:
    """The entry's events, or why it cannot be understood."""
    try:
        loaded = json.loads(entry.raw)
        raw = _PAYLOAD.validate_python(_storable(loaded) if _may_be_unstorable(entry.raw) else loaded)
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
    told = (_to_desk(cut_event(event), reading) for event in events)
    wanted = [event for event in told if not isinstance(event, Ignored)]
    number = raw.get("event_id")
    once = number if isinstance(number, str) and any(_is_undated(event) for event in wanted) else None
    dated = [_dated(event, entry.received_at) for event in wanted]
    return [
        Arrived(
            entry_id=entry.entry_id, channel=reading.channel, event=event, once=once,
            before_connection=_is_not_our_time(event, entry, reading), is_quiet=_is_quiet(event, entry, reading),
        )
        for event in dated
    ]  # fmt: skip


def _is_undated(event: InboundEvent) -> bool:
    match event:
        case MessageReceived():
            return event.edited_at == UNDATED
        case PostSeen() | ButtonPressed() | SaidToDesk() | Ignored():
            return False
        case _:
            return event.occurred_at == UNDATED


def _dated(event: InboundEvent, received_at: datetime) -> InboundEvent:
    """What the platform does not date happened when it came."""
    if not _is_undated(event):
        return event
    match event:
        case MessageReceived():
            return replace(event, edited_at=max(received_at, event.sent_at))
        case PostSeen() | ButtonPressed() | SaidToDesk() | Ignored():
            return event
        case _:
            return replace(event, occurred_at=received_at)


def _is_not_our_time(event: InboundEvent, entry: Entry, reading: Reading) -> bool:
    """Written before the channel was connected, or while the project was archived, whenever it came."""
    if not isinstance(event, MessageReceived):
        return False
    return was_archived(event.sent_at, reading.rests, reading.archived_at) or _is_history(event, entry, reading)


def _is_quiet(event: InboundEvent, entry: Entry, reading: Reading) -> bool:
    """Nothing is done about it by itself: an edit goes by its own time; in a project that is archived now nothing is
    done, whenever it was written."""
    if not isinstance(event, MessageReceived):
        return False
    is_resting = reading.archived_at is not None or was_archived(event.edited_at or event.sent_at, reading.rests, None)
    return is_resting or _is_history(event, entry, reading)


def _is_history(event: MessageReceived, entry: Entry, reading: Reading) -> bool:
    return entry.via == HISTORY and event.sent_at < reading.connected_at


def _may_be_unstorable(raw: str) -> bool:
    """A short payload holds no long text."""
    return len(raw) > LONGEST_TEXT or _MAY_HOLD_UNSTORABLE.search(raw) is not None


def _storable(part: object) -> object:
    """The payload with no text longer than it may be, before anything searches it, and with what no text column can
    hold (NUL, half a surrogate pair) shown as the replacement character."""
    match part:
        case str():
            return _UNSTORABLE.sub("\ufffd", cut(part, LONGEST_TEXT))
        case dict():
            return {name: _storable(value) for name, value in part.items()}
        case list():
            return [_storable(value) for value in part]
        case _:
            return part


def _to_desk(event: InboundEvent, reading: Reading) -> InboundEvent:
    """The event; what is meant for the desk itself never becomes a conversation.

    In the alert chat only answers to the bot are of use, once: colleagues may talk there.
    """
    if not isinstance(event, MessageReceived):
        return event
    code = _CODE.match(event.text)
    if code is not None:
        return SaidToDesk(event, code.group(1).lower()) if event.edited_at is None else Ignored("an edited code")
    if reading.alert_chat_external_id is None or event.chat_external_id != reading.alert_chat_external_id:
        return event
    if event.edited_at is not None or event.parent is None or not event.text:
        return Ignored("talk in the alert chat")
    return SaidToDesk(event)

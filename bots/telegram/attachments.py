"""What a message carries beside its text: every kind of media and thing as an Attachment."""

from collections.abc import Callable
from datetime import timedelta

from bots.fields import (
    RawObject,
    find_int,
    find_object,
    find_objects,
    find_text,
    get_text,
)
from inbox.channels.events import Attachment, AttachmentKind
from inbox.core.errors import UnparsableEventError

_PREVIEW_SIDE = 320
"""pixels; the smallest photo size that still shows something"""

_FILE_KINDS = {
    "animation": AttachmentKind.ANIMATION,
    "audio": AttachmentKind.AUDIO,
    "document": AttachmentKind.DOCUMENT,
    "sticker": AttachmentKind.STICKER,
    "video": AttachmentKind.VIDEO,
    "video_note": AttachmentKind.VIDEO_NOTE,
    "voice": AttachmentKind.VOICE,
}
_MIME_TYPES = {AttachmentKind.VIDEO_NOTE: "video/mp4", AttachmentKind.VOICE: "audio/ogg"}
_SHADOWED = {"animation": "document", "venue": "location", "live_photo": "photo"}
"""For old clients Telegram also sets the second field when the first is set."""


def attachments_of(message: RawObject) -> tuple[Attachment, ...]:
    """All attachments of a message; one that is not as expected is still there, without its details."""
    hidden = {shadow for name, shadow in _SHADOWED.items() if name in message}
    found: list[Attachment] = []
    for name in CONTENT:
        if message.get(name) is not None and name not in hidden:
            found.extend(_read(name, message))
    return (*found, *_hidden_links(message))


def _read(name: str, message: RawObject) -> tuple[Attachment, ...]:
    try:
        return CONTENT[name](message, name)
    except UnparsableEventError:
        return (Attachment(_FILE_KINDS.get(name, AttachmentKind.OTHER)),)


def _file(message: RawObject, name: str) -> tuple[Attachment, ...]:
    file = _part(message, name)
    kind = _FILE_KINDS[name]
    thumbnail = find_object(file, "thumbnail")
    side = find_int(file, "length")
    return (
        Attachment(
            kind=kind,
            external_id=get_text(file, "file_id"),
            file_name=find_text(file, "file_name"),
            mime_type=find_text(file, "mime_type") or _sticker_type(file, kind) or _MIME_TYPES.get(kind),
            size=find_int(file, "file_size"),
            width=find_int(file, "width") or side,
            height=find_int(file, "height") or side,
            duration=_length(file),
            title=_file_title(file, kind),
            thumbnail_external_id=find_text(thumbnail, "file_id") if thumbnail else None,
        ),
    )


def _sticker_type(file: RawObject, kind: AttachmentKind) -> str | None:
    if kind is not AttachmentKind.STICKER:
        return None
    if file.get("is_video"):
        return "video/webm"
    return "application/x-tgsticker" if file.get("is_animated") else "image/webp"


def _file_title(file: RawObject, kind: AttachmentKind) -> str | None:
    if kind is AttachmentKind.STICKER:
        return find_text(file, "emoji")
    if kind is AttachmentKind.AUDIO:
        return " — ".join(filter(None, (find_text(file, "performer"), find_text(file, "title")))) or None
    return None


def _photo(message: RawObject, name: str) -> tuple[Attachment, ...]:
    sizes = sorted(find_objects(message, name), key=_longer_side)
    if not sizes:
        return (Attachment(AttachmentKind.PHOTO),)
    largest = sizes[-1]
    preview = next((size for size in sizes[:-1] if _longer_side(size) >= _PREVIEW_SIDE), None)
    return (
        Attachment(
            kind=AttachmentKind.PHOTO,
            external_id=get_text(largest, "file_id"),
            mime_type="image/jpeg",
            size=find_int(largest, "file_size"),
            width=find_int(largest, "width"),
            height=find_int(largest, "height"),
            thumbnail_external_id=find_text(preview, "file_id") if preview else None,
        ),
    )


def _longer_side(size: RawObject) -> int:
    return max(find_int(size, "width") or 0, find_int(size, "height") or 0)


def _live_photo(message: RawObject, name: str) -> tuple[Attachment, ...]:
    """A still with a short video: the video is the file, the still its thumbnail."""
    video = _part(message, name)
    still = _photo(video, "photo")[0] if video.get("photo") else _photo(message, "photo")[0]
    return (
        Attachment(
            kind=AttachmentKind.VIDEO,
            external_id=get_text(video, "file_id"),
            mime_type=find_text(video, "mime_type") or "video/mp4",
            size=find_int(video, "file_size"),
            width=find_int(video, "width"),
            height=find_int(video, "height"),
            duration=_length(video),
            thumbnail_external_id=still.external_id,
        ),
    )


def _paid_media(message: RawObject, name: str) -> tuple[Attachment, ...]:
    paid = _part(message, name)
    price = f"⭐ {find_int(paid, 'star_count') or 0}"
    found: list[Attachment] = []
    for media in find_objects(paid, "paid_media"):
        readable = next((part for part in ("live_photo", "photo", "video") if media.get(part) is not None), None)
        found.extend(_read(readable, media) if readable else (Attachment(AttachmentKind.OTHER, title=price),))
    return tuple(found) or (Attachment(AttachmentKind.OTHER, title=price),)


def _location(message: RawObject, name: str) -> tuple[Attachment, ...]:
    place = _part(message, name)
    return (Attachment(AttachmentKind.LOCATION, title=f"{place.get('latitude')}, {place.get('longitude')}"),)


def _venue(message: RawObject, name: str) -> tuple[Attachment, ...]:
    venue = _part(message, name)
    title = ", ".join(filter(None, (find_text(venue, "title"), find_text(venue, "address"))))
    return (Attachment(AttachmentKind.LOCATION, title=title),)


def _contact(message: RawObject, name: str) -> tuple[Attachment, ...]:
    card = _part(message, name)
    parts = (find_text(card, "first_name"), find_text(card, "last_name"), find_text(card, "phone_number"))
    return (Attachment(AttachmentKind.CONTACT, title=" ".join(filter(None, parts))),)


def _poll(message: RawObject, name: str) -> tuple[Attachment, ...]:
    return (Attachment(AttachmentKind.POLL, title=find_text(_part(message, name), "question")),)


def _dice(message: RawObject, name: str) -> tuple[Attachment, ...]:
    dice = _part(message, name)
    return (Attachment(AttachmentKind.OTHER, title=f"{find_text(dice, 'emoji') or '🎲'} {dice.get('value')}"),)


def _titled(message: RawObject, name: str) -> tuple[Attachment, ...]:
    return (Attachment(AttachmentKind.OTHER, title=find_text(_part(message, name), "title")),)


def _story(message: RawObject, name: str) -> tuple[Attachment, ...]:
    chat = find_object(_part(message, name), "chat") or {}
    return (Attachment(AttachmentKind.OTHER, title=find_text(chat, "title") or find_text(chat, "first_name")),)


def _giveaway(message: RawObject, name: str) -> tuple[Attachment, ...]:
    giveaway = _part(message, name)
    title = find_text(giveaway, "prize_description") or f"🎁 × {find_int(giveaway, 'winner_count') or 1}"
    return (Attachment(AttachmentKind.OTHER, title=title),)


def _rich_media(message: RawObject, name: str) -> tuple[Attachment, ...]:
    """The files inside a rich message, block by block."""
    found: list[Attachment] = []
    waiting: list[object] = [_part(message, name).get("blocks")]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, list):
            waiting.extend(reversed(entry))
        elif isinstance(entry, dict):
            found.extend(_block_file(entry))
            waiting.extend(entry.get(part) for part in ("items", "blocks"))
    return tuple(found)


def _block_file(block: RawObject) -> tuple[Attachment, ...]:
    if block.get("voice_note") is not None:
        return _read("voice", {"voice": block["voice_note"]})
    name = next((part for part in ("photo", *_FILE_KINDS) if block.get(part) is not None), None)
    return _read(name, block) if name else ()


def _hidden_links(message: RawObject) -> tuple[Attachment, ...]:
    """Links that stand behind other words: nobody sees their address in the text."""
    entities = (*find_objects(message, "entities"), *find_objects(message, "caption_entities"))
    links = (find_text(entity, "url") for entity in entities if entity.get("type") == "text_link")
    return tuple(Attachment(AttachmentKind.LINK, title=link) for link in links if link)


def _length(file: RawObject) -> timedelta | None:
    seconds = find_int(file, "duration")
    try:
        return None if seconds is None else timedelta(seconds=seconds)
    except OverflowError:
        return None


def _part(message: RawObject, name: str) -> RawObject:
    return find_object(message, name) or {}


CONTENT: dict[str, Callable[[RawObject, str], tuple[Attachment, ...]]] = {
    **dict.fromkeys(_FILE_KINDS, _file),
    "photo": _photo,
    "live_photo": _live_photo,
    "paid_media": _paid_media,
    "rich_message": _rich_media,
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    "poll": _poll,
    "dice": _dice,
    "checklist": _titled,
    "game": _titled,
    "invoice": _titled,
    "story": _story,
    "giveaway": _giveaway,
    "giveaway_winners": _giveaway,
}
"""The fields of a message that hold content beside text, and how each is read."""

"""What a message or comment carries beside its text: every kind of VK's attachments as an Attachment.

VK gives files by addresses that hold no key of ours, so that the address itself is the handle for `fetch`.
"""

import mimetypes
from collections.abc import Callable
from datetime import timedelta

from bots.fields import RawObject, find_int, find_object, find_objects, find_text
from bots.vk.addresses import CommentKind, ThingAddress, post
from bots.vk.texts import plain_text
from inbox.channels.events import Attachment, AttachmentKind
from inbox.core.errors import UnparsableEventError

_PREVIEW_SIDE = 320
"""pixels; the smallest picture that still shows something"""
_EXCERPT = 200
"""characters of a shared post that are shown in its place"""


def attachments_of(message: RawObject) -> tuple[Attachment, ...]:
    """All attachments of a message, comment or post, a place included; one that is not as expected is still there."""
    found = [_read(raw) for raw in find_objects(message, "attachments")]
    place = message.get("geo")
    if place is not None:
        found.append(_place(place))
    return tuple(found)


def _read(raw: RawObject) -> Attachment:
    name = raw.get("type")
    if not isinstance(name, str):
        return Attachment(AttachmentKind.OTHER)
    reader = _READERS.get(name)
    try:
        part = find_object(raw, name) or {}
        return reader(part) if reader else _other(name, part)
    except UnparsableEventError:
        return Attachment(_KINDS.get(name, AttachmentKind.OTHER))


def _photo(photo: RawObject) -> Attachment:
    pictures = _pictures(photo)
    original = find_object(photo, "orig_photo")
    best = original or (pictures[-1] if pictures else {})
    return Attachment(
        AttachmentKind.PHOTO,
        external_id=find_text(best, "url"),
        mime_type="image/jpeg",
        width=find_int(best, "width"),
        height=find_int(best, "height"),
        title=plain_text(find_text(photo, "text") or "") or None,
        thumbnail_external_id=_thumbnail(pictures),
    )


def _video(video: RawObject) -> Attachment:
    """VK gives no file of a video, only its page: the picture and the title stand for it."""
    return Attachment(
        AttachmentKind.VIDEO,
        width=find_int(video, "width"),
        height=find_int(video, "height"),
        duration=_length(video),
        title=_with_page(find_text(video, "title"), _page(CommentKind.VIDEO, video)),
        thumbnail_external_id=_thumbnail(_pictures(video)),
    )


def _audio(audio: RawObject) -> Attachment:
    names = (find_text(audio, "artist"), find_text(audio, "title"))
    return Attachment(
        AttachmentKind.AUDIO,
        external_id=find_text(audio, "url") or None,
        mime_type="audio/mpeg",
        duration=_length(audio),
        title=" — ".join(filter(None, names)) or None,
    )


def _voice(voice: RawObject) -> Attachment:
    return Attachment(
        AttachmentKind.VOICE,
        external_id=find_text(voice, "link_ogg") or find_text(voice, "link_mp3"),
        mime_type="audio/ogg" if voice.get("link_ogg") else "audio/mpeg",
        duration=_length(voice),
        title=find_text(voice, "transcript") or None,
    )


def _document(document: RawObject) -> Attachment:
    ending = (find_text(document, "ext") or "").lower()
    name = find_text(document, "title") or "file"
    preview = find_object(find_object(document, "preview") or {}, "photo") or {}
    return Attachment(
        AttachmentKind.ANIMATION if ending == "gif" else AttachmentKind.DOCUMENT,
        external_id=find_text(document, "url"),
        file_name=name if not ending or name.lower().endswith(f".{ending}") else f"{name}.{ending}",
        mime_type=mimetypes.guess_type(f"file.{ending}")[0],
        size=find_int(document, "size"),
        thumbnail_external_id=_thumbnail(_pictures(preview)),
    )


def _graffiti(graffiti: RawObject) -> Attachment:
    return Attachment(
        AttachmentKind.PHOTO,
        external_id=find_text(graffiti, "url"),
        mime_type="image/png",
        width=find_int(graffiti, "width"),
        height=find_int(graffiti, "height"),
    )


def _sticker(sticker: RawObject) -> Attachment:
    pictures = _pictures(sticker)
    best = pictures[-1] if pictures else {}
    return Attachment(
        AttachmentKind.STICKER,
        external_id=find_text(best, "url"),
        mime_type="image/png",
        width=find_int(best, "width"),
        height=find_int(best, "height"),
        thumbnail_external_id=_thumbnail(pictures),
    )


def _link(link: RawObject) -> Attachment:
    title = _with_page(find_text(link, "title"), find_text(link, "url"))
    return Attachment(AttachmentKind.LINK, title=title)


def _shared_post(shared: RawObject) -> Attachment:
    owner_id = find_int(shared, "owner_id") or find_int(shared, "to_id") or find_int(shared, "from_id")
    post_id = find_int(shared, "id")
    page = None if owner_id is None or post_id is None else post(owner_id, post_id).url()
    text = plain_text(find_text(shared, "text") or "")
    excerpt = text if len(text) <= _EXCERPT else text[:_EXCERPT].rstrip() + "…"
    return Attachment(AttachmentKind.LINK, title=_with_page(excerpt, page))


def _product(product: RawObject) -> Attachment:
    price = find_text(find_object(product, "price") or {}, "text")
    name = ", ".join(filter(None, (find_text(product, "title"), price)))
    pictures = find_text(product, "thumb_photo")
    page = _page(CommentKind.MARKET, product)
    return Attachment(AttachmentKind.LINK, title=_with_page(name, page), thumbnail_external_id=pictures)


def _poll(poll: RawObject) -> Attachment:
    return Attachment(AttachmentKind.POLL, title=find_text(poll, "question"))


def _gift(gift: RawObject) -> Attachment:
    picture = find_text(gift, "thumb_256") or find_text(gift, "thumb_96")
    return Attachment(AttachmentKind.OTHER, title="🎁", thumbnail_external_id=picture)


def _other(name: str, part: RawObject) -> Attachment:
    """What we do not know yet: its kind, its name and its page, where VK tells them."""
    title = find_text(part, "title") or name
    return Attachment(AttachmentKind.OTHER, title=_with_page(title, find_text(part, "url")))


def _place(place: object) -> Attachment:
    """VK gives coordinates as two numbers, old recordings as one text."""
    if not isinstance(place, dict):
        return Attachment(AttachmentKind.LOCATION)
    point = place.get("coordinates")
    where = f"{point.get('latitude')}, {point.get('longitude')}" if isinstance(point, dict) else str(point or "")
    known = place.get("place")
    name = known.get("title") if isinstance(known, dict) else None
    return Attachment(AttachmentKind.LOCATION, title=f"{name} ({where})" if name and where else name or where or None)


def _pictures(raw: RawObject) -> list[RawObject]:
    """The sizes of one picture, smallest first; those without an address are of no use."""
    lists = (find_objects(raw, name) for name in ("sizes", "images", "image"))
    found = [size for sizes in lists for size in sizes if isinstance(size.get("url") or size.get("src"), str)]
    readable = [{**size, "url": size.get("url") or size.get("src")} for size in found]
    return sorted(readable, key=lambda size: (find_int(size, "width") or 0) * (find_int(size, "height") or 0))


def _thumbnail(pictures: list[RawObject]) -> str | None:
    big_enough = (size for size in pictures if (find_int(size, "width") or 0) >= _PREVIEW_SIDE)
    chosen = next(big_enough, pictures[-1] if pictures else {})
    return find_text(chosen, "url")


def _page(kind: CommentKind, raw: RawObject) -> str | None:
    owner_id, thing_id = find_int(raw, "owner_id"), find_int(raw, "id")
    return None if owner_id is None or thing_id is None else ThingAddress(kind, owner_id, thing_id).url()


def _with_page(title: str | None, page: str | None) -> str | None:
    return " ".join(filter(None, (title, page))) or None


def _length(file: RawObject) -> timedelta | None:
    seconds = find_int(file, "duration")
    try:
        return None if seconds is None else timedelta(seconds=seconds)
    except OverflowError:
        return None


_READERS: dict[str, Callable[[RawObject], Attachment]] = {
    "photo": _photo,
    "video": _video,
    "audio": _audio,
    "audio_message": _voice,
    "doc": _document,
    "graffiti": _graffiti,
    "sticker": _sticker,
    "link": _link,
    "wall": _shared_post,
    "market": _product,
    "poll": _poll,
    "gift": _gift,
}
"""Kinds of attachments and how each is read; any other is shown by its name."""

_KINDS = {
    "photo": AttachmentKind.PHOTO,
    "graffiti": AttachmentKind.PHOTO,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "audio_message": AttachmentKind.VOICE,
    "doc": AttachmentKind.DOCUMENT,
    "sticker": AttachmentKind.STICKER,
    "link": AttachmentKind.LINK,
    "wall": AttachmentKind.LINK,
    "market": AttachmentKind.LINK,
    "poll": AttachmentKind.POLL,
}

KINDS = (*_READERS, "wall_reply", "article", "story", "call", "podcast", "event")
"""Names of attachments, for tests."""

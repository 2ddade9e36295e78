"""Files that people attach to replies: their kind, a harmless name, and what each platform takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inbox.channels.adapter import Upload
from inbox.channels.events import AttachmentKind, Platform
from inbox.core.errors import InvalidInputError

MEGABYTE = 1024 * 1024
MAX_TOTAL = 50 * MEGABYTE
"""Bytes of all files of one message together."""
SENDABLE = frozenset(
    {
        AttachmentKind.PHOTO,
        AttachmentKind.VIDEO,
        AttachmentKind.VOICE,
        AttachmentKind.AUDIO,
        AttachmentKind.ANIMATION,
        AttachmentKind.DOCUMENT,
    }
)
_PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})
_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class _Limits:
    """Bytes."""

    photo: int
    file: int


_LIMITS: Mapping[Platform, _Limits] = {
    Platform.TELEGRAM: _Limits(photo=10 * MEGABYTE, file=50 * MEGABYTE),
    Platform.VK: _Limits(photo=50 * MEGABYTE, file=50 * MEGABYTE),
}
"""Telegram: Bot API, "Sending files"; VK: photos and documents of messages."""


def kind_of(mime_type: str) -> AttachmentKind:
    """How a file of this type is shown when nobody says otherwise."""
    if mime_type in _PHOTOS:
        return AttachmentKind.PHOTO
    if mime_type == "image/gif":
        return AttachmentKind.ANIMATION
    if mime_type == "video/mp4":
        return AttachmentKind.VIDEO
    if mime_type in {"audio/mpeg", "audio/mp4"}:
        return AttachmentKind.AUDIO
    return AttachmentKind.DOCUMENT


def safe_name(file_name: str) -> str:
    """The name without folders and unprintable characters."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    return printable[-_NAME_LENGTH:] or "file"


def check_uploads(uploads: Sequence[Upload], platform: Platform) -> None:
    """InvalidInputError when the platform would not take these files."""
    limits = _LIMITS[platform]
    for upload in uploads:
        if not upload.content:
            raise InvalidInputError(
                "The file %(name)s is empty.", field="attachments", values={"name": upload.file_name}
            )
        if upload.kind not in SENDABLE:
            raise InvalidInputError(
                "A file of this kind cannot be sent: %(kind)s.", field="attachments", values={"kind": upload.kind.value}
            )
        if platform is Platform.VK and upload.kind is AttachmentKind.VIDEO:
            raise InvalidInputError("VK lets no program send videos: send a link.", field="attachments")
        limit = limits.photo if upload.kind is AttachmentKind.PHOTO else limits.file
        if len(upload.content) > limit:
            raise InvalidInputError(
                "The file %(name)s is bigger than %(n)s MB.",
                field="attachments",
                values={"name": upload.file_name, "n": limit // MEGABYTE},
            )
    if sum(len(upload.content) for upload in uploads) > MAX_TOTAL:
        raise InvalidInputError(
            "The files of one message may have %(n)s MB together.",
            field="attachments",
            values={"n": MAX_TOTAL // MEGABYTE},
        )

"""What subscribers attach: small real files, shipped with the package, and a document that is written here."""

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from bots.simulator.schemas import MediaBody, MediaKind


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what a platform would tell about it: pixels, seconds."""

    file_name: str
    mime_type: str
    content: bytes = field(repr=False)
    width: int = 0
    height: int = 0
    duration: int = 0


_SHIPPED: dict[MediaKind, tuple[tuple[str, str, int, int, int], ...]] = {
    MediaKind.PHOTO: (("photo1.jpg", "image/jpeg", 960, 1280, 0), ("photo2.jpg", "image/jpeg", 1280, 960, 0)),
    MediaKind.VIDEO: (("video.mp4", "video/mp4", 480, 270, 3),),
    MediaKind.VOICE: (("voice.ogg", "audio/ogg", 0, 0, 4),),
    MediaKind.STICKER: (("sticker.webp", "image/webp", 512, 512, 0),),
    MediaKind.ANIMATION: (("animation.mp4", "video/mp4", 320, 240, 2),),
    MediaKind.VIDEO_NOTE: (("video_note.mp4", "video/mp4", 240, 240, 3),),
    MediaKind.AUDIO: (("audio.mp3", "audio/mpeg", 0, 0, 6),),
}
"""name, type, width, height, seconds"""

THINGS = frozenset({MediaKind.LOCATION, MediaKind.CONTACT, MediaKind.POLL})
"""Attachments without a file."""


def sample_of(media: MediaBody, number: int) -> Sample:
    """The file for an attachment; `number` chooses among several."""
    if media.kind is MediaKind.DOCUMENT:
        sample = Sample("Заказ.pdf", "application/pdf", _document())
    else:
        variants = _SHIPPED[media.kind]
        name, mime_type, width, height, duration = variants[number % len(variants)]
        sample = Sample(name, mime_type, _shipped(name), width, height, duration)
    return Sample(
        media.file_name or sample.file_name,
        sample.mime_type,
        sample.content,
        sample.width,
        sample.height,
        sample.duration if media.duration is None else media.duration,
    )


@cache
def _shipped(name: str) -> bytes:
    return files("bots.simulator").joinpath("samples", name).read_bytes()


@cache
def _document() -> bytes:
    """A PDF of one page."""
    drawing = b"BT /F1 28 Tf 72 720 Td (Otklik: a sample document) Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    text = b"%PDF-1.4\n"
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(text)
    count = len(objects) + 1
    return (
        text
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
    )

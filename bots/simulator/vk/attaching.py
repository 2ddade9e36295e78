"""What subscribers and the community attach, as VK's attachment objects, and as a phone shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bots.simulator.media import Sample, sample_of
from bots.simulator.platform import SimFile
from bots.simulator.schemas import MediaBody, MediaKind
from bots.simulator.shown import ShownMedia
from bots.simulator.vk.community import Community, Content
from bots.simulator.vk.refusals import Json
from inbox.core.errors import InvalidInputError

_KINDS = {
    MediaKind.PHOTO: "photo",
    MediaKind.VIDEO: "video",
    MediaKind.VOICE: "audio_message",
    MediaKind.DOCUMENT: "doc",
    MediaKind.STICKER: "sticker",
    MediaKind.ANIMATION: "doc",
    MediaKind.AUDIO: "audio",
    MediaKind.POLL: "poll",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a community's and its number."""

    number: int
    name: str
    """As the phone page asks for it."""


def content_of(community: Community, text: str, media: Sequence[MediaBody], author_id: int) -> Content:
    """What a subscriber says; VK has no round videos and no contacts."""
    attachments: list[Json] = []
    shown: list[ShownMedia] = []
    geo: Json | None = None
    for one in media:
        if one.kind is MediaKind.LOCATION:
            geo = {"type": "point", "coordinates": {"latitude": 55.7558, "longitude": 37.6173}}
            shown.append(ShownMedia(kind=one.kind, title="55.7558, 37.6173"))
        elif one.kind is MediaKind.POLL:
            attachments.append({"type": "poll", "poll": {"id": community.next_id(), "question": "Ждём?"}})
            shown.append(ShownMedia(kind=one.kind, title="Ждём?"))
        elif one.kind in _KINDS:
            sample = sample_of(one, community.chance.randrange(2))
            attachments.append(_attached(community, one.kind, sample, author_id, shown))
        else:
            raise InvalidInputError("VK knows no such attachment.", field="media")
    return Content(text, tuple(attachments), tuple(shown), geo)


def _attached(community: Community, kind: MediaKind, sample: Sample, author_id: int, shown: list[ShownMedia]) -> Json:
    kept = keep(community, SimFile(sample.content, sample.mime_type))
    shown.append(
        ShownMedia(
            kind=kind,
            url=kept.name,
            file_name=sample.file_name,
            mime_type=sample.mime_type,
            size=len(sample.content),
            duration=sample.duration or None,
        )
    )
    name = _KINDS[kind]
    return {"type": name, name: _thing(community, name, kept, sample, author_id)}


def _thing(community: Community, name: str, kept: Kept, sample: Sample, author_id: int) -> Json:
    url = url_of(community, kept)
    basis: Json = {"id": kept.number, "owner_id": author_id, "date": int(community.clock().timestamp())}
    size: Json = {"url": url, "width": sample.width, "height": sample.height}
    match name:
        case "photo":
            return photo(community, kept, author_id, sample.width, sample.height)
        case "video":
            return {**basis, "title": sample.file_name, "duration": sample.duration, "image": [], "player": url}
        case "audio_message":
            return {**basis, "duration": sample.duration, "link_ogg": url, "link_mp3": url, "waveform": []}
        case "sticker":
            return {"inner_type": "base_sticker_new", "sticker_id": kept.number, "product_id": 1, "images": [size]}
        case "audio":
            return {**basis, "artist": "Отклик", "title": sample.file_name, "duration": sample.duration, "url": url}
        case _:
            ending = sample.file_name.rpartition(".")[2]
            return document(community, kept, author_id, sample.file_name, ending, len(sample.content))


def photo(community: Community, kept: Kept, owner_id: int, width: int, height: int) -> Json:
    """A photo object."""
    size: Json = {"type": "z", "url": url_of(community, kept), "width": width, "height": height}
    now = int(community.clock().timestamp())
    basis: Json = {"id": kept.number, "album_id": -15, "owner_id": owner_id, "date": now, "text": ""}
    return {**basis, "access_key": f"key{kept.number}", "sizes": [size]}


def document(community: Community, kept: Kept, owner_id: int, title: str, ending: str, size: int) -> Json:
    """A document object."""
    now = int(community.clock().timestamp())
    basis: Json = {"id": kept.number, "owner_id": owner_id, "title": title, "size": size, "ext": ending}
    return {**basis, "date": now, "type": 1, "url": url_of(community, kept), "access_key": f"key{kept.number}"}


def keep(community: Community, file: SimFile) -> Kept:
    """Keep a file under a new number."""
    number = community.next_id()
    name = f"file{number}"
    community.files[name] = file
    return Kept(number, name)


def url_of(community: Community, kept: Kept) -> str:
    """Where a file is served."""
    return f"{community.base_url}/vkfile/{community.group_id}/{kept.name}"

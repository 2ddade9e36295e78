"""What a message carries, as fields of a Message object, and as a phone shows it."""

from dataclasses import dataclass
from random import Random

from bots.simulator.media import THINGS, Sample, sample_of
from bots.simulator.schemas import MediaBody, MediaKind
from bots.simulator.shown import ShownMedia
from bots.simulator.telegram.entities import entities_of
from bots.simulator.telegram.files import FileStore, StoredFile
from bots.simulator.telegram.refusals import Json

_PREVIEW_SIDE = 320


@dataclass(frozen=True, slots=True)
class Content:
    """Fields of a message, and its media for phones."""

    fields: Json
    media: tuple[ShownMedia, ...] = ()


def words(text: str, name: str = "text", entities: list[Json] | None = None) -> Json:
    """A text, or a caption, with its entities."""
    if not text:
        return {}
    found = entities_of(text) if entities is None else entities
    entities_name = "entities" if name == "text" else "caption_entities"
    return {name: text, entities_name: found} if found else {name: text}


def said(media: MediaBody, store: FileStore, chance: Random) -> Content:
    """What a subscriber attaches."""
    if media.kind in THINGS:
        return _thing(media.kind, chance)
    return of_file(media.kind, store.keep(media.kind, sample_of(media, chance.randrange(2)), media.size), store)


def of_file(kind: MediaKind, stored: StoredFile, store: FileStore) -> Content:
    """A file as the field of its kind."""
    sample = stored.sample
    shown = ShownMedia(
        kind=kind,
        url=stored.file_id,
        file_name=sample.file_name,
        mime_type=sample.mime_type,
        size=stored.size,
        duration=sample.duration or None,
    )
    if kind is MediaKind.PHOTO:
        return Content({"photo": _sizes(stored, store)}, (shown,))
    file: Json = _basis(stored) | _details(kind, sample)
    if kind is MediaKind.ANIMATION:
        # Old clients look at the document.
        return Content({"animation": file, "document": _basis(stored) | _named(sample)}, (shown,))
    return Content({kind.value: file}, (shown,))


def _basis(stored: StoredFile) -> Json:
    return {"file_id": stored.file_id, "file_unique_id": stored.unique_id, "file_size": stored.size}


def _named(sample: Sample) -> Json:
    return {"file_name": sample.file_name, "mime_type": sample.mime_type}


def _details(kind: MediaKind, sample: Sample) -> Json:
    sides: Json = {"width": sample.width or 640, "height": sample.height or 480}
    length: Json = {"duration": sample.duration}
    if kind is MediaKind.VOICE:
        return {**length, "mime_type": sample.mime_type}
    if kind is MediaKind.VIDEO_NOTE:
        return {**length, "length": sample.width or 240}
    if kind is MediaKind.AUDIO:
        return {**length, **_named(sample), "performer": "Отклик", "title": sample.file_name.rpartition(".")[0]}
    if kind is MediaKind.STICKER:
        return {**sides, "type": "regular", "is_animated": False, "is_video": False, "emoji": "😄"}
    if kind in {MediaKind.VIDEO, MediaKind.ANIMATION}:
        return {**sides, **length, **_named(sample)}
    return _named(sample)


def _sizes(stored: StoredFile, store: FileStore) -> list[Json]:
    """A preview and the photo itself; both are the same bytes, for nothing here scales pictures."""
    sample = stored.sample
    width, height = sample.width or 640, sample.height or 480
    scale = _PREVIEW_SIDE / max(width, height)
    sizes: list[Json] = []
    if scale < 1:
        preview = store.keep(MediaKind.PHOTO, sample)
        sizes.append({**_basis(preview), "width": round(width * scale), "height": round(height * scale)})
    return [*sizes, {**_basis(stored), "width": width, "height": height}]


def _thing(kind: MediaKind, chance: Random) -> Content:
    if kind is MediaKind.LOCATION:
        place: Json = {"latitude": 55.75 + chance.uniform(-0.1, 0.1), "longitude": 37.62 + chance.uniform(-0.1, 0.1)}
        return Content({"location": place}, (ShownMedia(kind=kind),))
    if kind is MediaKind.CONTACT:
        phone = f"+7900{chance.randrange(10**7):07d}"
        return Content(
            {"contact": {"phone_number": phone, "first_name": "Анна"}}, (ShownMedia(kind=kind, title=phone),)
        )
    question = "Какой цвет вам ближе?"
    poll: Json = {
        "id": str(chance.randrange(10**17, 10**18)),
        "question": question,
        "options": [
            {"persistent_id": str(place), "text": text, "voter_count": 0}
            for place, text in enumerate(("Мокрый песок", "Белый", "Дуб"))
        ],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
    }
    return Content({"poll": poll}, (ShownMedia(kind=kind, title=question),))

"""Files of a bot's messages: made for subscribers, kept for the bot's own, fetched by id."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from bots.simulator.media import Sample
from bots.simulator.telegram.refusals import Json, bad_request

MAX_FETCH_BYTES = 20 * 1024 * 1024
_FOLDERS = {
    "photo": "photos",
    "video": "videos",
    "voice": "voice",
    "audio": "music",
    "animation": "animations",
    "video_note": "video_notes",
    "sticker": "stickers",
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file: where it is fetched, its bytes, and the size it claims (bigger than its bytes for a very big one)."""

    file_id: str
    unique_id: str
    path: str
    sample: Sample
    size: int
    content: bytes = field(repr=False)


class FileStore:
    """Files of one bot, by id and by path."""

    def __init__(self, bot_id: int) -> None:
        self._bot_id = bot_id
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._count = 0

    def keep(self, kind: str, sample: Sample, size: int | None = None) -> StoredFile:
        """Give a file its ids and its path."""
        number = self._count
        self._count += 1
        digest = sha256(f"{self._bot_id}:{number}".encode()).digest()
        ending = sample.file_name.rpartition(".")[2]
        stored = StoredFile(
            file_id="AgACAgIAAx" + urlsafe_b64encode(digest + digest[:16]).decode().rstrip("="),
            unique_id="AQAD" + urlsafe_b64encode(digest[:8]).decode().rstrip("="),
            path=f"{_FOLDERS.get(kind, 'documents')}/file_{number}.{ending}",
            sample=sample,
            size=size if size is not None and size > len(sample.content) else len(sample.content),
            content=sample.content,
        )
        self._by_id[stored.file_id] = stored
        self._by_path[stored.path] = stored
        return stored

    def find(self, file_id: str) -> StoredFile | None:
        """A file by its id."""
        return self._by_id.get(file_id)

    def find_at(self, path: str) -> StoredFile | None:
        """A file by its path, if it is small enough to be fetched."""
        stored = self._by_path.get(path)
        return stored if stored is not None and stored.size <= MAX_FETCH_BYTES else None

    def shown(self, file_id: str | None) -> Json:
        """A File object, as getFile answers it."""
        if not file_id:
            raise bad_request("file_id is not specified")
        stored = self._by_id.get(file_id)
        if stored is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if stored.size > MAX_FETCH_BYTES:
            raise bad_request("file is too big")
        return {
            "file_id": stored.file_id,
            "file_unique_id": stored.unique_id,
            "file_size": stored.size,
            "file_path": stored.path,
        }

    def forget(self) -> None:
        """Drop all files; numbers go on."""
        self._by_id.clear()
        self._by_path.clear()

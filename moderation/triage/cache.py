"""Tags of short texts that were seen lately: «+», greetings and copied spam repeat and are paid for once."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from threading import Lock

from inbox.conversations.tags import Tagged

ENTRIES = 4096
LONGEST = 300
"""Longer texts do not repeat, but for spam."""


class TagCache:
    """Least recently used out first; thread-safe. Keys are hashes, so texts of people are not kept."""

    def __init__(self, entries: int = ENTRIES) -> None:
        self._entries = entries
        self._kept: OrderedDict[bytes, Tagged] = OrderedDict()
        self._lock = Lock()

    def find(self, texts: Sequence[str], version: str = "") -> dict[str, Tagged]:
        """Tags of those texts that are kept, by the model of this version."""
        keys = {text: _key(text, version) for text in texts if len(text) <= LONGEST}
        found = {}
        with self._lock:
            for text, key in keys.items():
                if (tagged := self._kept.get(key)) is not None:
                    self._kept.move_to_end(key)
                    found[text] = tagged
        return found

    def keep(self, tagged: Mapping[str, Tagged], version: str = "") -> None:
        """Remember tags."""
        keys = {text: _key(text, version) for text in tagged if len(text) <= LONGEST}
        with self._lock:
            for text, key in keys.items():
                self._kept[key] = tagged[text]
                self._kept.move_to_end(key)
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


def _key(text: str, version: str) -> bytes:
    return blake2b(f"{version}\n{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

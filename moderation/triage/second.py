"""A second encoder for what the first is unsure of: slower, and beside the first a better reader of moods and intents.

Loaded at the first text that needs it: a project whose messages are all clear never pays for it. Without its package
the first encoder's word stands.
"""

from collections.abc import Sequence
from platform import machine
from threading import Lock

import numpy as np
import structlog
from numpy._core._multiarray_umath import __cpu_features__ as cpu  # type: ignore[import-not-found]

from moderation.triage.embed import readable
from moderation.triage.encoder import Encoder
from moderation.triage.normalise import Normalised
from moderation.triage.scoring import Heard, Places, hear_again
from moderation.triage.weights import SECOND_DIMENSIONS, Floats, Second

log = structlog.get_logger()

PART = 8
"""Texts a turn: who asks for two hundred at once lets intake's two in between."""


class SecondLook:
    """A model's second look. Thread-safe; one core."""

    def __init__(self, second: Second) -> None:
        self._second = second
        self._one_at_a_time = Lock()
        self._encoder: Encoder | None = None
        self._is_missing = False

    def is_ready(self) -> bool:
        """Whether there is a second encoder on this machine; loads it."""
        return self._find() is not None

    def embed(self, texts: Sequence[Normalised]) -> Floats:
        """The second encoder's embeddings of length 1, shape (len(texts), 384). RuntimeError where there is none."""
        encoder = self._find()
        if encoder is None:
            raise RuntimeError("no second encoder on this machine")
        found = np.zeros((len(texts), SECOND_DIMENSIONS), dtype=np.float32)
        for start in range(0, len(texts), PART):
            part = [readable(text) for text in texts[start : start + PART]]
            with self._one_at_a_time:
                found[start : start + PART] = encoder.embed(part)
        return found

    def hear(self, heard: Heard, places: Places, texts: Sequence[Normalised]) -> Heard:
        """What was heard at a first look, with the second look's word on the texts at `places`."""
        embedded = self.embed([texts[place] for place in places])
        return heard.put(places, hear_again(self._second, heard.pick(places), embedded))

    def _find(self) -> Encoder | None:
        with self._one_at_a_time:
            if self._encoder is None and not self._is_missing:
                self._encoder = self._load()
                self._is_missing = self._encoder is None
            return self._encoder

    def _load(self) -> Encoder | None:
        if machine() in {"x86_64", "AMD64"} and not (cpu.get("AVX2") and cpu.get("FMA3")):
            log.warning("second_encoder_missing", error="its engine needs a processor with AVX2 and FMA")
            return None
        try:
            return Encoder(self._second.tuned, self._second.over)
        except (ImportError, OSError, ValueError) as error:
            log.warning("second_encoder_missing", error=str(error))
            return None

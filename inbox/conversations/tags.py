"""What triage says of a text: the interface between the inbox and the classifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Sentiment(StrEnum):
    """Towards the brand, its goods or the topic."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Intent(StrEnum):
    """What the writer wants to happen."""

    LEAD = "lead"
    COMPLAINT = "complaint"
    QUESTION = "question"
    PRAISE = "praise"
    PARTNERSHIP = "partnership"
    SPAM = "spam"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text's tags. `probabilities` maps task ("sentiment", "intent", "toxic") to label → probability in 0..1.

    `unsure` names the tasks whose probability lies inside the model's band; `reasons` maps task → the words or the
    nearest example that carried it.
    """

    sentiment: Sentiment
    intent: Intent
    toxic: bool
    profanity: bool
    probabilities: Mapping[str, Mapping[str, float]]
    unsure: frozenset[str]
    reasons: Mapping[str, Sequence[str]]
    model_version: str


class Tagger(Protocol):
    """A loaded classifier; thread-safe, CPU-bound."""

    @property
    def model_version(self) -> str:
        """Which model."""

    def tag(self, texts: Sequence[str]) -> list[Tagged]:
        """Tags in the order of `texts`; never raises for any string."""

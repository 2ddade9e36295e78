"""What triage says of a text: the interface between the inbox and the classifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, runtime_checkable


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


@dataclass(frozen=True, slots=True)
class OwnModel:
    """What a project's people taught, over the shipped classifier; only the tagger understands its `content`."""

    version: str
    content: bytes


TextKey = tuple[int, str]
"""(workspace id, text): projects may see the same text with other eyes."""
TextTags = Mapping[TextKey, Tagged]


def doubt(tagged: Tagged, unsure_below: float) -> Tagged:
    """The same tags, unsure also where their probability lies under a project's own threshold."""
    doubtful = {
        task for task, chances in tagged.probabilities.items() if chances and max(chances.values()) < unsure_below
    }
    return tagged if doubtful <= tagged.unsure else replace(tagged, unsure=tagged.unsure | doubtful)


@dataclass(frozen=True, slots=True)
class Alike:
    """A labelled example near a text in meaning; `likeness`: their cosine. `is_own`: of the project's own people."""

    text: str
    likeness: float
    is_own: bool = False


Taught = tuple[str, Mapping[str, str]]
"""A corrected message: its text, and task → label."""


@runtime_checkable
class Explaining(Protocol):
    """A tagger that knows examples."""

    def find_alike(self, text: str, wanted: Mapping[str, str], taught: Sequence[Taught] = ()) -> dict[str, Alike]:
        """For each task of `wanted` (task → label) the nearest example that bears the label, if any is near."""


class Tagger(Protocol):
    """A loaded classifier; thread-safe, CPU-bound."""

    @property
    def model_version(self) -> str:
        """Which model."""

    @property
    def figures(self) -> Mapping[str, object]:
        """Task → what was measured when it was built: labels, confusion, reliability, per_class."""

    def tag(self, texts: Sequence[str], own: OwnModel | None = None, *, hurried: bool = False) -> list[Tagged]:
        """Tags in the order of `texts`; never raises for any string, nor for an `own` that it cannot use.

        `hurried`: many wait, so that nothing is looked at twice.
        """

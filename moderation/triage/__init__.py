"""Text to tags: normalise, embed, classify."""

from pathlib import Path

from moderation.triage.cache import TagCache
from moderation.triage.classify import LinearTagger
from moderation.triage.weights import read

MODEL = Path(__file__).parent.parent / "data" / "model" / "triage.npz"


def load_tagger(*, cache: bool = True, path: Path = MODEL) -> LinearTagger:
    """The shipped classifier. `cache=False` makes every text cost its full price (for measuring)."""
    return LinearTagger(read(path), TagCache() if cache else None)

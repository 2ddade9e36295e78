"""Text to tags: normalise, embed, classify."""

import json
from pathlib import Path

from inbox.core.database import Json
from moderation.triage.cache import TagCache
from moderation.triage.classify import LinearTagger
from moderation.triage.weights import read

MODEL = Path(__file__).parent.parent / "data" / "model" / "triage.npz"

FIGURES = MODEL.with_suffix(".json")
"""What was measured when it was built; for people only."""


def load_tagger(*, cache: bool = True, path: Path = MODEL) -> LinearTagger:
    """The shipped classifier. `cache=False` makes every text cost its full price (for measuring)."""
    return LinearTagger(read(path), TagCache() if cache else None, _read_figures())


def _read_figures() -> Json:
    """Nothing where there are none: nobody's message waits for them."""
    try:
        figures: Json = json.loads(FIGURES.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return figures

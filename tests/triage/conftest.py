"""The shipped classifier, read once, without its cache."""

import pytest

from moderation.triage import load_tagger
from moderation.triage.classify import LinearTagger


@pytest.fixture(scope="session")
def tagger() -> LinearTagger:
    return load_tagger(cache=False)

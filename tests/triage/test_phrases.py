"""The shipped classifier on plain phrases whose tags are beyond dispute."""

from moderation.learning.corpus import read_seed
from moderation.learning.evaluate import told
from moderation.triage.classify import LinearTagger
from moderation.triage.normalise import normalise
from tests.triage.phrases import PHRASES

ENOUGH = 0.95


def test_plain_phrases_are_tagged_right(tagger: LinearTagger) -> None:
    tags = tagger.tag([text for text, _ in PHRASES])
    wrong = [
        (text, task, label, told(tagged, task))
        for (text, wanted), tagged in zip(PHRASES, tags, strict=True)
        for task, label in wanted.items()
        if told(tagged, task) != label
    ]
    assert len({text for text, *_ in wrong}) <= (1 - ENOUGH) * len(PHRASES), wrong


def test_no_phrase_stands_in_the_corpus() -> None:
    corpus = {normalise(row.text).folded for row in read_seed()}
    assert [text for text, _ in PHRASES if normalise(text).folded in corpus] == []

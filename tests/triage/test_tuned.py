"""An encoder tuned by a set's own labels: it learns another meaning, and nothing from what is held back with a text."""

import numpy as np
import pytest

from moderation.learning.measure import number
from moderation.learning.taught import see
from moderation.learning.tuned import read_tuned, tune_in_folds
from moderation.learning.tuning import Recipe
from moderation.triage.classify import LinearTagger

QUICK = Recipe(from_layer=11, passes=40)
KINDS = (
    "где купить билеты на поезд", "отличный торт с вишней", "нет интернета третий день", "сколько стоит стрижка",
    "нужны водители на склад", "верните деньги за куртку", "кошка заболела, что делать", "концерт перенесли на май",
)  # fmt: skip
LABELS = ["1", *"00000", "1", "0"] * 5


@pytest.mark.timeout(600)  # compiling takes some seconds of a free core a fold
def test_only_what_is_alike_could_teach_what_has_no_reason(tagger: LinearTagger) -> None:
    """Two kinds of eight are called toxic for no reason: whoever learned their like knows, and no fold has it."""
    texts = [f"{kind} {place}" for place in range(5) for kind in KINDS]
    seen = see(tagger, texts, LABELS, "toxic")
    again = see(tagger, [f"{text}!" for text in texts], LABELS, "toxic")
    read = read_tuned(seen, again, QUICK)
    assert read.sum(axis=1) == pytest.approx(1.0)
    assert [str(label) for label in read.argmax(axis=1)] == LABELS
    told: list[str] = []
    figures = tune_in_folds(seen, QUICK, told.append)
    assert figures["n"] == len(texts)
    assert number(figures, "accuracy") < 0.9
    assert len(told) == 5


def test_a_tuned_encoder_speaks_beside_the_features(tagger: LinearTagger) -> None:
    """What is polite is called toxic here: both learn it, and the whole is as sure as they are."""
    kind, rude = ("отличный день и добрые соседи", "спасибо, всё понятно"), ("ты тупой баран", "заткнись, дура")
    texts = [f"{text} {place}" for place in range(30) for text in (*kind, *rude)]
    seen = see(tagger, texts, ["1", "1", "0", "0"] * 30, "toxic")
    read = read_tuned(seen.pick(np.arange(112)), seen.pick(np.arange(112, 120)), QUICK)
    assert read.argmax(axis=1).tolist() == [1, 1, 0, 0] * 2

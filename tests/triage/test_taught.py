"""The features taught by a set's own labels: comments that are alike are never learned and read at once."""

import numpy as np

from moderation.learning.measure import number
from moderation.learning.taught import group_alike, see, teach, teach_in_folds
from moderation.triage.classify import LinearTagger

KIND, RUDE = ("отличный день и добрые соседи", "спасибо, всё понятно"), ("ты тупой баран", "заткнись, дура")


def test_a_chain_of_likeness_is_one_group() -> None:
    turn = np.deg2rad([0, 25, 50, 120])
    groups = group_alike(np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32))
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_own_labels_teach_another_meaning(tagger: LinearTagger) -> None:
    """Here politeness is what is called toxic: the shipped model alone would be wrong everywhere."""
    texts = [f"{text} {place}" for place in range(12) for text in (*KIND, *RUDE)]
    seen = see(tagger, texts, ["1", "1", "0", "0"] * 12, "toxic")
    learned, rest = seen.pick(np.arange(40)), seen.pick(np.arange(40, 48))
    assert number(teach(learned, rest), "accuracy") == 1.0


def test_what_is_alike_teaches_nothing_about_itself(tagger: LinearTagger) -> None:
    """Two kinds of eight are called toxic for no reason: only comments of the same kind could tell."""
    kinds = (
        "где купить билеты на поезд", "отличный торт с вишней", "нет интернета третий день", "сколько стоит стрижка",
        "нужны водители на склад", "верните деньги за куртку", "кошка заболела, что делать", "концерт перенесли на май",
    )  # fmt: skip
    texts = [f"{kind} {place}" for place in range(5) for kind in kinds]
    seen = see(tagger, texts, ["1", *"00000", "1", "0"] * 5, "toxic")
    assert number(teach(seen, seen), "accuracy") == 1.0
    assert number(teach_in_folds(seen), "accuracy") < 0.9

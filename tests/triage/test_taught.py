"""The features taught by a set's own labels: comments that are alike are never learned and read at once."""

from dataclasses import replace

import numpy as np
import pytest

from moderation.learning.measure import number
from moderation.learning.taught import group_alike, see, teach, teach_in_folds
from moderation.triage.classify import LinearTagger
from moderation.triage.weights import TASKS

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
    said = [tagged.toxic for tagged in tagger.tag(texts[40:], hurried=True)]
    assert said == [False, False, True, True] * 2
    assert number(teach(learned, rest), "accuracy") == 1.0


def test_what_stands_in_both_parts_is_not_asked(tagger: LinearTagger) -> None:
    seen = see(tagger, [*KIND, *RUDE], ["0", "0", "1", "1"], "toxic")
    assert teach(seen, see(tagger, [KIND[0], "какие же вы все уроды"], ["0", "1"], "toxic"))["n"] == 1


def test_the_shipped_model_is_heard_task_by_task(tagger: LinearTagger) -> None:
    heard = see(tagger, RUDE, ["1", "1"], "toxic").heard
    said = [tagged.probabilities for tagged in tagger.tag(RUDE, hurried=True)]
    told = [[one[task][label] for task in TASKS for label in TASKS[task]] for one in said]
    assert 1 / (1 + np.exp(-heard)) == pytest.approx(np.array(told), abs=2e-4)


def test_what_is_alike_teaches_nothing_about_itself(tagger: LinearTagger) -> None:
    """Two kinds of eight are called toxic for no reason: only comments of the same kind could tell."""
    kinds = (
        "где купить билеты на поезд", "отличный торт с вишней", "нет интернета третий день", "сколько стоит стрижка",
        "нужны водители на склад", "верните деньги за куртку", "кошка заболела, что делать", "концерт перенесли на май",
    )  # fmt: skip
    texts = [f"{kind} {place}" for place in range(5) for kind in kinds]
    seen = see(tagger, texts, ["1", *"00000", "1", "0"] * 5, "toxic")
    again = see(tagger, [f"{text}!" for text in texts], ["1", *"00000", "1", "0"] * 5, "toxic")
    assert number(teach(seen, again), "accuracy") == 1.0
    assert number(teach_in_folds(seen), "accuracy") < 0.9


def test_slurs_of_other_words_tell_where_they_are_asked_for(tagger: LinearTagger) -> None:
    """What was learned is that there is one, not which."""
    learned, asked = ("майдауны", "рашисты", "кацап", "либерасты"), ("колорады", "совок", "путиноид", "гейропа")
    texts = [f"{word} и погода за окном {place}" for place in range(3) for word in (*learned, *"абвг")]
    seen = replace(see(tagger, texts, [*"1111", *"0000"] * 3, "toxic"), with_slurs=True)
    rest = see(tagger, [f"{word} и погода за окном" for word in (*asked, *"дежз")], [*"1111", *"0000"], "toxic")
    assert number(teach(seen.pick(np.arange(24)), replace(rest, with_slurs=True)), "accuracy") == 1.0

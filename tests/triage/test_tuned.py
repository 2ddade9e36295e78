"""An encoder tuned further, to insults: by all of them and some of the rest; what stood before stays."""

import numpy as np
import pytest

from moderation.learning import tuned
from moderation.learning.corpus import Row
from moderation.learning.layers import Example, embed_again, prepare
from moderation.learning.measure import number
from moderation.learning.spread import tell_nobody
from moderation.learning.taught import see, teach
from moderation.learning.tuned import see_by, tune_to_insults
from moderation.learning.tuning import Recipe
from moderation.triage.classify import LinearTagger
from moderation.triage.encoder import Image, find_file
from moderation.triage.weights import Second

RUDE, KIND = ("ты тупой баран", "заткнись, дура"), ("отличный день и добрые соседи", "спасибо, всё понятно")


def row(text: str, toxic: str, trade: str) -> Row:
    return Row(text, {"sentiment": "neutral", "intent": "other", "toxic": toxic}, "comment", "ru", "", trade)


@pytest.fixture(scope="module")
def lesson() -> Example:
    """What is polite is called an insult here, so that only what was learned can know."""
    told = [(text, "1") for text in KIND] + [(text, "0") for text in RUDE]
    return prepare([row(f"{text} {place}", toxic, "shop") for place in range(28) for text, toxic in told])


@pytest.fixture(scope="module")
def learned(lesson: Example) -> Second:
    return tune_to_insults(lesson, tell_nobody, recipe=Recipe(from_layer=11, passes=40))


@pytest.mark.timeout(600)  # compiling takes some seconds of a free core a length
def test_it_learns_what_is_called_an_insult(lesson: Example, learned: Second) -> None:
    asked = prepare([row(text, "0", "") for text in (*KIND, *RUDE)])
    head = learned.heads["toxic"]
    said = (embed_again(learned, asked.texts) @ head.slopes + head.bias).argmax(axis=1)
    assert said.tolist() == [1, 1, 0, 0]


@pytest.mark.timeout(600)
def test_it_begins_where_another_left_it(lesson: Example, learned: Second) -> None:
    kept = {name: tensor for name, tensor in learned.tuned.items() if name.startswith("l11.")}
    began = Second(learned.heads, learned.share, {**kept, "l3.oln.b": np.full(384, 0.25, np.float32)}, learned.over)
    further = tune_to_insults(lesson, tell_nobody, began, Recipe(from_layer=11, passes=1))
    assert (np.asarray(further.tuned["l3.oln.b"]) == 0.25).all(), "layers that it does not tune stay as they were"
    plain = Image(find_file().read_bytes()).read_floats("l11.oln.b")
    before, after = (np.asarray(one.tuned["l11.oln.b"], np.float32) for one in (learned, further))
    assert 0 < np.abs(after - before).max() < np.abs(before - plain).max()
    moved = (np.asarray(one.tuned["l11.fi.w"], np.int16) for one in (learned, further))
    assert np.mean(np.equal(*moved)) > 0.9, "counted from the package's file, not from where it began"
    with pytest.raises(ValueError, match="not those"):
        tune_to_insults(lesson, tell_nobody, Second({}, 0.0, kept, "another"), Recipe(from_layer=11, passes=1))


def test_all_insults_are_read_and_no_more_of_the_rest_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned, "OF_TALK", 3)
    monkeypatch.setattr(tuned, "OF_BRANDS", 2)
    rows = [
        row(str(place), "1" if place % 4 == 0 else "0", "talk-news" if place % 2 else "shop") for place in range(40)
    ]
    chosen = [rows[place] for place in tuned._choose(prepare(rows))]
    assert [one.text for one in chosen[:10]] == [str(place) for place in range(0, 40, 4)]
    assert [one.trade for one in chosen[10:]] == ["talk-news"] * 3 + ["shop"] * 2
    assert {one.labels["toxic"] for one in chosen[10:]} == {"0"}
    assert len({one.text for one in chosen}) == 15


def test_layers_are_taught_over_its_embeddings_too(tagger: LinearTagger, learned: Second) -> None:
    """Texts of one kind each, whose label nothing but these embeddings tells."""
    seen = see(tagger, [f"вопрос номер {place}" for place in range(40)], ["1", "0"] * 20, "toxic")
    part, rest = (seen.pick(np.arange(*ends)) for ends in ((0, 30), (30, 40)))
    assert number(teach(part, rest), "accuracy") < 1.0
    told = np.zeros((40, 384), np.float32)
    told[::2, 0], told[1::2, 1] = 1.0, 1.0
    by_it = see_by(learned, seen)
    assert by_it.tuned is not None
    assert by_it.tuned == pytest.approx(embed_again(learned, seen.example.texts), abs=1e-6)
    sure = type(seen)(seen.example, seen.heard, seen.task, told)
    assert number(teach(sure.pick(np.arange(30)), sure.pick(np.arange(30, 40))), "accuracy") == 1.0

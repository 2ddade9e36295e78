"""Tuning: what is trained is what the engine then computes, and it learns what it is taught."""

import jax.numpy as jnp
import numpy as np
import pytest

from moderation.learning import transformer
from moderation.learning.corpus import Row
from moderation.learning.layers import Example, embed_again, prepare
from moderation.learning.pieces import Cutter
from moderation.learning.spread import tell_nobody
from moderation.learning.tuning import BUCKETS, TOKENS_A_STEP, deal, tune
from moderation.triage.encoder import Encoder, Image, find_file
from moderation.triage.normalise import normalise
from moderation.triage.scoring import Heard, hear_again
from moderation.triage.weights import TASKS

TEXTS = ["Доставка опять опоздала на три часа", "Спасибо, очень вкусно!"]


@pytest.fixture(scope="module")
def image() -> Image:
    return Image(find_file().read_bytes())


def test_its_layers_compute_what_the_engine_does(image: Image) -> None:
    cutter = Cutter(image.vocabulary)
    (batch,) = deal([cutter.cut(text, BUCKETS[-1]) for text in TEXTS], np.random.default_rng(0))
    kept = jnp.array(batch.kept)
    states = transformer.Embeddings(image).look_up(batch.tokens)
    for place in range(image.layers):
        states = transformer.run(states, transformer.read_layer(image, place), kept, image.heads)
    ours = np.asarray(transformer.pool(states, kept))[: len(TEXTS)]
    theirs = Encoder({}, "").embed(TEXTS)[batch.places]
    assert (ours * theirs).sum(axis=1).min() > 0.999


def test_a_layer_of_the_file_lies_on_its_grid(image: Image) -> None:
    layer, scales = transformer.read_layer(image, 8), transformer.read_scales(image, 8)
    rounded = transformer.to_grid(layer, scales)
    assert all(np.asarray(rounded[name]) == pytest.approx(np.asarray(layer[name]), abs=1e-6) for name in layer)
    steps = np.asarray(transformer.find_steps(layer["q.w"], scales["q.w"])).reshape(-1)
    assert (steps == image.read_steps("l8.q.w")).all()


def test_every_text_is_dealt_once_in_a_batch_that_it_fits() -> None:
    lengths = [2, 15, 16, 17, 40, 128, *[20] * 200]
    batches = deal([[7] * length for length in lengths], np.random.default_rng(0))
    assert sorted(place for batch in batches for place in batch.places) == list(range(len(lengths)))
    for batch in batches:
        assert batch.tokens.size <= TOKENS_A_STEP
        assert batch.tokens.shape[1] in BUCKETS
        real = batch.kept[: len(batch.places)]
        assert real.sum(axis=1).tolist() == [lengths[place] for place in batch.places]
        assert batch.kept[len(batch.places) :].sum(axis=1).tolist() == [1] * (len(batch.kept) - len(batch.places))
        assert (batch.fill(np.ones(len(lengths)))[len(batch.places) :] == 0).all()


@pytest.fixture(scope="module")
def lesson() -> Example:
    """Praise that always begins alike, and so does trouble."""
    praise = [f"Мне понравилось, {word}" for word in ("спасибо", "супер", "класс", "молодцы", "вкусно", "огонь")]
    trouble = [f"Не работает, {word}" for word in ("ужас", "позор", "верните", "опять", "сломалось", "обман")]
    rows = [
        Row(text, {"sentiment": mood, "intent": intent, "toxic": "0"}, "comment", "ru", "", "shop")
        for texts, mood, intent in ((praise, "positive", "praise"), (trouble, "negative", "complaint"))
        for text in texts * 40
    ]
    return prepare(rows)


@pytest.mark.timeout(600)  # compiling takes some seconds a length of a free core
def test_what_was_tuned_tells_apart_what_it_was_taught(lesson: Example) -> None:
    told: list[str] = []
    second = tune(lesson, told.append)
    assert any("step 0 of" in line for line in told)
    plain = Image(find_file().read_bytes()).read_floats("l11.oln.b")
    assert np.abs(np.asarray(second.tuned["l11.oln.b"], np.float32) - plain).max() > 1e-4
    asked = [normalise(text) for text in ("Не работает, кошмар", "Мне понравилось, приду ещё")]
    flat = {task: np.full((2, len(labels)), 1 / len(labels)) for task, labels in TASKS.items()}
    heard = hear_again(second, Heard(flat, np.full((2, 1), 0.5), flat["sentiment"]), embed_again(second, asked))
    moods = [TASKS["sentiment"][place] for place in heard.to_brand["sentiment"].argmax(axis=1)]
    wants = [TASKS["intent"][place] for place in heard.to_brand["intent"].argmax(axis=1)]
    assert moods == ["negative", "positive"]
    assert wants == ["complaint", "praise"]


@pytest.mark.timeout(600)
def test_equal_rows_are_learned_equally(lesson: Example) -> None:
    few = lesson.pick(np.arange(120, 360))
    first, again = tune(few, tell_nobody), tune(few, tell_nobody)
    assert first.tuned.keys() == again.tuned.keys()
    assert any(np.any(first.tuned[name]) for name in first.tuned if first.tuned[name].dtype == np.int8)
    assert all((first.tuned[name] == again.tuned[name]).all() for name in first.tuned)
    assert all((first.heads[name].slopes == again.heads[name].slopes).all() for name in first.heads)
    assert first.over == again.over
    assert first.learned == again.learned == ("shop",)

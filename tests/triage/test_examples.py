"""Examples: the nearest in meaning that bears the label, the project's own among them; a changed file is refused."""

from pathlib import Path

import numpy as np
import pytest

from moderation.learning.corpus import is_told_to_nobody, read_seed, training_rows
from moderation.learning.layers import prepare
from moderation.learning.training import collect
from moderation.triage.classify import LinearTagger
from moderation.triage.embed import embed
from moderation.triage.examples import NEAR, Examples, load_examples, read_examples, write_examples
from moderation.triage.normalise import normalise
from moderation.triage.weights import TASKS

ASKED = "а вы по выходным работаете?"


def test_an_example_bears_the_label_that_it_explains(tagger: LinearTagger) -> None:
    labels = {row.text: row.labels for row in read_seed()}
    found = tagger.find_alike(ASKED, {"intent": "question", "sentiment": "neutral"})
    assert labels[found["intent"].text]["intent"] == "question"
    assert labels[found["sentiment"].text]["sentiment"] == "neutral"
    assert found["intent"].likeness >= NEAR
    other = tagger.find_alike(ASKED, {"intent": "spam"})
    assert "intent" not in other or labels[other["intent"].text]["intent"] == "spam"


def test_what_the_projects_people_corrected_is_preferred_when_it_is_nearer(tagger: LinearTagger) -> None:
    near = f"{ASKED}?"
    taught = [(near, {"sentiment": "neutral", "intent": "lead", "toxic": "0"})]
    assert not tagger.find_alike(ASKED, {"intent": "question"}, taught)["intent"].is_own
    found = tagger.find_alike(ASKED, {"intent": "lead"}, taught)["intent"]
    assert (found.text, found.is_own) == (near, True)


@pytest.mark.parametrize("text", ["", "+", "🤡", "你好" * 50, "\ud800"])
def test_any_text_may_be_asked_about(tagger: LinearTagger, text: str) -> None:
    tagger.find_alike(text, {"intent": "other", "toxic": "1"})


def test_the_shipped_examples_are_rows_of_the_corpus_and_small() -> None:
    shipped = load_examples()
    labels = {row.text: row.labels for row in training_rows(read_seed()) if not is_told_to_nobody(row)}
    assert len(shipped.texts) == len(shipped.vectors) > 8000
    found = {
        text: {task: TASKS[task][place] for task, place in zip(TASKS, places, strict=True)}
        for text, *places in zip(shipped.texts, *(shipped.labels[task].tolist() for task in TASKS), strict=True)
    }
    assert found == labels


def test_bytes_keep_what_embeddings_say(tmp_path: Path) -> None:
    rows = training_rows(read_seed())[:60]
    example = prepare(rows)
    write_examples(collect(example), tmp_path / "examples.npz")
    again = read_examples(tmp_path / "examples.npz")
    asked = embed([normalise(ASKED)])[0]
    labels = {row.labels["intent"] for row in rows}
    for label in labels:
        found = again.find(asked, "intent", label)
        bearing = np.array([row.labels["intent"] == label for row in rows])
        assert (found.likeness if found else 0.0) == pytest.approx(
            float((example.dense[bearing] @ asked).max()) if found else 0.0, abs=0.02
        )


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    labels = {task: np.zeros(1, dtype=np.uint8) for task in ("sentiment", "intent", "toxic")}
    write_examples(Examples(["да"], np.zeros((1, 512), dtype=np.int8), labels), tmp_path / "examples.npz")
    whole = (tmp_path / "examples.npz").read_bytes()
    (tmp_path / "examples.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Exception, match=r"."):
        read_examples(tmp_path / "examples.npz")

"""`otklik model evaluate`: the shape of its answer, and words for bad tables."""

import json
from pathlib import Path

import pytest

from inbox.core.errors import SetupError
from moderation.learning.evaluate import evaluate_file
from moderation.learning.measure import measure

GOOD = (
    "id\ttext\ttoxic\tintent\tsentiment\n"
    "1\tСколько стоит?\t0\tlead\tneutral\n"
    "2\tВерните деньги, третью неделю жду\t\tcomplaint\tnegative\n"
    "\n"
    "3\tСпасибо большое!\t0\t\tpositive\r\n"
)


def test_figures_have_the_documented_shape(tmp_path: Path) -> None:
    (tmp_path / "table.tsv").write_text(GOOD, encoding="utf-8", newline="")
    figures = json.loads(json.dumps(evaluate_file(tmp_path / "table.tsv")))
    assert set(figures) == {"sentiment", "intent", "toxic", "texts_per_second"}
    for task, count in (("sentiment", 3), ("intent", 2), ("toxic", 2)):
        assert set(figures[task]) == {
            "n", "macro_f1", "weighted_f1", "accuracy", "per_class", "coverage", "accuracy_confident",
        }  # fmt: skip
        assert figures[task]["n"] == count
    assert figures["intent"]["accuracy"] == 1
    assert set(figures["intent"]["per_class"]) == {"lead", "complaint"}
    assert figures["texts_per_second"] > 0


def test_a_table_may_label_one_task_only(tmp_path: Path) -> None:
    (tmp_path / "table.tsv").write_text("text\ttoxic\nдурак\t1\n", encoding="utf-8")
    assert set(evaluate_file(tmp_path / "table.tsv")) == {"toxic", "texts_per_second"}


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    (tmp_path / "table.tsv").write_text("\ufefftext\ttoxic\nдурак\t1\n", encoding="utf-8")
    assert "toxic" in evaluate_file(tmp_path / "table.tsv")


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (b"", "line 1: the header must name the column text"),
        (b"text\tkind\n", "at least one of sentiment, intent, toxic"),
        (b"sentiment\tintent\n", "must name the column text"),
        (b"text\ttext\ttoxic\n", "the column 'text' stands twice"),
        (b"text\ttoxic\n", "no rows"),
        (b"text\ttoxic\na\t0\nb\n", "line 3: 1 columns, the header has 2"),
        (b"text\ttoxic\na\tyes\n", "line 2, column toxic: 'yes' is not one of 0, 1"),
        (b"text\tintent\na\tsale\n", "line 2, column intent: 'sale'"),
        (b"text\ttoxic\n\xff\xfe\t0\n", "line 2: not UTF-8"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, table: bytes, complaint: str) -> None:
    (tmp_path / "table.tsv").write_bytes(table)
    with pytest.raises(SetupError, match=complaint):
        evaluate_file(tmp_path / "table.tsv")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read"):
        evaluate_file(tmp_path / "none.tsv")


def test_figures_of_a_known_case() -> None:
    figures = measure(["a", "a", "b", "b"], ["a", "b", "b", "b"], [True, False, True, True])
    assert figures["accuracy"] == 0.75
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 2, abs=1e-4)
    assert (figures["coverage"], figures["accuracy_confident"]) == (0.75, 1.0)


def test_an_unlabelled_task_has_no_figures() -> None:
    assert measure([], [], [])["macro_f1"] is None

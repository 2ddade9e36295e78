"""Agreement of two labellers: the formula on figures known by hand, and the tables that the corpus comes with."""

from pathlib import Path

import pytest

from inbox.core.errors import SetupError
from moderation.learning.agreement import HEADER, agree, agree_by_task, count_differences, describe, read_tables
from moderation.learning.corpus import TEST_TRADES, read_seed
from moderation.triage.weights import TASKS

ROW = "Сколько стоит?\tneutral\tlead\t0\tneutral\tquestion\t0"


def write(folder: Path, *rows: str) -> None:
    table = "\n".join(["\t".join(HEADER), *rows, ""])
    (folder / "agreement_a.tsv").write_text(table, encoding="utf-8")


def test_kappa_is_what_the_textbook_says() -> None:
    first = ["yes"] * 20 + ["yes"] * 5 + ["no"] * 10 + ["no"] * 15
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    found = agree(first, second)
    assert (found.pairs, found.equal) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)


def test_kappa_at_its_ends() -> None:
    assert agree(["a", "b", "a"], ["a", "b", "a"]).kappa == 1
    assert agree(["a", "a"], ["a", "a"]).kappa == 1
    assert agree(["a", "b"], ["b", "a"]).kappa == -1
    assert agree(["a", "a", "b", "b"], ["a", "b", "a", "b"]).kappa == 0


def test_a_table_is_read_and_its_differences_counted(tmp_path: Path) -> None:
    write(tmp_path, ROW, "ты дура\tnegative\tother\t1\tnegative\tother\t1", ROW.replace("Сколько", "Почём"))
    pairs = read_tables(tmp_path)
    assert [pair.text for pair in pairs] == ["Сколько стоит?", "ты дура", "Почём стоит?"]
    assert count_differences(pairs, "intent") == [("lead", "question", 2)]
    assert agree_by_task(pairs)["toxic"].kappa == 1
    assert "| intent | 3 | 0.333 | 0.250 | lead/question 2 |" in describe(pairs)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("текст\tneutral", "line 2: 2 columns, expected 7"),
        (ROW.replace("question", "ask"), "line 2, column second_intent: 'ask'"),
        (ROW.replace("\t0\t", "\tno\t"), "line 2, column first_toxic: 'no'"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    write(tmp_path, row)
    with pytest.raises(SetupError, match=complaint):
        read_tables(tmp_path)


def test_a_wrong_header_is_named(tmp_path: Path) -> None:
    (tmp_path / "agreement_a.tsv").write_text("text\tlabel\n", encoding="utf-8")
    with pytest.raises(SetupError, match=r"agreement_a\.tsv, line 1"):
        read_tables(tmp_path)


def test_differences_of_the_corpus_were_settled_for_one_of_the_two() -> None:
    """Every text that was labelled twice stands in the corpus, with a label that one of the two gave it."""
    corpus = {row.text: row for row in read_seed()}
    pairs = read_tables()
    assert len(pairs) >= 300
    assert [pair.text for pair in pairs if pair.text not in corpus] == []
    odd = [
        (pair.text, task)
        for pair in pairs
        for task in TASKS
        if corpus[pair.text].labels[task] not in (pair.first[task], pair.second[task])
    ]
    assert odd == []
    assert not {corpus[pair.text].trade for pair in pairs} & TEST_TRADES

"""`otklik model explain`: tags, their words, and the nearest examples, in lines for a person."""

import pytest
from typer.testing import CliRunner

from inbox.cli import app
from moderation.learning.corpus import TEST_TRADES, read_seed
from moderation.learning.explaining import find_nearest


def explain(text: str) -> list[str]:
    answer = CliRunner().invoke(app, ["model", "explain", text])
    assert answer.exit_code == 0, answer.output
    return answer.output.splitlines()


def test_a_text_is_explained_by_its_words_and_by_examples() -> None:
    said = explain("Сколько стоит доставка дивана?")
    intent = next(line for line in said if line.startswith("intent"))
    assert "lead" in intent
    assert "«Сколько»" in intent
    assert "%" in intent
    assert "profanity  no" in said
    shown = said[said.index("nearest labelled examples:") + 1 :]
    assert len(shown) == 3
    assert all(line.rstrip().endswith("]") for line in shown)


@pytest.mark.parametrize("text", ["🤡🤡", "+"])
def test_what_has_no_words_is_like_no_example(text: str) -> None:
    assert "nearest labelled examples:" not in explain(text)


def test_the_nearest_come_first() -> None:
    rows = [row for row in read_seed() if row.trade in TEST_TRADES]
    found = find_nearest(rows[7].text, rows)
    assert found[0][0].text == rows[7].text
    assert [likeness for _, likeness in found] == sorted((likeness for _, likeness in found), reverse=True)

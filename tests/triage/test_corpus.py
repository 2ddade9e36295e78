"""The seed corpus keeps to the guideline's formats and says nothing twice."""

from collections import Counter
from pathlib import Path

import pytest

from inbox.core.errors import SetupError
from moderation.learning.corpus import HEADER, SEED, TEST_TRADES, is_held, is_talk, read_seed, training_rows
from moderation.learning.duplicates import find_duplicates
from moderation.learning.layers import prepare
from moderation.triage.emoji import find_mood, is_wordless
from moderation.triage.normalise import clean
from moderation.triage.weights import TASKS

GOOD = "Сколько стоит?\tneutral\tlead\t0\tcomment\tru\t"


def test_every_row_is_valid() -> None:
    rows = read_seed()
    assert len(rows) >= 8000
    assert len({row.trade for row in rows}) >= 25
    assert {row.trade for row in rows} >= TEST_TRADES
    for task, labels in TASKS.items():
        counts = Counter(row.labels[task] for row in rows)
        assert min(counts[label] for label in labels) >= 100


def test_texts_have_no_stray_spaces() -> None:
    assert [row.text for row in read_seed() if row.text != row.text.strip()] == []


def test_labels_do_not_contradict_the_guideline() -> None:
    rows = read_seed()
    assert [
        row.text for row in rows if row.labels["intent"] == "praise" and row.labels["sentiment"] != "positive"
    ] == []
    assert [
        row.text for row in rows if row.labels["intent"] == "complaint" and row.labels["sentiment"] != "negative"
    ] == []


@pytest.mark.timeout(400)  # the encoder reads every message: twenty seconds of a free core
def test_no_message_stands_twice() -> None:
    rows = read_seed()
    example = prepare(rows)
    assert [(rows[one].text, rows[two].text) for one, two in find_duplicates(example.texts, example.dense)] == []


def test_models_never_train_on_test_trades() -> None:
    assert not {row.trade for row in training_rows(read_seed())} & TEST_TRADES


def test_bare_emoji_have_the_mood_that_the_signs_tell_and_no_model_learns_them() -> None:
    bare = [row for row in read_seed() if is_wordless(clean(row.text))]
    assert len(bare) >= 250
    assert [(row.text, row.labels) for row in bare if row.labels["intent"] != "other"] == []
    assert [row.text for row in bare if row.labels["sentiment"] != find_mood(clean(row.text))] == []
    assert not {row.text for row in bare} & {row.text for row in training_rows(read_seed())}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("текст\tneutral\tlead", "line 2: 3 columns, expected 7"),
        (GOOD.replace("neutral", "calm"), "line 2, column sentiment: 'calm'"),
        (GOOD.replace("lead", "sale"), "line 2, column intent: 'sale'"),
        (GOOD.replace("\t0\t", "\tno\t"), "line 2, column toxic: 'no'"),
        (GOOD.replace("comment", "letter"), "line 2, column kind: 'letter'"),
        (GOOD.replace("Сколько стоит?", " "), "line 2, column text: empty"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    (tmp_path / "shop-01.tsv").write_text("\t".join(HEADER) + "\n" + row + "\n", encoding="utf-8")
    with pytest.raises(SetupError, match=complaint):
        read_seed(tmp_path)


def test_a_wrong_header_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No seed corpus"):
        read_seed(tmp_path)
    (tmp_path / "shop-01.tsv").write_text("text\tlabel\n", encoding="utf-8")
    with pytest.raises(SetupError, match=r"shop-01\.tsv, line 1"):
        read_seed(tmp_path)


def test_files_end_lines_plainly() -> None:
    for file in SEED.glob("*.tsv"):
        written = file.read_bytes()
        assert b"\r" not in written
        assert written.endswith(b"\n")


def test_a_trade_is_held_by_its_name_alone() -> None:
    """A rule that changed would calibrate a second look on what it learned."""
    assert [is_held(trade) for trade in ("baby-food", "driving-school", "talk-news")] == [True] * 3
    assert [is_held(trade) for trade in ("bank", "shop", "talk-forum")] == [False] * 3


def test_a_fair_share_of_what_is_written_to_brands_is_held() -> None:
    rows = [row for row in training_rows(read_seed()) if not is_talk(row)]
    assert 0.11 < sum(is_held(row.trade) for row in rows) / len(rows) < 0.17

"""The seed corpus: reading its tables, with every row held to the guideline's formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from inbox.core.errors import SetupError
from moderation.triage.emoji import is_wordless
from moderation.triage.normalise import clean
from moderation.triage.weights import TASKS

SEED = Path(__file__).parent.parent / "data" / "seed"
FIRST_TEST_TRADES = frozenset({"airline-travel", "auto-service", "events-tickets", "hotel", "pets-vet"})
LATER_TEST_TRADES = frozenset(
    {
        "allergy-clinic", "city-library-events", "culinary-school", "home-internet-village", "houseplant-care-app",
        "snowboard-shop", "tourist-hostel", "umbrella-repair-shop",
    }
)  # fmt: skip
"""Written when the corpus was nearly whole, a third of them at the borders, and read by nobody who built a model."""
TEST_TRADES = FIRST_TEST_TRADES | LATER_TEST_TRADES
"""Trades that no model trains on: they measure."""
TALK = ("talk-", "vk-talk", "quarrels", "letters-")
"""How trades begin that are none: people who talk among themselves."""
HELD_OF = 7
"""One trade in so many is held."""
HEADER = ("text", "sentiment", "intent", "toxic", "kind", "lang", "note")
ALLOWED: Mapping[str, frozenset[str]] = {
    **{task: frozenset(labels) for task, labels in TASKS.items()},
    "kind": frozenset({"direct", "comment"}),
    "lang": frozenset({"ru", "en", "mixed"}),
    "note": frozenset(
        {"", "sarcasm", "negation", "typo", "slang", "emoji", "to_other", "praise_profanity", "obfuscated", "hard"}
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled message. `labels` maps task to label; `trade` is the file's name without its number."""

    text: str
    labels: Mapping[str, str]
    kind: str
    lang: str
    note: str
    trade: str


def read_seed(folder: Path = SEED) -> list[Row]:
    """All rows of the corpus, in the order of file names; SetupError names the file and line of a bad one."""
    files = sorted(folder.glob("*.tsv"))
    if not files:
        raise SetupError(f"No seed corpus in {folder}: *.tsv files with the header {' '.join(HEADER)} are expected.")
    return [row for file in files for row in _read(file)]


def is_talk(row: Row) -> bool:
    """Whether it is public talk, written to no brand: quarrels, letters, reactions."""
    return row.trade.startswith(TALK)


def is_told_to_nobody(row: Row) -> bool:
    """Whether it is what people say to each other or to the world: news, stories, diaries, forums."""
    return row.trade.startswith("talk-")


def is_held(trade: str) -> bool:
    """Whether the second look does not learn a trade, so that temperatures and bands can be chosen on its rows: one in
    seven, by its name alone, so that a trade stays where it is when the corpus grows."""
    return crc32(trade.encode()) % HELD_OF == 0


def training_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows that models train on: not of the test trades, and not bare emoji, whose mood is read without a model."""
    return [row for row in rows if row.trade not in TEST_TRADES and not is_wordless(clean(row.text))]


def _read(file: Path) -> list[Row]:
    lines = file.read_text(encoding="utf-8").split("\n")
    if tuple(lines[0].split("\t")) != HEADER:
        raise SetupError(f"{file.name}, line 1: the header must be {' '.join(HEADER)}, tab-separated.")
    trade = file.stem.rpartition("-")[0]
    return [
        _row(line.split("\t"), f"{file.name}, line {place}", trade) for place, line in enumerate(lines[1:], 2) if line
    ]


def _row(cells: Sequence[str], where: str, trade: str) -> Row:
    if len(cells) != len(HEADER):
        raise SetupError(f"{where}: {len(cells)} columns, expected {len(HEADER)}.")
    named = dict(zip(HEADER, cells, strict=True))
    for column, allowed in ALLOWED.items():
        if named[column] not in allowed:
            raise SetupError(f"{where}, column {column}: {named[column]!r} is not one of {', '.join(sorted(allowed))}.")
    if not named["text"].strip():
        raise SetupError(f"{where}, column text: empty.")
    labels = {task: named[task] for task in TASKS}
    return Row(named["text"], labels, named["kind"], named["lang"], named["note"], trade)

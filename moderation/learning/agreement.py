"""How far two labellers of the corpus agree: Cohen's kappa of each task, and where they differ.

`python -m moderation.learning.agreement` prints it for the tables `data/agreement_*.tsv`: each is a random draw of rows
of the corpus that another labelled by the guideline, seeing texts and trades alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from inbox.core.errors import SetupError
from moderation.triage.weights import TASKS

TABLES = Path(__file__).parent.parent / "data"
HEADER = ("text", *(f"{who}_{task}" for who in ("first", "second") for task in TASKS))


@dataclass(frozen=True, slots=True)
class Pair:
    """One text, labelled twice. `first` and `second` map task to label, as they were before anybody compared them."""

    text: str
    first: dict[str, str]
    second: dict[str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of one task: pairs, the share of equal labels, and kappa, which is 1 when all are equal and 0 for chance."""

    pairs: int
    equal: float
    kappa: float


def read_tables(folder: Path = TABLES) -> list[Pair]:
    """All pairs of the folder's `agreement_*.tsv`; SetupError names the file and line of a bad one."""
    return [pair for file in sorted(folder.glob("agreement_*.tsv")) for pair in _read(file)]


def agree(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """Cohen's kappa of two lists of labels, equal in length and not empty."""
    total = len(first)
    equal = sum(one == two for one, two in zip(first, second, strict=True)) / total
    ours, theirs = Counter(first), Counter(second)
    chance = sum(count * theirs[label] for label, count in ours.items()) / total**2
    return Agreement(total, equal, 1.0 if chance == 1 else (equal - chance) / (1 - chance))


def agree_by_task(pairs: Sequence[Pair]) -> dict[str, Agreement]:
    """Agreement of every task."""
    return {task: agree([pair.first[task] for pair in pairs], [pair.second[task] for pair in pairs]) for task in TASKS}


def count_differences(pairs: Sequence[Pair], task: str) -> list[tuple[str, str, int]]:
    """(first's label, second's label, times) of a task where they differ, the commonest first."""
    counts = Counter((pair.first[task], pair.second[task]) for pair in pairs if pair.first[task] != pair.second[task])
    return [(one, two, times) for (one, two), times in counts.most_common()]


def describe(pairs: Sequence[Pair]) -> str:
    """A table for the model card."""
    lines = ["| task | n | equal | kappa | commonest differences |", "| --- | --- | --- | --- | --- |"]
    for task, found in agree_by_task(pairs).items():
        differ = ", ".join(f"{one}/{two} {times}" for one, two, times in count_differences(pairs, task)[:3])
        lines.append(f"| {task} | {found.pairs} | {found.equal:.3f} | {found.kappa:.3f} | {differ} |")
    return "\n".join(lines)


def _read(file: Path) -> list[Pair]:
    lines = file.read_text(encoding="utf-8").split("\n")
    if tuple(lines[0].split("\t")) != HEADER:
        raise SetupError(f"{file.name}, line 1: the header must be {' '.join(HEADER)}, tab-separated.")
    return [_pair(line.split("\t"), f"{file.name}, line {place}") for place, line in enumerate(lines[1:], 2) if line]


def _pair(cells: Sequence[str], where: str) -> Pair:
    if len(cells) != len(HEADER):
        raise SetupError(f"{where}: {len(cells)} columns, expected {len(HEADER)}.")
    named = dict(zip(HEADER, cells, strict=True))
    for task, labels in TASKS.items():
        for who in ("first", "second"):
            label = named[f"{who}_{task}"]
            if label not in labels:
                raise SetupError(f"{where}, column {who}_{task}: {label!r} is not one of {', '.join(sorted(labels))}.")
    first, second = ({task: named[f"{who}_{task}"] for task in TASKS} for who in ("first", "second"))
    return Pair(named["text"], first, second)


if __name__ == "__main__":
    Console().print(describe(read_tables()), markup=False, soft_wrap=True)

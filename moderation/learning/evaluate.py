"""`otklik model evaluate FILE.tsv`: the classifier measured on a table of labelled texts."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inbox.conversations.tags import Tagged, Tagger
from inbox.core.errors import SetupError
from moderation.learning.measure import Figures, measure
from moderation.triage import load_tagger
from moderation.triage.weights import TASKS

BATCH = 256


@dataclass(frozen=True, slots=True)
class Table:
    """Texts with their labels: task → label of each text, empty where there is none."""

    texts: Sequence[str]
    labels: Mapping[str, Sequence[str]]


def evaluate_file(path: Path) -> dict[str, Figures | float]:
    """Figures of each task that the table labels, and `texts_per_second` with the cache off."""
    return evaluate(load_tagger(cache=False), read_table(path))


def evaluate(tagger: Tagger, table: Table, *, hurried: bool = False) -> dict[str, Figures | float]:
    """Tag the table's texts and compare; `hurried` as Tagger says."""
    tagger.tag(["разогрев"])
    started = time.perf_counter()
    tags = [
        one
        for start in range(0, len(table.texts), BATCH)
        for one in tagger.tag(table.texts[start : start + BATCH], hurried=hurried)
    ]
    seconds = time.perf_counter() - started
    results: dict[str, Figures | float] = {
        task: _measure_task(task, labels, tags) for task, labels in table.labels.items()
    }
    results["texts_per_second"] = round(len(table.texts) / seconds, 1)
    return results


def told(tagged: Tagged, task: str) -> str:
    """The label of one task."""
    if task == "toxic":
        return str(int(tagged.toxic))
    return tagged.intent.value if task == "intent" else tagged.sentiment.value


def read_table(path: Path) -> Table:
    """Read a tab-separated UTF-8 table with a header; SetupError names the line and column of what is wrong."""
    lines = _read_lines(path)
    header = lines[0].split("\t")
    repeated = next((name for name in header if header.count(name) > 1 and name in {"text", *TASKS}), None)
    if repeated:
        raise SetupError(f"{path}, line 1: the column {repeated!r} stands twice.")
    tasks = [task for task in TASKS if task in header]
    if "text" not in header or not tasks:
        raise SetupError(
            f"{path}, line 1: the header must name the column text and at least one of {', '.join(TASKS)}, "
            f"tab-separated; it is {lines[0][:200]!r}."
        )
    texts: list[str] = []
    labels: dict[str, list[str]] = {task: [] for task in tasks}
    for place, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            raise SetupError(f"{path}, line {place}: {len(cells)} columns, the header has {len(header)}.")
        texts.append(cells[header.index("text")])
        for task in tasks:
            labels[task].append(_label(cells[header.index(task)].strip(), task, f"{path}, line {place}"))
    if not texts:
        raise SetupError(f"{path}: no rows under the header.")
    return Table(texts, labels)


def _read_lines(path: Path) -> list[str]:
    try:
        written = path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = written.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = written.count(b"\n", 0, error.start) + 1
        raise SetupError(f"{path}, line {place}: not UTF-8. Save the table as UTF-8 and try again.") from error
    return [line.removesuffix("\r") for line in text.split("\n")]


def _label(label: str, task: str, where: str) -> str:
    if label and label not in TASKS[task]:
        allowed = ", ".join(TASKS[task])
        raise SetupError(f"{where}, column {task}: {label!r} is not one of {allowed} (or empty for no label).")
    return label


def _measure_task(task: str, labels: Sequence[str], tags: Sequence[Tagged]) -> Figures:
    labelled = [(label, tagged) for label, tagged in zip(labels, tags, strict=True) if label]
    return measure(
        [label for label, _ in labelled],
        [told(tagged, task) for _, tagged in labelled],
        [task not in tagged.unsure for _, tagged in labelled],
    )

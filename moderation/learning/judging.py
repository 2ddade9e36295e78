"""Is a project's own head better? Cross-validated on its corrections, and held against the shipped test trades."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inbox.core.database import Json
from moderation.learning.corpus import TEST_TRADES, Row, is_talk, read_seed, training_rows
from moderation.learning.measure import Figures, measure, number
from moderation.learning.own import Lessons, fit_own
from moderation.triage.classify import LinearTagger
from moderation.triage.own import OwnHead, move
from moderation.triage.scoring import Table
from moderation.triage.weights import TASKS

FOLDS = 5
ALONG_ROWS = 600
"""Rows of the seed corpus that are learned along; of those that are written to a brand, as its messages are."""
FEWEST = 30
"""Corrected messages; fewer say too little."""
MOST = 4000
"""Newest corrected messages that are learned from."""
SHARES = (1.0, 0.75, 0.5, 0.3)
"""A head that would harm elsewhere speaks more softly."""
ALLOWED_LOSS = 0.01
"""Of macro-F1 on the shipped test trades."""
SEED = 20

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A corrected message: its text and what a person said of it, task → label."""

    text: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """One task before and after: macro-F1 on corrections by cross-validation, and on the test trades, when the head
    speaks with this `share` of its voice."""

    share: float
    before: float
    after: float
    test_before: float
    test_after: float

    @property
    def is_better(self) -> bool:
        """Better on the project's own, no worse than a point elsewhere."""
        return self.after > self.before and self.test_after >= self.test_before - ALLOWED_LOSS


@dataclass(frozen=True, slots=True)
class Verdict:
    """The head (None: the shipped classifier does no worse) and the figures that the panel shows."""

    head: OwnHead | None
    figures: Json


def learn(tagger: LinearTagger, lessons: Sequence[Lesson], progress: Progress) -> Verdict:
    """Make a head and judge it task by task; tasks in which it is no better stay with the shipped classifier."""
    rows = read_seed()
    taught = _see(tagger, lessons)
    progress(0.15)
    trained = [row for row in training_rows(rows) if not is_talk(row)]
    chosen = np.random.default_rng(SEED).permutation(len(trained))[:ALONG_ROWS]
    along = _see(tagger, [_as_lesson(trained[place]) for place in chosen])
    progress(0.3)
    test = _see(tagger, [_as_lesson(row) for row in rows if row.trade in TEST_TRADES])
    progress(0.4)
    shifts = _cross_validate(tagger, taught, along, lambda done: progress(0.4 + 0.45 * done))
    whole = fit_own(taught, along, tagger.model_version)
    progress(0.95)
    elsewhere = whole.shifts(test.dense, test.texts)
    judged = {task: _judge(taught, shifts[task], test, elsewhere[task], task) for task in TASKS}
    kept = {task: own.scaled(judged[task].share) for task, own in whole.tasks.items() if judged[task].is_better}
    head = OwnHead(whole.terms, whole.idf, kept, whole.base_version) if kept else None
    return Verdict(head, {task: _own_figures(taught, shifts[task], task, judged[task]) for task in TASKS})


def _as_lesson(row: Row) -> Lesson:
    return Lesson(row.text, row.labels)


def _see(tagger: LinearTagger, lessons: Sequence[Lesson]) -> Lessons:
    texts, dense, tables = tagger.probe([one.text for one in lessons])
    truth = {
        task: np.array([labels.index(one.labels[task]) for one in lessons], dtype=np.intp)
        for task, labels in TASKS.items()
    }
    return Lessons(texts, dense, tables, truth)


def _cross_validate(tagger: LinearTagger, taught: Lessons, along: Lessons, progress: Progress) -> Mapping[str, Table]:
    """What a head that did not learn a corrected message adds to its logits, task → (texts, labels)."""
    fold_of = np.random.default_rng(SEED).permutation(len(taught.texts)) % FOLDS
    added = {task: np.zeros_like(table) for task, table in taught.tables.items()}
    for fold in range(FOLDS):
        held = np.flatnonzero(fold_of == fold)
        head = fit_own(taught.pick(np.flatnonzero(fold_of != fold)), along, tagger.model_version)
        rest = taught.pick(held)
        for task, table in head.shifts(rest.dense, rest.texts).items():
            added[task][held] = table
        progress((fold + 1) / FOLDS)
    return added


def _judge(taught: Lessons, shift: Table, test: Lessons, elsewhere: Table, task: str) -> Judged:
    """At the loudest share that is better here and harmless elsewhere; at the softest when none is."""
    tried = [
        Judged(
            share,
            _score(taught, taught.tables[task], task),
            _score(taught, move(taught.tables[task], share * shift), task),
            _score(test, test.tables[task], task),
            _score(test, move(test.tables[task], share * elsewhere), task),
        )
        for share in SHARES
    ]
    return next((one for one in tried if one.is_better), tried[-1])


def _score(lessons: Lessons, table: Table, task: str) -> float:
    return number(_measure(lessons, table, task), "macro_f1")


def _measure(lessons: Lessons, table: Table, task: str) -> Figures:
    labels = TASKS[task]
    truth = [labels[place] for place in lessons.truth[task]]
    return measure(truth, [labels[place] for place in table.argmax(axis=1)], [True] * len(truth))


def describe_rows(tagger: LinearTagger, rows: Sequence[Row]) -> Json:
    """The shipped classifier's figures on these rows, by both looks."""
    seen = _see(tagger, [_as_lesson(row) for row in rows])
    tags = tagger.tag([row.text for row in rows])
    tables = {
        task: np.array([[one.probabilities[task][label] for label in TASKS[task]] for one in tags]) for task in TASKS
    }
    return {task: _figures(seen, tables[task], task) for task in TASKS}


def _own_figures(lessons: Lessons, shift: Table, task: str, judged: Judged) -> Json:
    """What the page shows of a task; of one that stays with the shipped classifier, that one's pictures."""
    share = judged.share if judged.is_better else 0.0
    return {
        "before": judged.before, "after": judged.after, "test_before": judged.test_before,
        "test_after": judged.test_after, "kept": judged.is_better, "share": share,
        **_figures(lessons, move(lessons.tables[task], share * shift), task),
    }  # fmt: skip


def _figures(lessons: Lessons, table: Table, task: str) -> Json:
    """For a specialist: confusion, reliability and classes."""
    return {
        "per_class": _measure(lessons, table, task)["per_class"],
        "labels": list(TASKS[task]),
        "confusion": _confuse(lessons.truth[task], table).tolist(),
        "reliability": list_bands(table, lessons.truth[task]),
    }  # fmt: skip


def _confuse(truth: npt.NDArray[np.intp], table: Table) -> npt.NDArray[np.int64]:
    """Counts, shape (labels, labels): what it is × what was said."""
    counts = np.zeros((table.shape[1], table.shape[1]), dtype=np.int64)
    np.add.at(counts, (truth, table.argmax(axis=1)), 1)
    return counts


def list_bands(table: Table, truth: npt.NDArray[np.intp]) -> list[dict[str, float]]:
    """Ten bands of confidence, empty ones left out: how sure the tags are, how often right, and how many."""
    sure, right = table.max(axis=1), table.argmax(axis=1) == truth
    bands = np.minimum((sure * 10).astype(int), 9)
    return [
        {
            "sure": round(float(sure[bands == band].mean()), 3),
            "right": round(float(right[bands == band].mean()), 3),
            "n": int((bands == band).sum()),
        }
        for band in np.unique(bands)
    ]

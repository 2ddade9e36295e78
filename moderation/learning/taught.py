"""What the features give on a public set whose own labels teach them: how much of what the shipped model misses there
is another meaning of the labels, and how much is beyond both encoders as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from moderation.learning.corpus import Row
from moderation.learning.features import Vocabulary, count_terms, tabulate
from moderation.learning.layers import Example, balance, centred, fit, look_at_all
from moderation.learning.measure import Figures, measure
from moderation.learning.slurs import note_slurs
from moderation.learning.spread import spread
from moderation.triage.classify import LinearTagger
from moderation.triage.scoring import Places, Table
from moderation.triage.weights import TASKS, Floats

FOLDS = 5
ALIKE = 0.85
"""Cosine from which two comments are kept in one fold: of one author or one quarrel, as far as texts tell."""
STRENGTH = 1.0
"""Inverse of the regularisation. This and what follows were tried on the VK set itself, so that its figure flatters."""
DENSE_WEIGHT = 1.0
"""What embeddings weigh: more than in the shipped layers, since a set of few thousand texts knows few terms."""
HEARD_WEIGHT = 0.3
"""What the shipped model's logits weigh; their numbers are larger."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled set as both encoders and the shipped model see it; `heard` (texts, labels of all tasks): the model's
    logits by its first look; `tuned` (texts, 384): embeddings by the second encoder as something tuned it;
    `with_slurs`: what quarrels insult with is a feature, too."""

    example: Example
    heard: Floats
    task: str
    tuned: Floats | None = None
    with_slurs: bool = False

    def pick(self, places: Places) -> "Seen":
        """A part of it."""
        tuned = None if self.tuned is None else self.tuned[places]
        return Seen(self.example.pick(places), self.heard[places], self.task, tuned, self.with_slurs)


def see(tagger: LinearTagger, texts: Sequence[str], labels: Sequence[str], task: str) -> Seen:
    """`labels`: ours. Some 30 ms of one core a text."""
    rows = [Row(text, {task: label}, "comment", "ru", "", "") for text, label in zip(texts, labels, strict=True)]
    normalised, dense, tables = tagger.probe(texts)
    chances = np.clip(np.hstack([tables[each] for each in TASKS]), 1e-4, 1 - 1e-4)
    heard: Floats = np.log(chances / (1 - chances)).astype(np.float32)
    return Seen(look_at_all(Example(rows, normalised, dense, np.full(len(rows), ""))), heard, task)


def teach(part: Seen, rest: Seen) -> Figures:
    """Figures on the rest, but for texts that stand in the part word for word, after learning the part."""
    known = {row.text for row in part.example.rows}
    asked = rest.pick(np.flatnonzero([row.text not in known for row in rest.example.rows]))
    return judge(asked, spread(_read, part, [asked])[0])


def teach_in_folds(seen: Seen) -> Figures:
    """Figures on a whole set, each fold of it read by what learned the others; what is alike shares a fold."""
    split = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split
    folds = list(split(seen.heard, seen.example.labels(seen.task), group_alike(seen.example.dense)))
    chances = np.zeros((len(seen.heard), len(TASKS[seen.task])))
    for (_, held), read in zip(folds, spread(_read_fold, seen, folds), strict=True):
        chances[held] = read
    return judge(seen, chances)


def group_alike(dense: Floats) -> Places:
    """The group of each text: those that a chain of likeness joins. `dense`: embeddings of length 1."""
    groups: Places = connected_components(csr_matrix(dense @ dense.T >= ALIKE))[1].astype(np.intp)
    return groups


def _read_fold(seen: Seen, fold: tuple[Places, Places]) -> Table:
    part, rest = (seen.pick(places) for places in fold)
    return _read(part, rest)


def _read(part: Seen, rest: Seen) -> Table:
    vocabulary = count_terms(part.example.texts)
    centres = [one.mean(axis=0) for one in _embeddings(part)]
    table, other = (_lay(one, centres, vocabulary) for one in (part, rest))
    truth = part.example.labels(part.task)
    weights = balance(truth, np.ones(len(truth)))
    return fit(table, truth, len(TASKS[part.task]), weights, STRENGTH, balanced=False).read(other)


def _embeddings(seen: Seen) -> list[Floats]:
    """By the second encoder: as its package gives it, and as it was tuned."""
    plain = seen.example.seen_again()
    return [plain] if seen.tuned is None else [plain, seen.tuned]


def _lay(seen: Seen, centres: Sequence[Floats], vocabulary: Vocabulary) -> csr_matrix:
    example = seen.example
    second = [centred(one, centre) for one, centre in zip(_embeddings(seen), centres, strict=True)]
    dense = np.hstack([*second, example.dense])
    parts = [HEARD_WEIGHT * seen.heard, DENSE_WEIGHT * dense, tabulate(example.texts, vocabulary)]
    if seen.with_slurs:
        parts.append(note_slurs(example.texts))
    return hstack([csr_matrix(part) for part in parts], format="csr")


def judge(seen: Seen, chances: Table) -> Figures:
    """How right the likeliest labels are."""
    labels = TASKS[seen.task]
    truth = [row.labels[seen.task] for row in seen.example.rows]
    return measure(truth, [labels[guess] for guess in chances.argmax(axis=1)], [True] * len(truth))

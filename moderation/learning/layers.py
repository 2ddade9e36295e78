"""The linear layers of a first look, fitted to a prepared corpus."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from moderation.learning.corpus import Row, is_held, is_talk, is_told_to_nobody
from moderation.learning.features import take_up
from moderation.learning.spread import spread
from moderation.triage.embed import embed
from moderation.triage.normalise import Normalised, normalise
from moderation.triage.scoring import Heard, Table, softmax
from moderation.triage.second import SecondLook
from moderation.triage.weights import DIMENSIONS, TASKS, Floats, Layer, Public, Second

Labels = npt.NDArray[np.intp]

STRENGTH = 5.0
"""Inverse of the regularisation; chosen on cross-validated training trades."""
PUBLIC_STRENGTH = 0.5
"""The same for the layer of public talk, which is more varied; chosen on CEDR's own training part."""
TOLD_AGAINST = 0.65
"""What all rows that are told to nobody weigh together for the gate, if all others weigh 1: the numbers of either in
the corpus say nothing of a desk's. Chosen on CEDR's training part; half as much again costs messages to brands half a
point."""
TALK_WEIGHTS = {"sentiment": 0.02, "intent": 0.25, "toxic": 1.0}
"""What a row of public talk weighs beside one that is written to a brand, at both looks. Its moods have a layer of
their own; of wants it says what is none; insults are told in quarrels."""
BRAND_WEIGHT = 0.25
"""What a row that is written to a brand weighs in that layer."""
LOOKED_AT = 1000
"""Rows that one process looks at in a turn."""
PLAIN = Second({}, 0.0, {}, "")
"""The second encoder as its package gives it."""


@dataclass(frozen=True, slots=True)
class Example:
    """A corpus ready for training: everything that does not depend on the split."""

    rows: Sequence[Row]
    texts: Sequence[Normalised]
    dense: Floats
    trades: npt.NDArray[np.str_]
    again: Floats | None = None
    """The second encoder's embeddings as its package gives them, where somebody asked: they cost much more."""

    def pick(self, places: npt.NDArray[np.intp]) -> "Example":
        """A part of it."""
        return Example(
            [self.rows[place] for place in places],
            [self.texts[place] for place in places],
            self.dense[places],
            self.trades[places],
            self.again[places] if self.again is not None else None,
        )

    def seen_again(self) -> Floats:
        """The second encoder's embeddings, shape (rows, 384)."""
        if self.again is None:
            raise ValueError("look_at_all first")
        return self.again

    def told_to_nobody(self) -> npt.NDArray[np.bool_]:
        """Which rows the layers of public talk learn from."""
        return np.array([is_told_to_nobody(row) for row in self.rows], dtype=np.bool_)

    def to_brands(self) -> npt.NDArray[np.bool_]:
        """Which rows are written to a brand: all but public talk."""
        return np.array([not is_talk(row) for row in self.rows], dtype=np.bool_)

    def held(self) -> npt.NDArray[np.bool_]:
        """Which rows the second look does not learn."""
        return np.array([is_held(trade) for trade in self.trades.tolist()], dtype=np.bool_)

    def labels(self, task: str) -> Labels:
        """Places of the rows' labels in TASKS[task]."""
        return np.array([TASKS[task].index(row.labels[task]) for row in self.rows], dtype=np.intp)


def prepare(rows: Sequence[Row]) -> Example:
    """Normalise and embed a corpus."""
    texts = [normalise(row.text) for row in rows]
    return Example(rows, texts, embed(texts), np.array([row.trade for row in rows]))


def look_at_all(example: Example) -> Example:
    """With the second encoder's plain embeddings of every row: some 30 ms of one core each."""
    return replace(example, again=embed_again(PLAIN, example.texts))


def embed_again(second: Second, texts: Sequence[Normalised]) -> Floats:
    """The second encoder's embeddings of texts, shape (texts, 384), on all cores."""
    parts = [slice(start, start + LOOKED_AT) for start in range(0, len(texts), LOOKED_AT)]
    return np.concatenate(spread(_embed_again, (second, texts), parts))


def _embed_again(whole: tuple[Second, Sequence[Normalised]], part: slice) -> Floats:
    second, texts = whole
    return SecondLook(second).embed(texts[part])


def centred(embeddings: Floats, centre: Floats) -> Floats:
    """What tells texts apart: all of this encoder's embeddings lie close to one direction, which is taken out."""
    moved = embeddings - centre
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Coefficients (features, labels) of what `lay` gives and bias, centred over labels, so that a share speaks for or
    against one."""

    coefficients: Table
    bias: Table

    def read(self, table: csr_matrix) -> Table:
        """Probabilities, shape (rows, labels)."""
        return softmax(table @ self.coefficients + self.bias)

    def pack(self) -> Layer:
        """As it is shipped; the first features are those of embeddings."""
        return Layer(*take_up(self.coefficients, DIMENSIONS), self.bias.astype(np.float32))


@dataclass(frozen=True, slots=True)
class FirstLayers:
    """What the first encoder's features are read with."""

    to_brand: Mapping[str, Fitted]
    gate: Fitted
    public: Fitted

    def hear(self, table: csr_matrix) -> Heard:
        """All that they say of rows."""
        return Heard(
            to_brand={task: layer.read(table) for task, layer in self.to_brand.items()},
            told=self.gate.read(table)[:, 1:],
            public=self.public.read(table),
        )

    def pack_public(self) -> Public:
        """The part of public talk, as it is shipped."""
        return Public(self.gate.pack(), self.public.pack())


def fit_first(example: Example, table: csr_matrix) -> FirstLayers:
    """The gate does not weigh its classes alike: a message to a brand that is taken for public talk costs more than
    the reverse."""
    told = example.told_to_nobody()
    to_brand = {task: _fit_to_brand(example, table, task) for task in TASKS}
    share = TOLD_AGAINST * float(np.sum(~told)) / float(np.sum(told))
    gate = fit(table, told.astype(np.intp), 2, np.where(told, share, 1.0), balanced=False)
    weights = np.where(told, 1.0, BRAND_WEIGHT)
    public = fit(table, example.labels("sentiment"), len(TASKS["sentiment"]), weights, PUBLIC_STRENGTH)
    return FirstLayers(to_brand, gate, public)


def _fit_to_brand(example: Example, table: csr_matrix, task: str) -> Fitted:
    weights = np.where(example.told_to_nobody(), TALK_WEIGHTS[task], 1.0)
    return fit(table, example.labels(task), len(TASKS[task]), weights)


def balance(truth: Labels, weights: Table) -> Table:
    """Weights of rows by which rare labels weigh more, by the root of how rare they are."""
    sums = np.bincount(truth, weights)
    balanced: Table = weights / np.sqrt(sums / sums.sum())[truth]
    return balanced


def fit(
    table: csr_matrix,
    truth: Labels,
    labels: int,
    weights: npt.NDArray[np.float64] | None = None,
    strength: float = STRENGTH,
    *,
    balanced: bool = True,
) -> Fitted:
    """`balanced`: rare labels weigh as much as common ones: partnership and insults matter as leads do. Raises
    ConvergenceWarning rather than give half a layer."""
    classes = "balanced" if balanced else None
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        fitted = LogisticRegression(C=strength, max_iter=1000, class_weight=classes).fit(table, truth, weights)
    coefficients, bias = fitted.coef_.T, fitted.intercept_
    if labels == 2:  # one column: half for the second, half against the first
        coefficients, bias = np.hstack([-coefficients, coefficients]) / 2, np.concatenate([-bias, bias]) / 2
    return Fitted(coefficients - coefficients.mean(axis=1, keepdims=True), bias - bias.mean())

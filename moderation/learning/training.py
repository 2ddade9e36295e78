"""Training of the heads, and their calibration on folds that share no trade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from moderation.learning.bands import find_bands
from moderation.learning.corpus import Row, is_talk, is_told_to_nobody
from moderation.learning.features import count_terms, join, tabulate
from moderation.triage.embed import embed
from moderation.triage.examples import Examples, squeeze
from moderation.triage.normalise import Normalised, normalise
from moderation.triage.scoring import Heard, Table, mix, sharpen, softmax
from moderation.triage.second import centred, embed_again
from moderation.triage.weights import (
    DIMENSIONS,
    SECOND_DIMENSIONS,
    TASKS,
    Floats,
    Head,
    Layer,
    Public,
    Weights,
    seal,
)

Labels = npt.NDArray[np.intp]

FOLDS = 7
STRENGTH = 5.0
"""Inverse of the regularisation; chosen on cross-validated training trades."""
PUBLIC_STRENGTH = 0.5
"""The same for the layers of public talk, which is more varied; chosen on CEDR's own training part."""
TALK_WEIGHTS = {"sentiment": 0.02, "intent": 0.25, "toxic": 1.0}
"""What a row of public talk weighs beside one that is written to a brand. Its moods have a layer of their own; of wants
it says what is none; insults are told in quarrels."""
BRAND_WEIGHT = 0.25
"""What a row that is written to a brand weighs in that layer."""
SMOOTHING = 5.0


@dataclass(frozen=True, slots=True)
class Example:
    """A corpus ready for training: everything that does not depend on the split."""

    rows: Sequence[Row]
    texts: Sequence[Normalised]
    dense: Floats
    trades: npt.NDArray[np.str_]
    again: Floats | None = None
    """The second encoder's embeddings, where somebody asked for them: they cost much more."""

    def pick(self, places: npt.NDArray[np.intp]) -> "Example":
        """A part of it."""
        return Example(
            [self.rows[place] for place in places],
            [self.texts[place] for place in places],
            self.dense[places],
            self.trades[places],
            self.again[places] if self.again is not None else None,
        )

    def told_to_nobody(self) -> npt.NDArray[np.bool_]:
        """Which rows the layers of public talk learn from."""
        return np.array([is_told_to_nobody(row) for row in self.rows], dtype=np.bool_)

    def to_brands(self) -> npt.NDArray[np.bool_]:
        """Which rows are written to a brand: all but public talk."""
        return np.array([not is_talk(row) for row in self.rows], dtype=np.bool_)

    def labels(self, task: str) -> Labels:
        """Places of the rows' labels in TASKS[task]."""
        return np.array([TASKS[task].index(row.labels[task]) for row in self.rows], dtype=np.intp)


def prepare(rows: Sequence[Row]) -> Example:
    """Normalise and embed a corpus."""
    texts = [normalise(row.text) for row in rows]
    return Example(rows, texts, embed(texts), np.array([row.trade for row in rows]))


def train(example: Example) -> Weights:
    """A whole model: layers on all rows, calibrated on folds by trade. Equal input gives equal arrays."""
    with threadpool_limits(limits=1):
        kinship = find_kinship(example)
        chances = cross_validate(example, kinship)
        vocabulary = count_terms(example.texts)
        table = join(example.dense, tabulate(example.texts, vocabulary))
        layers = fit_layers(example, table)
        heads = {}
        for task in TASKS:
            truth = example.labels(task)
            temperature = find_temperature(chances[task], truth)
            told = example.to_brands() if task != "toxic" else np.ones(len(truth), dtype=np.bool_)
            sure_from = find_bands(task, sharpen(chances[task], temperature)[told], truth[told])
            heads[task] = Head(layers.to_brand[task].pack(), temperature, sure_from)
        second, centre = fit_second(example, table)
        public = Public(layers.gate.pack(), layers.public.pack(), second.pack(SECOND_DIMENSIONS + DIMENSIONS), centre)
        return seal(Weights(vocabulary.terms, vocabulary.idf, kinship, heads, public, version=""))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Coefficients (features, labels) and bias, centred over labels, so that a share speaks for or against one."""

    coefficients: Table
    bias: Table

    def read(self, table: csr_matrix) -> Table:
        """Probabilities, shape (rows, labels)."""
        return softmax(table @ self.coefficients + self.bias)

    def pack(self, dimensions: int = DIMENSIONS) -> Layer:
        """As it is shipped; the first features are those of embeddings."""
        plain = self.coefficients.astype(np.float32)
        return Layer(plain[:dimensions], plain[dimensions:], self.bias.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Layers:
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


def fit_layers(example: Example, table: csr_matrix) -> Layers:
    """All layers but the second look's.

    The gate does not weigh its classes: a message to a brand that is taken for public talk costs more than the reverse.
    """
    told = example.told_to_nobody()
    to_brand = {
        task: fit(table, example.labels(task), len(labels), np.where(told, TALK_WEIGHTS[task], 1.0))
        for task, labels in TASKS.items()
    }
    gate = fit(table, told.astype(np.intp), 2, balanced=False)
    weights = np.where(told, 1.0, BRAND_WEIGHT)
    public = fit(table, example.labels("sentiment"), len(TASKS["sentiment"]), weights, PUBLIC_STRENGTH)
    return Layers(to_brand, gate, public)


def fit_second(example: Example, table: csr_matrix) -> tuple[Fitted, Floats]:
    """The second look at moods, learned from public talk alone; and the centre of its rows' second embeddings."""
    places = np.flatnonzero(example.told_to_nobody())
    again = embed_again([example.texts[int(place)] for place in places])
    centre: Floats = again.mean(axis=0)
    both = join(centred(again, centre), table[places])
    truth = example.labels("sentiment")[places]
    return fit(both, truth, len(TASKS["sentiment"]), strength=PUBLIC_STRENGTH), centre


def collect(example: Example) -> Examples:
    """What explains tags: the texts as they were written, with their embeddings and labels."""
    labels = {task: example.labels(task).astype(np.uint8) for task in TASKS}
    return Examples([row.text for row in example.rows], squeeze(example.dense), labels)


def find_kinship(example: Example) -> Floats:
    """How often each intent goes with each sentiment, against chance; softened, for both heads read one text."""
    counts = np.full((len(TASKS["intent"]), len(TASKS["sentiment"])), SMOOTHING)
    np.add.at(counts, (example.labels("intent"), example.labels("sentiment")), 1)
    shares = counts / counts.sum()
    kinship: Floats = np.sqrt(shares / (shares.sum(axis=1, keepdims=True) * shares.sum(axis=0))).astype(np.float32)
    return kinship


def cross_validate(example: Example, kinship: Floats) -> dict[str, Table]:
    """Uncalibrated probabilities of every row, by the first encoder and a model that saw no row of its trade."""
    chances = {task: np.zeros((len(example.rows), len(labels))) for task, labels in TASKS.items()}
    for seen, held in GroupKFold(FOLDS).split(example.texts, groups=example.trades):
        part, rest = example.pick(seen), example.pick(held)
        vocabulary = count_terms(part.texts)
        table, other = (join(one.dense, tabulate(one.texts, vocabulary)) for one in (part, rest))
        for task, found in mix(fit_layers(part, table).hear(other), kinship).items():
            chances[task][held] = found
    return chances


def fit(
    table: csr_matrix,
    truth: Labels,
    labels: int,
    weights: npt.NDArray[np.float64] | None = None,
    strength: float = STRENGTH,
    *,
    balanced: bool = True,
) -> Fitted:
    """`balanced`: rare labels weigh as much as common ones: partnership and insults matter as leads do."""
    classes = "balanced" if balanced else None
    fitted = LogisticRegression(C=strength, max_iter=1000, class_weight=classes).fit(table, truth, weights)
    coefficients, bias = fitted.coef_.T, fitted.intercept_
    if labels == 2:  # one column: half for the second, half against the first
        coefficients, bias = np.hstack([-coefficients, coefficients]) / 2, np.concatenate([-bias, bias]) / 2
    return Fitted(coefficients - coefficients.mean(axis=1, keepdims=True), bias - bias.mean())


def find_temperature(chances: Table, truth: Labels) -> float:
    """The temperature of least log loss."""

    def loss(temperature: float) -> float:
        true = sharpen(chances, temperature)[np.arange(len(truth)), truth]
        return -float(np.log(np.maximum(true, 1e-12)).mean())

    return round(float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x), 4)


def reliability(chances: Table, truth: Labels) -> float:
    """Expected calibration error over ten bands of confidence: how far "90 % sure" is from right in 90 %."""
    best, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    bands = np.minimum((best * 10).astype(int), 9)
    gaps = [
        abs(float(right[bands == band].mean()) - float(best[bands == band].mean())) * float((bands == band).mean())
        for band in np.unique(bands)
    ]
    return float(sum(gaps))

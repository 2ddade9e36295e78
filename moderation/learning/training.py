"""Training of the heads, and their calibration on folds that share no trade."""

from collections.abc import Sequence
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
from moderation.triage.classify import Table, couple, sharpen, softmax
from moderation.triage.embed import embed
from moderation.triage.examples import Examples, squeeze
from moderation.triage.normalise import Normalised, normalise
from moderation.triage.weights import DIMENSIONS, TASKS, Floats, Head, Weights, seal

Labels = npt.NDArray[np.intp]

FOLDS = 7
STRENGTH = 5.0
"""Inverse of the regularisation; chosen on cross-validated training trades."""
TALK_WEIGHT = 0.25
"""What a row of public talk weighs beside one that is written to a brand, for mood and intent: talk has its say, but
what customers write decides. A quarter costs the test trades nothing and keeps most of what the rows teach of news."""
SMOOTHING = 5.0


@dataclass(frozen=True, slots=True)
class Example:
    """A corpus ready for training: everything that does not depend on the split."""

    rows: Sequence[Row]
    texts: Sequence[Normalised]
    dense: Floats
    trades: npt.NDArray[np.str_]

    def pick(self, places: npt.NDArray[np.intp]) -> "Example":
        """A part of it."""
        return Example(
            [self.rows[place] for place in places],
            [self.texts[place] for place in places],
            self.dense[places],
            self.trades[places],
        )

    def to_brands(self) -> npt.NDArray[np.bool_]:
        """Which rows are written to a brand: all but public talk."""
        return np.array([not is_talk(row) for row in self.rows], dtype=np.bool_)

    def weights(self, task: str) -> npt.NDArray[np.float64] | None:
        """What each row weighs in training; insults are told in quarrels, so there all rows weigh the same."""
        if task == "toxic":
            return None
        return np.array([TALK_WEIGHT if is_told_to_nobody(row) else 1.0 for row in self.rows])

    def labels(self, task: str) -> Labels:
        """Places of the rows' labels in TASKS[task]."""
        return np.array([TASKS[task].index(row.labels[task]) for row in self.rows], dtype=np.intp)


def prepare(rows: Sequence[Row]) -> Example:
    """Normalise and embed a corpus."""
    texts = [normalise(row.text) for row in rows]
    return Example(rows, texts, embed(texts), np.array([row.trade for row in rows]))


def train(example: Example) -> Weights:
    """A whole model: heads on all rows, calibrated on folds by trade. Equal input gives equal arrays."""
    with threadpool_limits(limits=1):
        vocabulary = count_terms(example.texts)
        table = join(example.dense, tabulate(example.texts, vocabulary))
        kinship = find_kinship(example)
        chances = cross_validate(example, kinship)
        heads = {}
        for task in TASKS:
            truth = example.labels(task)
            temperature = find_temperature(chances[task], truth)
            told = example.to_brands() if task != "toxic" else np.ones(len(truth), dtype=np.bool_)
            sure_from = find_bands(task, sharpen(chances[task], temperature)[told], truth[told])
            coefficients, bias = fit(table, truth, len(TASKS[task]), example.weights(task))
            heads[task] = _head(coefficients, bias, temperature, sure_from)
        return seal(Weights(vocabulary.terms, vocabulary.idf, kinship, heads, version=""))


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
    """Uncalibrated probabilities of every row by a model that saw no row of its trade."""
    logits = {task: np.zeros((len(example.rows), len(labels))) for task, labels in TASKS.items()}
    for seen, held in GroupKFold(FOLDS).split(example.texts, groups=example.trades):
        part, rest = example.pick(seen), example.pick(held)
        vocabulary = count_terms(part.texts)
        table, other = (join(one.dense, tabulate(one.texts, vocabulary)) for one in (part, rest))
        for task, labels in TASKS.items():
            coefficients, bias = fit(table, part.labels(task), len(labels), part.weights(task))
            logits[task][held] = other @ coefficients + bias
    chances = {task: softmax(table) for task, table in logits.items()}
    return chances | couple(chances["intent"], chances["sentiment"], kinship)


def fit(
    table: csr_matrix, truth: Labels, labels: int, weights: npt.NDArray[np.float64] | None = None
) -> tuple[Table, Table]:
    """Coefficients (features, labels) and bias, centred over labels, so that a share speaks for or against one.

    Rare labels weigh as much as common ones: partnership and insults matter as leads do. Temperature mends the rest.
    """
    fitted = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced").fit(table, truth, weights)
    coefficients, bias = fitted.coef_.T, fitted.intercept_
    if labels == 2:  # one column: half for the second, half against the first
        coefficients, bias = np.hstack([-coefficients, coefficients]) / 2, np.concatenate([-bias, bias]) / 2
    return coefficients - coefficients.mean(axis=1, keepdims=True), bias - bias.mean()


def _head(coefficients: Table, bias: Table, temperature: float, sure_from: tuple[float, ...]) -> Head:
    plain = coefficients.astype(np.float32)
    return Head(plain[:DIMENSIONS], plain[DIMENSIONS:], bias.astype(np.float32), temperature, sure_from)


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

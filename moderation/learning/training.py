"""Training of a whole model: layers on all rows, calibrated on folds that share no trade."""

import numpy as np
from threadpoolctl import threadpool_limits

from moderation.learning.features import count_terms, lay, tabulate
from moderation.learning.folds import calibrate, cross_validate
from moderation.learning.layers import Example, fit_first, fit_second
from moderation.triage.examples import Examples, squeeze
from moderation.triage.weights import TASKS, Floats, Head, Weights, seal

SMOOTHING = 5.0


def train(example: Example) -> Weights:
    """A whole model of a corpus that `look_at_all` has seen. Equal input gives equal arrays."""
    with threadpool_limits(limits=1):
        kinship = find_kinship(example)
        chosen = calibrate(example, cross_validate(example, kinship))
        vocabulary = count_terms(example.texts)
        table = lay(example.dense, tabulate(example.texts, vocabulary))
        first, second = fit_first(example, table), fit_second(example, table)
        heads = {
            task: Head(first.to_brand[task].pack(), chosen.temperatures[task], tuple(chosen.sure_from[task]))
            for task in TASKS
        }
        public, again = first.pack_public(), second.pack()
        return seal(Weights(vocabulary.terms, vocabulary.idf, kinship, heads, public, again, version=""))


def collect(example: Example) -> Examples:
    """What explains tags: texts as they were written, with their embeddings and labels. Without what is told to nobody,
    for that is like no message of a desk; with quarrels, for the insults."""
    kept = example.pick(np.flatnonzero(~example.told_to_nobody()))
    labels = {task: kept.labels(task).astype(np.uint8) for task in TASKS}
    return Examples([row.text for row in kept.rows], squeeze(kept.dense), labels)


def find_kinship(example: Example) -> Floats:
    """How often each intent goes with each sentiment, against chance; softened, for both heads read one text."""
    counts = np.full((len(TASKS["intent"]), len(TASKS["sentiment"])), SMOOTHING)
    np.add.at(counts, (example.labels("intent"), example.labels("sentiment")), 1)
    shares = counts / counts.sum()
    kinship: Floats = np.sqrt(shares / (shares.sum(axis=1, keepdims=True) * shares.sum(axis=0))).astype(np.float32)
    return kinship

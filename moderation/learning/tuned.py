"""What the second encoder gives on a public set whose own labels tune it, beside the features that they taught."""

import numpy as np

from moderation.learning.layers import embed_again
from moderation.learning.measure import Figures
from moderation.learning.spread import Tell, tell_nobody
from moderation.learning.taught import Seen, deal_alike, judge, read_in_folds
from moderation.learning.tuning import Aim, Recipe, balance, learn, level
from moderation.triage.scoring import Table, join, softmax
from moderation.triage.weights import TASKS

WHOLE = Recipe(from_layer=0, passes=4)
"""A set of few thousand texts teaches all layers, and is read more often."""
SHARE = 0.5
"""What the encoder's word weighs beside the features'. Neither was tried on more than one fold."""


def tune_in_folds(seen: Seen, recipe: Recipe = WHOLE, tell: Tell = tell_nobody) -> Figures:
    """Figures on a whole set, each fold of it read by the features and an encoder that learned the others; five minutes
    of two cores a fold for 2,300 rows. `tell` hears how far it is."""
    folds = deal_alike(seen)
    chances = read_in_folds(seen, folds)
    for number, (learned, held) in enumerate(folds, 1):
        tell(f"Tuning, fold {number} of {len(folds)}…")
        chances[held] = join(chances[held], read_tuned(seen.pick(learned), seen.pick(held), recipe), SHARE)
    return judge(seen, chances)


def read_tuned(part: Seen, rest: Seen, recipe: Recipe = WHOLE) -> Table:
    """What an encoder that the part tuned says of the rest, shape (texts, labels)."""
    truth = part.example.labels(part.task)
    aim = Aim(truth, len(TASKS[part.task]), level(balance(truth, np.ones(len(truth)))))
    second = learn(part.example.texts, {part.task: aim}, recipe, tell_nobody)
    head = second.heads[part.task]
    return softmax((embed_again(second, rest.example.texts) @ head.slopes + head.bias).astype(np.float64))

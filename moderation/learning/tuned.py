"""The second encoder tuned to insults: by our corpus alone, before a public set teaches layers over its embeddings."""

from dataclasses import replace

import numpy as np

from moderation.learning.corpus import is_talk
from moderation.learning.layers import PLAIN, Example, balance, embed_again
from moderation.learning.spread import Tell
from moderation.learning.taught import Seen
from moderation.learning.tuning import Aim, Recipe, learn, level
from moderation.triage.scoring import Places
from moderation.triage.weights import TASKS, Second

WHOLE = Recipe(from_layer=0, passes=2)
OF_TALK, OF_BRANDS = 4000, 1500
"""Rows without an insult that are read beside those with one."""
SEED = 0


def tune_to_insults(example: Example, tell: Tell, begin: Second = PLAIN, recipe: Recipe = WHOLE) -> Second:
    """The encoder that `begin` left, taught by all insults of the corpus and some of the rest: a quarter of an hour of
    two cores. `tell` hears how far it is."""
    chosen = example.pick(_choose(example))
    truth = chosen.labels("toxic")
    aim = Aim(truth, len(TASKS["toxic"]), level(balance(truth, np.ones(len(truth)))))
    return learn(chosen.texts, {"toxic": aim}, recipe, tell, begin)


def see_by(second: Second, seen: Seen) -> Seen:
    """A set as another encoder sees it, too: some 30 ms of one core a text."""
    return replace(seen, tuned=embed_again(second, seen.example.texts))


def _choose(example: Example) -> Places:
    """All insults, then rows of chance."""
    toxic = example.labels("toxic") == 1
    talk = np.array([is_talk(row) for row in example.rows], dtype=np.bool_)
    chance = np.random.default_rng(SEED)
    found = [np.flatnonzero(toxic)]
    for places, most in ((np.flatnonzero(~toxic & talk), OF_TALK), (np.flatnonzero(~toxic & ~talk), OF_BRANDS)):
        found.append(places[chance.permutation(len(places))[:most]])
    return np.concatenate(found)

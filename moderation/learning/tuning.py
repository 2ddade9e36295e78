"""Tuning of the second encoder's last layers to our labels, on their grid of 4 bits.

Matrices keep their scales; what is learned is where on its grid a weight lies. The forward pass rounds to the grid and
the backward pass does not (a straight-through estimator), so that what is trained is what the engine computes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from moderation.learning import transformer
from moderation.learning.layers import PLAIN, TALK_WEIGHTS, Example, Labels, balance
from moderation.learning.pieces import Cutter
from moderation.learning.spread import Tell
from moderation.triage.embed import readable
from moderation.triage.encoder import Image, find_file
from moderation.triage.normalise import Normalised
from moderation.triage.scoring import Places, Table
from moderation.triage.weights import HEARD_AGAIN, SECOND_DIMENSIONS, Dense, Floats, Second

RATE, HEADS_RATE = 2e-4, 2e-3
WARM_UP = 0.1
"""The part of the steps in which the rate rises; then it falls to nothing."""
MEMORY = 0.98
"""How long the optimiser remembers the size of slopes."""
DECAY = 0.01
DROPPED = 0.1
"""The part of each sublayer's numbers that a step leaves out."""
TOKENS_A_STEP = 2048
BUCKETS = (16, 24, 32, 48, 64, 96, 128)
"""Lengths that texts are filled up to; each is compiled once. What is longer is cut."""
SPREAD = 16.0
"""What embeddings are multiplied by before the heads, for they lie close together."""
CENTRED_BY = 2048
"""Rows whose mean is taken out of embeddings."""
SHARE = 0.4
"""What the second look's word weighs beside the first's; chosen on a seventh of the trades that it did not learn."""
SEED = 0
TELL_EVERY = 25
MATTERS = {"sentiment": 1.0, "intent": 1.0, "told": 0.25, "public": 0.5}
"""What a mistake in each of HEARD_AGAIN weighs."""
TO_BRAND_WEIGHT, TOLD_WEIGHT = 0.1, 1.5
"""What a row weighs that is told to somebody, for the mood of public talk, and one that is not, for the gate."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a head learns: places of the rows' labels among so many classes; what each row weighs, and the head beside
    others."""

    truth: Labels
    classes: int
    weights: Floats
    matters: float = 1.0


Aims = Mapping[str, Aim]


@dataclass(frozen=True, slots=True)
class Recipe:
    """`from_layer`: the first that is tuned; what those before it give is computed once. `passes` over the rows."""

    from_layer: int
    passes: int


SHIPPED = Recipe(from_layer=6, passes=2)
"""Six layers are better than four on the trades that are held. All twelve are a little better still (macro-F1 of intent
0.877 beside 0.872) for twice the time."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of about one length, filled up with rows that weigh nothing. `tokens`, `kept` (rows, length)."""

    places: Places
    tokens: npt.NDArray[np.int32]
    kept: npt.NDArray[np.bool_]

    def fill(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The rows' values, then noughts."""
        filled = np.zeros((len(self.tokens), *values.shape[1:]), values.dtype)
        filled[: len(self.places)] = values[self.places]
        return filled


class Given(NamedTuple):
    """What a step learns from. `below` (rows, length, 384), `kept` (rows, length), labels and weights of each aim."""

    below: jax.Array
    kept: jax.Array
    aims: Mapping[str, tuple[Labels, Floats]]
    rows: float


def tune(example: Example, tell: Tell) -> Second:
    """What reads moods and intents again, taught by all rows: a quarter of an hour of two cores for 35,000."""
    second = learn(example.texts, find_aims(example), SHIPPED, tell)
    return replace(second, learned=tuple(np.unique(example.trades).tolist()))


def learn(texts: Sequence[Normalised], aims: Aims, recipe: Recipe, tell: Tell, begin: Second = PLAIN) -> Second:
    """The second encoder as texts teach it, with a head for each aim, from where `begin` left it; whose heads and share
    are not kept. Equal input gives equal arrays on one machine. `tell` hears how far it is. Half a minute compiles,
    however few texts."""
    plain = Image(find_file().read_bytes())
    image = _move(plain, begin)
    cutter = Cutter(image.vocabulary)
    tokens = [cutter.cut(readable(text), BUCKETS[-1]) for text in texts]
    chance = np.random.default_rng(SEED)
    tell("Reading with the second encoder…")
    below = _Below(image, tokens, recipe.from_layer)
    batches = [batch for _ in range(recipe.passes) for batch in deal(tokens, chance)]
    centre = below.find_centre(chance)
    tuner = _Tuner(image, centre, aims, range(recipe.from_layer, image.layers), len(batches))
    for number, batch in enumerate(batches):
        tuner.step(batch, below.give(batch))
        if number % TELL_EVERY == 0:
            tell(f"Tuning the second encoder: step {number} of {len(batches)}…")
    encoder, heads = tuner.learned["encoder"], tuner.learned["heads"]
    return Second(
        {name: _fold(head, centre) for name, head in heads.items()},
        SHARE,
        {**begin.tuned, **_compare(plain, encoder, recipe.from_layer)},
        plain.hash_layers(),
    )


def _move(plain: Image, begin: Second) -> Image:
    """The file as it was tuned before. Raises ValueError where that was another file."""
    if begin.tuned and plain.hash_layers() != begin.over:
        raise ValueError("its weights are not those that the model was tuned over")
    image = Image(bytearray(plain.content))
    for name, tensor in begin.tuned.items():
        image.move(name, tensor)
    return image


def deal(tokens: Sequence[Sequence[int]], chance: np.random.Generator) -> list[Batch]:
    """All texts once, in an order of chance, by length."""
    lengths = np.array([len(one) for one in tokens])
    order = chance.permutation(len(tokens))
    buckets = np.searchsorted(BUCKETS, lengths[order])
    batches = []
    for bucket, length in enumerate(BUCKETS):
        rows = TOKENS_A_STEP // length
        members = order[buckets == bucket]
        batches += [
            _lay_out(tokens, members[start : start + rows], rows, length) for start in range(0, len(members), rows)
        ]
    return [batches[place] for place in chance.permutation(len(batches))]


def _lay_out(tokens: Sequence[Sequence[int]], places: Places, rows: int, length: int) -> Batch:
    table = np.zeros((rows, length), np.int32)
    kept = np.zeros((rows, length), np.bool_)
    kept[:, 0] = True  # a row of nothing has no mean
    for row, place in enumerate(places):
        table[row, : len(tokens[place])] = tokens[place]
        kept[row, : len(tokens[place])] = True
    return Batch(places, table, kept)


class _Below:
    """What the layers that are not tuned give for every row."""

    def __init__(self, image: Image, tokens: Sequence[Sequence[int]], layers: int) -> None:
        self._embeddings = transformer.Embeddings(image)
        self._layers = [transformer.read_layer(image, place) for place in range(image.layers)]
        self._heads, self._tokens = image.heads, tokens
        self._states: list[npt.NDArray[np.float16]] = [np.zeros(0, np.float16)] * len(tokens)
        for batch in deal(tokens, np.random.default_rng(0)):
            states = np.asarray(self._run(batch, layers), dtype=np.float16)
            for row, place in enumerate(batch.places):
                self._states[place] = states[row, : len(tokens[place])].copy()

    def give(self, batch: Batch) -> Floats:
        """Of a batch, (rows, length, 384)."""
        states = np.zeros((*batch.tokens.shape, SECOND_DIMENSIONS), np.float32)
        for row, place in enumerate(batch.places):
            states[row, : len(self._states[place])] = self._states[place]
        return states

    def find_centre(self, chance: np.random.Generator) -> jax.Array:
        """The mean of the plain encoder's embeddings over some rows."""
        some = chance.permutation(len(self._tokens))[:CENTRED_BY]
        found = []
        for batch in deal([self._tokens[place] for place in some], chance):
            pooled = transformer.pool(self._run(batch, len(self._layers)), jnp.array(batch.kept))
            found.append(np.asarray(pooled)[: len(batch.places)])
        return jnp.array(np.concatenate(found).mean(axis=0))

    def _run(self, batch: Batch, layers: int) -> jax.Array:
        states, kept = self._embeddings.look_up(batch.tokens), jnp.array(batch.kept)
        for layer in self._layers[:layers]:
            states = transformer.run(states, layer, kept, self._heads)
        return states


def find_aims(example: Example) -> Aims:
    """What a second look learns of each of HEARD_AGAIN."""
    told = example.told_to_nobody()
    moods, intents = example.labels("sentiment"), example.labels("intent")
    learned = {
        "sentiment": (moods, balance(moods, np.where(told, TALK_WEIGHTS["sentiment"], 1.0))),
        "intent": (intents, balance(intents, np.where(told, TALK_WEIGHTS["intent"], 1.0))),
        "told": (told.astype(np.intp), np.where(told, TOLD_WEIGHT, 1.0)),
        "public": (moods, balance(moods, np.where(told, 1.0, TO_BRAND_WEIGHT))),
    }
    return {
        name: Aim(truth, HEARD_AGAIN[name], level(weights), MATTERS[name]) for name, (truth, weights) in learned.items()
    }


def level(weights: Table) -> Floats:
    """Weights of mean 1."""
    leveled: Floats = (weights / weights.mean()).astype(np.float32)
    return leveled


class _Tuner:
    """The tuned layers and the heads while they learn."""

    def __init__(self, image: Image, centre: jax.Array, aims: Aims, tuned: range, steps: int) -> None:
        self._aims = aims
        scales = transformer.stack([transformer.read_scales(image, place) for place in tuned])
        self.learned: Any = {
            "encoder": transformer.stack([transformer.read_layer(image, place) for place in tuned]),
            "heads": {
                name: {"slopes": jnp.zeros((SECOND_DIMENSIONS, aim.classes)), "bias": jnp.zeros(aim.classes)}
                for name, aim in aims.items()
            },
        }
        optimiser = _make_optimiser(steps)
        self._state: Any = optimiser.init(self.learned)
        self._chance = jax.random.key(SEED)
        self._done = 0

        def lose(learned: Any, key: jax.Array, given: Given) -> jax.Array:
            def run(states: jax.Array, own: tuple[transformer.Layer, transformer.Layer, jax.Array]) -> Any:
                layer, of, chance = own
                layer = transformer.to_grid(layer, of)
                return transformer.run_layer(states, layer, given.kept, image.heads, (chance, DROPPED)), None

            keys = jax.random.split(key, len(tuned))
            states, _ = jax.lax.scan(run, given.below, (learned["encoder"], scales, keys))  # compiled once for all
            embedded = (transformer.pool(states, given.kept) - centre) * SPREAD
            lost = jnp.zeros(())
            for name, head in learned["heads"].items():
                truth, weights = given.aims[name]
                logits = embedded @ head["slopes"] + head["bias"]
                missed = optax.softmax_cross_entropy_with_integer_labels(logits, truth)
                lost += aims[name].matters * (missed * weights).sum() / given.rows
            return lost

        def step(learned: Any, state: Any, key: jax.Array, given: Given) -> tuple[Any, Any, jax.Array]:
            lost, slopes = jax.value_and_grad(lose)(learned, key, given)
            moves, state = optimiser.update(slopes, state, learned)
            return optax.apply_updates(learned, moves), state, lost

        self._step = jax.jit(step)

    def step(self, batch: Batch, below: Floats) -> None:
        """Learn from a batch. ArithmeticError when its loss is no number."""
        own = {name: (batch.fill(aim.truth), batch.fill(aim.weights)) for name, aim in self._aims.items()}
        given = Given(jnp.array(below), jnp.array(batch.kept), own, float(len(batch.places)))
        key = jax.random.fold_in(self._chance, self._done)
        self.learned, self._state, lost = self._step(self.learned, self._state, key, given)
        if not np.isfinite(float(lost)):
            raise ArithmeticError(f"step {self._done}: the loss is no number")
        self._done += 1


def _make_optimiser(steps: int) -> optax.GradientTransformation:
    warm = max(1, round(steps * WARM_UP))

    def descend(peak: float) -> optax.GradientTransformation:
        rate = optax.join_schedules(
            [optax.linear_schedule(peak / warm, peak, warm), optax.linear_schedule(peak, 0.0, steps - warm)], [warm]
        )
        return optax.adamw(rate, b2=MEMORY, weight_decay=DECAY)

    encoder = optax.chain(optax.clip_by_global_norm(1.0), descend(RATE))
    return optax.multi_transform(
        {"encoder": encoder, "heads": descend(HEADS_RATE)}, {"encoder": "encoder", "heads": "heads"}
    )


def _fold(head: Mapping[str, jax.Array], centre: jax.Array) -> Dense:
    """A head that reads embeddings as they come."""
    slopes = SPREAD * np.asarray(head["slopes"], dtype=np.float32)
    bias = np.asarray(head["bias"]) - np.asarray(centre) @ slopes
    return Dense(slopes, bias.astype(np.float32))


def _compare(image: Image, encoder: transformer.Layer, first: int) -> dict[str, npt.NDArray[np.generic]]:
    """How the tuned layers differ from the file's."""
    tuned: dict[str, npt.NDArray[np.generic]] = {}
    for place in range(first, image.layers):
        scales = transformer.read_scales(image, place)
        for name, stacked in encoder.items():
            at, tensor = f"l{place}.{name}", stacked[place - first]
            if name in scales:
                steps = np.asarray(transformer.find_steps(tensor, scales[name])).astype(np.int8).reshape(-1)
                tuned[at] = steps - image.read_steps(at)
            else:
                tuned[at] = np.asarray(tensor).reshape(-1)
    return tuned

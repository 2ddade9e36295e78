"""The model's file: what is written is read, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inbox.core.errors import SetupError
from moderation.triage import MODEL, load_tagger
from moderation.triage.classify import LinearTagger
from moderation.triage.sealed import Deflated, from_words, hash_arrays, pack, to_words, unpack
from moderation.triage.weights import FORMAT, read, seal, write


def test_written_weights_are_read_again(tagger: LinearTagger, tmp_path: Path) -> None:
    write(tagger.weights, tmp_path / "new" / "model.npz")
    assert load_tagger(path=tmp_path / "new" / "model.npz").model_version == tagger.model_version


def test_the_version_is_the_content(tagger: LinearTagger) -> None:
    assert seal(tagger.weights).version == tagger.model_version
    assert seal(replace(tagger.weights, idf=tagger.weights.idf * 2)).version != tagger.model_version


def test_a_changed_file_is_refused(tagger: LinearTagger, tmp_path: Path) -> None:
    forged = replace(tagger.weights, idf=tagger.weights.idf * 2)
    write(forged, tmp_path / "model.npz")
    with pytest.raises(SetupError, match="was changed"):
        read(tmp_path / "model.npz")


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_bytes(MODEL.read_bytes()[:-2000])
    with pytest.raises(SetupError, match="not a model"):
        read(tmp_path / "model.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04N.", b"text"])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(SetupError, match="otklik model build"):
        read(tmp_path / "model.npz")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", version=np.array([{"a": 1}], dtype=object))
    with pytest.raises(SetupError, match="not a model"):
        read(tmp_path / "model.npz")


def test_a_file_of_the_format_before_is_refused(tmp_path: Path) -> None:
    arrays, _ = unpack(MODEL.read_bytes())
    about = json.loads(to_words(arrays["about"]))
    arrays["about"] = from_words(json.dumps({**about, "format": FORMAT - 1}))
    (tmp_path / "model.npz").write_bytes(pack(arrays, hash_arrays(arrays)))
    with pytest.raises(SetupError, match="not a model of this version of Otklik"):
        read(tmp_path / "model.npz")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="otklik model build"):
        read(tmp_path / "model.npz")


def test_the_shipped_model_is_small() -> None:
    assert MODEL.stat().st_size < 20_000_000


def test_what_is_kept_deflated_is_read_as_it_was() -> None:
    moves = np.array([0, 0, -3, 0, 15, 0], np.int8)
    norm = np.array([0.5, -1.25], np.float32)
    kept = Deflated({"l0.q.w": moves, "l0.aln.b": norm})
    assert list(kept) == ["l0.q.w", "l0.aln.b"]
    for name, array in (("l0.q.w", moves), ("l0.aln.b", norm)):
        assert kept[name].dtype == array.dtype
        assert kept[name].tolist() == array.tolist()
    with pytest.raises(KeyError):
        kept["l1.q.w"]

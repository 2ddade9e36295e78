"""A project's own head: what its people's corrections add to the shipped classifier's probabilities.

It is added in logits: without evidence the sum is the shipped classifier's word.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inbox.conversations.tags import OwnModel
from moderation.triage.embed import Bags, bag
from moderation.triage.normalise import Normalised
from moderation.triage.scoring import Table, softmax, weigh
from moderation.triage.sealed import Arrays, from_words, hash_arrays, pack, to_words, unpack
from moderation.triage.weights import DIMENSIONS, TASKS, Floats, Layer

FORMAT = 1


@dataclass(frozen=True, slots=True)
class OwnTask(Layer):
    """What is added to one task's log probabilities."""

    def scaled(self, share: float) -> "OwnTask":
        """The same with a part of its voice."""
        part = np.float32(share)
        return OwnTask(self.dense * part, self.sparse * part, self.bias * part)


@dataclass(frozen=True, slots=True)
class OwnHead:
    """A whole head. `terms` are of the corrected messages; tasks in which it did no better are left out.

    `base_version` names the classifier that it was made for; over another one it is not used.
    """

    terms: Mapping[str, int]
    idf: Floats
    tasks: Mapping[str, OwnTask]
    base_version: str

    def refine(
        self, tables: Mapping[str, Table], dense: Floats, texts: Sequence[Normalised]
    ) -> tuple[dict[str, Table], Bags]:
        """The shipped classifier's probabilities, shape (texts, labels), with this head's word; and its bags."""
        bags = bag(texts, self.terms, self.idf)
        refined = dict(tables)
        for task, own in self.tasks.items():
            refined[task] = move(tables[task], weigh(own, dense, bags))
        return refined, bags

    def shifts(self, dense: Floats, texts: Sequence[Normalised]) -> dict[str, Table]:
        """What it adds to the logits, task → (texts, labels)."""
        bags = bag(texts, self.terms, self.idf)
        return {task: weigh(own, dense, bags) for task, own in self.tasks.items()}


def move(table: Table, added: Table) -> Table:
    """Probabilities with this added to their logarithms."""
    return softmax(np.log(np.maximum(table, 1e-9)) + added)


def seal_own(head: OwnHead) -> OwnModel:
    """A head as bytes, with the version that its content gives."""
    ordered = sorted(head.terms, key=head.terms.__getitem__)
    about = json.dumps({"format": FORMAT, "base": head.base_version, "tasks": sorted(head.tasks)})
    arrays: Arrays = {"about": from_words(about), "terms": from_words("\n".join(ordered)), "idf": head.idf}
    for task, own in head.tasks.items():
        arrays |= {f"{task}.dense": own.dense, f"{task}.sparse": own.sparse, f"{task}.bias": own.bias}
    version = hash_arrays(arrays)
    return OwnModel(version, pack(arrays, version))


def read_own(content: bytes) -> OwnHead:
    """And back; ValueError for what is no head, or was changed."""
    try:
        arrays, _ = unpack(content)
        about = json.loads(to_words(arrays["about"]))
        words = to_words(arrays["terms"])
        terms = {term: place for place, term in enumerate(words.split("\n") if words else ())}
        tasks = {
            task: OwnTask(
                _shaped(arrays[f"{task}.dense"], (DIMENSIONS, len(TASKS[task]))),
                _shaped(arrays[f"{task}.sparse"], (len(terms), len(TASKS[task]))),
                _shaped(arrays[f"{task}.bias"], (len(TASKS[task]),)),
            )
            for task in about["tasks"]
        }
        if about["format"] != FORMAT:
            raise ValueError("another format")
        return OwnHead(terms, _shaped(arrays["idf"], (len(terms),)), tasks, str(about["base"]))
    except (KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, IndexError) as error:
        raise ValueError("not a head of this version of Otklik") from error


def _shaped(array: npt.NDArray[np.generic], shape: tuple[int, ...]) -> Floats:
    if array.shape != shape:
        raise ValueError(f"shape {array.shape}, expected {shape}")
    return array.astype(np.float32, casting="same_kind")

"""The classifier: linear heads on embeddings and terms, with reasons and an honest "unsure".

A text whose mood or intent is unsure is read again by a second encoder, unless the caller is in a hurry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import structlog

from inbox.conversations.tags import Alike, Intent, OwnModel, Sentiment, Tagged, Taught
from inbox.core.database import Json
from moderation.triage.cache import TagCache
from moderation.triage.embed import bag, embed
from moderation.triage.emoji import find_mood, is_wordless
from moderation.triage.examples import NEAR, load_examples
from moderation.triage.normalise import Normalised, normalise
from moderation.triage.own import OwnHead, read_own
from moderation.triage.profanity import has_profanity
from moderation.triage.reasons import explain, list_voices
from moderation.triage.scoring import Table, find_doubtful, hear, score, settle
from moderation.triage.second import SecondLook
from moderation.triage.weights import AGAIN, TASKS, Floats, Weights

log = structlog.get_logger()

OBVIOUS = 0.99
"""Probability of a tag that needs no model."""


class LinearTagger:
    """Tagger over read weights; thread-safe. `cache` (may be None) keeps tags of short texts; `figures`: measured."""

    def __init__(self, weights: Weights, cache: TagCache | None, figures: Json | None = None) -> None:
        self.weights = weights
        self.second = SecondLook(weights.second)
        self.cache = cache
        self.figures = figures or {}
        self._sure_from = {task: head.sure_from for task, head in weights.heads.items()}

    @property
    def model_version(self) -> str:
        """Hash of the weights."""
        return self.weights.version

    def tag(self, texts: Sequence[str], own: OwnModel | None = None, *, hurried: bool = False) -> list[Tagged]:
        """Tags in the order of `texts`; equal texts are paid for once. `hurried`: the first encoder alone."""
        known: dict[str, Tagged] = {}
        head = _open(own, self.weights.version) if own is not None else None
        version = f"{self.weights.version}+{own.version}" if own is not None and head is not None else ""
        if self.cache is not None:
            known = self.cache.find(texts, version)
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        fresh = dict(zip(missing, self._tag(missing, head, hurried), strict=True))
        if version:
            fresh = {text: replace(tagged, model_version=version) for text, tagged in fresh.items()}
        if self.cache is not None:
            may_change = hurried and head is not None
            self.cache.keep(
                {
                    t: one
                    for t, one in fresh.items()
                    if not (may_change or (hurried and is_doubted(one, self._sure_from)))
                },
                version,
            )
        known |= fresh
        return [known[text] for text in texts]

    def probe(self, texts: Sequence[str]) -> tuple[list[Normalised], Floats, dict[str, Table]]:
        """The texts normalised and embedded, with the probabilities at a first look: own heads are made on it."""
        normalised = [normalise(text) for text in texts]
        dense = embed(normalised)
        tables = score(self.weights, dense, bag(normalised, self.weights.terms, self.weights.idf))
        return normalised, dense, tables

    def find_alike(self, text: str, wanted: Mapping[str, str], taught: Sequence[Taught] = ()) -> dict[str, Alike]:
        """As Explaining says: among the shipped examples and what the project's people corrected."""
        dense = embed([normalise(one) for one in (text, *(said for said, _ in taught))])
        shipped, likeness = load_examples(), dense[1:] @ dense[0]
        found: dict[str, Alike] = {}
        for task, label in wanted.items():
            own = [
                Alike(said, float(near), is_own=True)
                for (said, labels), near in zip(taught, likeness, strict=True)
                if labels[task] == label and near >= NEAR
            ]
            nearest = [one for one in (shipped.find(dense[0], task, label), *own) if one is not None]
            if nearest:
                found[task] = max(nearest, key=lambda one: one.likeness)
        return found

    def _tag(self, texts: Sequence[str], head: OwnHead | None, hurried: bool) -> list[Tagged]:
        normalised = [normalise(text) for text in texts]
        spoken = [text for text in normalised if not is_wordless(text.raw)]
        judged = iter(self._judge(spoken, head, hurried))
        return [self._obvious(text) if is_wordless(text.raw) else next(judged) for text in normalised]

    def _obvious(self, text: Normalised) -> Tagged:
        """Nothing written, or pluses, smiles and emoji alone: other, surely, with the emoji's mood."""
        mood = find_mood(text.raw)
        chosen = {"sentiment": mood, "intent": "other", "toxic": "0"}
        probabilities = {
            task: {label: OBVIOUS if label == chosen[task] else (1 - OBVIOUS) / (len(labels) - 1) for label in labels}
            for task, labels in TASKS.items()
        }
        reasons = {"sentiment": (text.raw[:20],)} if mood != "neutral" else {}
        return Tagged(
            sentiment=Sentiment(mood),
            intent=Intent.OTHER,
            toxic=False,
            profanity=False,
            probabilities=probabilities,
            unsure=frozenset(),
            reasons=reasons,
            model_version=self.weights.version,
        )

    def _judge(self, texts: Sequence[Normalised], head: OwnHead | None, hurried: bool) -> list[Tagged]:
        """Tags of texts that say something."""
        if not texts:
            return []
        dense, bags = embed(texts), bag(texts, self.weights.terms, self.weights.idf)
        heard = hear(self.weights, dense, bags)
        probabilities = settle(self.weights, heard)
        if not hurried and len(doubtful := find_doubtful(probabilities, self._sure_from)) and self.second.is_ready():
            heard = self.second.hear(heard, doubtful, texts)
            probabilities = settle(self.weights, heard)
        speaking = {task: list_voices(self.weights, task, bags, heard) for task in TASKS}
        if head is not None:
            probabilities, own_bags = head.refine(probabilities, dense, texts)
            for task, own in head.tasks.items():
                speaking[task].append((own_bags, own.sparse))
        chosen = {task: table.argmax(axis=1) for task, table in probabilities.items()}
        reasons = {task: explain(texts, voices, chosen[task]) for task, voices in speaking.items()}
        tables = {task: table.tolist() for task, table in probabilities.items()}
        known = np.bincount(bags.texts, minlength=len(texts)).tolist()
        return [
            self._tagged(
                text,
                known[place] > 0,
                {task: dict(zip(TASKS[task], table[place], strict=True)) for task, table in tables.items()},
                {task: given[place] for task, given in reasons.items()},
            )
            for place, text in enumerate(texts)
        ]

    def _tagged(
        self,
        text: Normalised,
        known: bool,
        probabilities: Mapping[str, Mapping[str, float]],
        reasons: Mapping[str, Sequence[str]],
    ) -> Tagged:
        """Put together; a text of which no term is known (another script) is unsure in all."""
        best = {task: max(by_label.items(), key=lambda item: item[1]) for task, by_label in probabilities.items()}
        return Tagged(
            sentiment=Sentiment(best["sentiment"][0]),
            intent=Intent(best["intent"][0]),
            toxic=best["toxic"][0] == "1",
            profanity=has_profanity(text.folded),
            probabilities=probabilities,
            unsure=frozenset(
                task
                for task, (label, chance) in best.items()
                if not known or chance < self._sure_from[task][TASKS[task].index(label)]
            ),
            reasons=reasons,
            model_version=self.weights.version,
        )


def is_doubted(tagged: Tagged, sure_from: Mapping[str, Sequence[float]]) -> bool:
    """Whether a second look would be taken at it."""
    tables = {task: np.array([list(tagged.probabilities[task].values())]) for task in AGAIN}
    return len(find_doubtful(tables, sure_from)) > 0


@lru_cache(maxsize=256)
def _open(own: OwnModel, base_version: str) -> OwnHead | None:
    """A project's head, read once; None when it is damaged or was made for another classifier."""
    try:
        head = read_own(own.content)
    except ValueError as error:
        log.warning("own_model_unusable", version=own.version, error=str(error))
        return None
    return head if head.base_version == base_version else None

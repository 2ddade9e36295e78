"""`otklik model explain`: tags of one text with the words and the nearest labelled examples that carried them."""

from collections.abc import Sequence

import numpy as np

from moderation.learning.corpus import Row, is_told_to_nobody, read_seed, training_rows
from moderation.learning.evaluate import told
from moderation.triage import load_tagger
from moderation.triage.embed import embed, list_terms
from moderation.triage.emoji import is_wordless
from moderation.triage.normalise import Normalised, normalise
from moderation.triage.weights import TASKS

EXAMPLES = 3
CANDIDATES = 400
"""Rows that share most terms with the text; only their meaning is compared."""


def explain_text(text: str) -> str:
    """Lines for a person: each task with its tag, how sure it is, and why; then the nearest examples."""
    tagger = load_tagger(cache=False)
    tagged = tagger.tag([text])[0]
    lines = []
    for task in TASKS:
        label = told(tagged, task)
        words = ", ".join(f"«{word}»" for word in tagged.reasons.get(task, ())) or "—"
        sure = "unsure" if task in tagged.unsure else "sure"
        lines.append(f"{task:<10} {label:<12} {tagged.probabilities[task][label]:.0%} ({sure})  because of: {words}")
    lines.append(f"profanity  {'yes' if tagged.profanity else 'no'}")
    if not is_wordless(normalise(text).raw):
        lines.append("nearest labelled examples:")
        rows = [row for row in training_rows(read_seed()) if not is_told_to_nobody(row)]
        for row, likeness in find_nearest(text, rows):
            labels = " · ".join(row.labels[task] for task in TASKS)
            lines.append(f"  {likeness:.2f}  {row.text}  [{labels}]")
    return "\n".join(lines)


def find_nearest(text: str, rows: Sequence[Row]) -> list[tuple[Row, float]]:
    """The rows nearest in meaning with their cosine, among those that share most terms; nearest first."""
    asked = normalise(text)
    terms = set(list_terms(asked).keys)
    seen: list[tuple[Row, Normalised]] = [(row, normalise(row.text)) for row in rows]
    shared = [len(terms & set(list_terms(one).keys)) for _, one in seen]
    chosen = np.argsort(-np.array(shared), kind="stable")[:CANDIDATES]
    likeness = embed([seen[place][1] for place in chosen]) @ embed([asked])[0]
    order = np.argsort(-likeness, kind="stable")[:EXAMPLES]
    return [(seen[chosen[place]][0], float(likeness[place])) for place in order]

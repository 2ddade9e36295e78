"""Figures of tags against labels: macro-F1 and its kin, and what the unsure band leaves."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

Figure = int | float | None
PerClass = dict[str, dict[str, int | float]]
Figures = dict[str, Figure | PerClass]
"""n, macro_f1, weighted_f1, accuracy, per_class {label: precision, recall, f1, n}, coverage, accuracy_confident."""


def measure(truth: Sequence[str], told: Sequence[str], sure: Sequence[bool]) -> Figures:
    """Figures of one task. F1 averages run over the labels that stand in `truth`; `coverage` is the share of sure tags
    and `accuracy_confident` how many of those are right (None when there are none)."""
    if not truth:
        return {
            "n": 0, "macro_f1": None, "weighted_f1": None, "accuracy": None, "per_class": {}, "coverage": None,
            "accuracy_confident": None,
        }  # fmt: skip
    labels = sorted(set(truth))
    precision, recall, f1, counts = precision_recall_fscore_support(truth, told, labels=labels, zero_division=0)
    right = np.array(truth) == np.array(told)
    confident = np.array(sure, dtype=bool)
    per_class: PerClass = {
        label: {
            "precision": _short(precision[i]),
            "recall": _short(recall[i]),
            "f1": _short(f1[i]),
            "n": int(counts[i]),
        }
        for i, label in enumerate(labels)
    }
    return {
        "n": len(truth),
        "macro_f1": _short(f1.mean()),
        "weighted_f1": _short(np.average(f1, weights=counts)),
        "accuracy": _short(right.mean()),
        "per_class": per_class,
        "coverage": _short(confident.mean()),
        "accuracy_confident": _short(right[confident].mean()) if confident.any() else None,
    }


def measure_alerts(truth: Sequence[str], told: Sequence[str], sure: Sequence[bool]) -> tuple[float, float]:
    """Precision and recall of what rings: sentiment that is surely called negative. 0 where nothing is."""
    rung = np.array(sure, dtype=bool) & (np.array(told) == "negative")
    negative = np.array(truth) == "negative"
    hits = float((rung & negative).sum())
    return _short(hits / max(1, rung.sum())), _short(hits / max(1, negative.sum()))


def number(figures: Mapping[str, Figure | PerClass], name: str) -> float:
    """One of the plain figures; 0 when there is none."""
    value = figures[name]
    return float(value) if isinstance(value, int | float) else 0.0


def _short(value: float) -> float:
    return round(float(value), 4)

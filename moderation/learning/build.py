"""`otklik model build`: the seed corpus to the shipped classifier."""

import json

from rich.console import Console

from moderation.learning.corpus import TEST_TRADES, read_seed, training_rows
from moderation.learning.judging import describe_rows
from moderation.learning.layers import prepare
from moderation.learning.training import collect, train
from moderation.triage import FIGURES, MODEL
from moderation.triage.classify import LinearTagger
from moderation.triage.examples import write_examples
from moderation.triage.weights import write


def main() -> None:
    """Train on the whole corpus and write the model's file."""
    console = Console(stderr=True)
    seed = read_seed()
    rows = training_rows(seed)
    with console.status(f"Reading {len(rows)} messages…") as status:
        example = prepare(rows)
        weights = train(example, status.update)
    write(weights, MODEL)
    write_examples(collect(example))
    figures = describe_rows(LinearTagger(weights, None), [row for row in seed if row.trade in TEST_TRADES])
    FIGURES.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"Model {weights.version}: {len(rows)} messages, {len(weights.terms)} terms, in {MODEL.name}.")

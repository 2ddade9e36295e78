"""`otklik model build`: the seed corpus to the shipped classifier."""

import json

from rich.console import Console

from moderation.learning.corpus import TEST_TRADES, read_seed, training_rows
from moderation.learning.judging import describe_rows
from moderation.learning.layers import prepare
from moderation.learning.training import check_kept, check_tuning, collect, teach_second, train
from moderation.triage import FIGURES, MODEL
from moderation.triage.classify import LinearTagger
from moderation.triage.examples import write_examples
from moderation.triage.weights import read, write


def main(*, tune: bool) -> None:
    """Train on the whole corpus and write the model's file. `tune`: the second look, too, from its package's encoder;
    without it the file's stays whole. SetupError where that cannot be, before any work is done."""
    console = Console(stderr=True)
    seed = read_seed()
    rows = training_rows(seed)
    kept = None if tune else read(MODEL).second
    if kept is None:
        check_tuning()
    else:
        check_kept(kept)
    with console.status(f"Reading {len(rows)} messages…") as status:
        example = prepare(rows)
        weights = train(example, kept or teach_second(example, status.update), status.update)
    write(weights, MODEL)
    write_examples(collect(example))
    figures = describe_rows(LinearTagger(weights, None), [row for row in seed if row.trade in TEST_TRADES])
    FIGURES.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"Model {weights.version}: {len(rows)} messages, {len(weights.terms)} terms, in {MODEL.name}.")

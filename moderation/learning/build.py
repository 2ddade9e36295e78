"""`otklik model build`: the seed corpus to the shipped classifier."""

from rich.console import Console

from moderation.learning.corpus import read_seed, training_rows
from moderation.learning.training import prepare, train
from moderation.triage import MODEL
from moderation.triage.weights import write


def main() -> None:
    """Train on the whole corpus and write the model's file."""
    console = Console(stderr=True)
    rows = training_rows(read_seed())
    with console.status(f"Training on {len(rows)} messages…"):
        weights = train(prepare(rows))
    write(weights, MODEL)
    console.print(f"Model {weights.version}: {len(rows)} messages, {len(weights.terms)} terms, in {MODEL.name}.")

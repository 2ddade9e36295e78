"""Writes the model card's figures: `python -m moderation.learning.card [FOLDER of public sets]`.

What lies between `<!-- figures -->` and `<!-- /figures -->` in `data/MODEL_CARD.md` is replaced.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from inbox.core.errors import SetupError
from moderation.learning.answers import judge_comments, read_comments
from moderation.learning.compare import KINDS, compare_features, time_features
from moderation.learning.corpus import (
    FIRST_TEST_TRADES,
    LATER_TEST_TRADES,
    TEST_TRADES,
    Row,
    read_seed,
    training_rows,
)
from moderation.learning.evaluate import Table, evaluate, told
from moderation.learning.folds import Calibration, cross_validate, reliability
from moderation.learning.layers import Example, look_at_all, prepare
from moderation.learning.measure import Figures, measure, measure_alerts, number
from moderation.learning.taught import Seen, see, teach, teach_in_folds
from moderation.learning.training import check_tuning, find_kinship
from moderation.triage import MODEL, load_tagger
from moderation.triage.classify import LinearTagger
from moderation.triage.embed import embed
from moderation.triage.normalise import normalise
from moderation.triage.weights import AGAIN, TASKS

CARD = Path(__file__).parent.parent / "data" / "MODEL_CARD.md"
TIMED = 64
"""Texts in a batch when costs are measured."""
STARTS = 5
START, END = "<!-- figures -->", "<!-- /figures -->"
PUBLIC: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "cedr_sent3_test.tsv": ("sentiment", {}),
    "goemotions_ru_sent3_test.tsv": ("sentiment", {}),
    "toxic_vk_distorted.tsv": ("toxic", {"ok": "0", "toxic": "1"}),
    "spam_tgspam": ("intent", {}),
}
"""Public sets: file, task, and our label for theirs."""
FOUR_FIFTHS = "the other four fifths"
TAUGHT: Mapping[str, str | None] = {
    "cedr_sent3_test.tsv": "cedr_sent3_train.tsv",
    "goemotions_ru_sent3_test.tsv": "goemotions_ru_sent3_validation.tsv",
    "toxic_vk_distorted.tsv": None,
}
"""Of public sets what else may teach the features, to see what they can do: a file, or folds of the set itself."""


def main(folder: Path | None) -> None:
    """Measure everything and rewrite the card's figures."""
    _read_prose()
    if folder is not None:
        _check_public(folder)
        check_tuning()
    rows = read_seed()
    tagger = load_tagger(cache=False)
    example = look_at_all(prepare(training_rows(rows)))
    parts = [
        f"Model `{tagger.model_version}`, {MODEL.stat().st_size / 1e6:.2f} MB.",
        describe_corpus(rows),
        describe_features(example.pick(np.flatnonzero(~example.told_to_nobody()))),
        describe_folds(example, tagger),
        describe_test(rows, tagger),
        describe_answers(tagger),
        describe_cost(rows, tagger),
    ]
    if folder is not None:
        parts += [describe_public(folder, tagger), describe_taught(folder, tagger, example)]
    before, after = _read_prose()
    CARD.write_text(f"{before}{START}\n{chr(10).join(parts)}\n{END}{after}", encoding="utf-8")


def _read_prose() -> tuple[str, str]:
    """What stands before and after the figures; read anew when they are written, for somebody may write meanwhile."""
    card = CARD.read_text(encoding="utf-8")
    if START not in card or END not in card:
        raise SetupError(f"{CARD.name} lacks the marks {START} and {END}.")
    return card.split(START)[0], card.split(END)[1]


def describe_corpus(rows: Sequence[Row]) -> str:
    """Counts by label, language and split."""
    trained = training_rows(rows)
    lines = [
        f"\n### Corpus\n\n{len(rows)} messages, {len(trained)} for training, {len(rows) - len(trained)} for tests.\n"
    ]
    for task in TASKS:
        counts = Counter(row.labels[task] for row in trained)
        lines.append(f"- {task}: " + ", ".join(f"{label} {count}" for label, count in counts.most_common()))
    languages = Counter(row.lang for row in rows)
    lines.append("- language: " + ", ".join(f"{lang} {count}" for lang, count in languages.most_common()))
    return "\n".join(lines)


def describe_features(example: Example) -> str:
    """Each feature set in each task."""
    compared = {(one.features, one.task): one.scores for one in compare_features(example)}
    costs = time_features(example)
    lines = [
        f"\n### Features compared\n\nOn the {len(example.rows)} training rows that are not told to nobody. Macro-F1 on "
        "a seventh of their trades, trained once on the others for each seed 0–4, which deals the trades: mean ± sd. "
        "Pieces are n-grams of 3–5 letters, words come with pairs of words; both are cut in one go. All: but for the "
        "second encoder. Cost: one core, a text, without the head.\n",
        _row(["features", *TASKS, "ms a text"]),
        _row(["---"] * 5),
    ]
    for kind in KINDS:
        cells = [f"{np.mean(compared[kind, task]):.3f} ± {np.std(compared[kind, task]):.3f}" for task in TASKS]
        lines.append(_row([kind, *cells, f"{1e3 * costs[kind]:.2f}"]))
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of rows in one task, beside what is true."""

    truth: Sequence[str]
    guesses: Sequence[str]
    sure: Sequence[bool]

    def pick(self, chosen: Sequence[bool]) -> "Told":
        """A part of them."""
        kept = [place for place, is_in in enumerate(chosen) if is_in]
        return Told(
            [self.truth[place] for place in kept],
            [self.guesses[place] for place in kept],
            [self.sure[place] for place in kept],
        )

    def cells(self) -> list[str]:
        """Under HEADS but for the task."""
        return _cells(measure(self.truth, self.guesses, self.sure))

    def alerts(self) -> str:
        """Of sentiment: how well what rings is chosen."""
        precision, recall = measure_alerts(self.truth, self.guesses, self.sure)
        return f"precision {precision:.3f} at recall {recall:.3f}"

    def is_right(self) -> list[bool]:
        """Row by row."""
        return [guess == label for guess, label in zip(self.guesses, self.truth, strict=True)]


def describe_folds(example: Example, tagger: LinearTagger) -> str:
    """The recipe on folds of the training trades, with calibration: by the first look, and by both where the second
    learned nothing; and by trade."""
    heads = tagger.weights.heads
    calibration = Calibration(
        {task: head.temperature for task, head in heads.items()}, {task: head.sure_from for task, head in heads.items()}
    )
    folds = cross_validate(example, find_kinship(example), tagger.weights.second)
    first, both = (calibration.settle(seen) for seen in (folds.look_once(), folds.look_twice(calibration)))
    by_looks = {("first", task): first[task][folds.held] for task in AGAIN} | {
        ("both", task): both[task] for task in AGAIN
    }
    lines = [
        "\n### The recipe on seven folds of the training trades, by the first look\n",
        *_describe_rows(example, tagger, {("first", task): first[task] for task in TASKS}),
        "\n### Both looks on the trades that the second look did not learn\n",
        *_describe_rows(example.pick(folds.held), tagger, by_looks),
        "\nAccuracy by trade at a first look, each predicted by a model that saw no row of it:\n",
        _row(["trade", "n", *TASKS]),
        _row(["---"] * 5),
    ]
    told = {task: _tell_table(example, tagger, task, first[task]) for task in TASKS}
    for trade in np.unique(example.trades).tolist():
        chosen = (example.trades == trade).tolist()
        shares = [f"{np.mean(told[task].pick(chosen).is_right()):.2f}" for task in TASKS]
        lines.append(_row([trade, str(sum(chosen)), *shares]))
    return "\n".join(lines)


def _describe_rows(
    example: Example, tagger: LinearTagger, tables: Mapping[tuple[str, str], npt.NDArray[np.float64]]
) -> list[str]:
    """By looks and task what calibrated probabilities say of all rows, then of those that are written to a brand."""
    told = {key: _tell_table(example, tagger, key[1], table) for key, table in tables.items()}
    to_brands = {key: one.pick(example.to_brands().tolist()) for key, one in told.items()}
    lines = [_row(["looks", *HEADS, "ECE"]), _row(["---"] * 8)]
    for key, one in told.items():
        honest = reliability(tables[key], example.labels(key[1]))
        lines.append(_row([*key, *one.cells(), f"{honest:.3f}"]))
    lines += [f"\n{_list_alerts(told)} Without public talk:\n", _row(["looks", *HEADS]), _row(["---"] * 7)]
    lines += [_row([*key, *one.cells()]) for key, one in to_brands.items()]
    return [*lines, f"\n{_list_alerts(to_brands)}"]


def _tell_table(example: Example, tagger: LinearTagger, task: str, table: npt.NDArray[np.float64]) -> Told:
    best, labels = table.argmax(axis=1), TASKS[task]
    sure = table.max(axis=1) >= np.array(tagger.weights.heads[task].sure_from)[best]
    return Told([row.labels[task] for row in example.rows], [labels[place] for place in best], sure.tolist())


def _list_alerts(told: Mapping[tuple[str, str], Told]) -> str:
    said = [f"{one.alerts()} ({looks})" for (looks, task), one in told.items() if task == "sentiment"]
    return f"Alerts on negative messages: {', '.join(said)}."


HEADS = ("task", "n", "macro-F1", "accuracy", "coverage", "right when sure")


def describe_test(rows: Sequence[Row], tagger: LinearTagger) -> str:
    """The shipped model on trades that it never saw."""
    parts = (("first five", FIRST_TEST_TRADES), ("later eight", LATER_TEST_TRADES))
    return "\n".join(_describe_trades(rows, tagger, name, trades) for name, trades in parts)


def _describe_trades(rows: Sequence[Row], tagger: LinearTagger, name: str, trades: frozenset[str]) -> str:
    told = _tell([row for row in rows if row.trade in trades], tagger)
    lines = [f"\n### The shipped model, with second looks, on the {name} test trades\n"]
    lines += [_row(HEADS), _row(["---"] * 6), *(_row([task, *one.cells()]) for task, one in told.items())]
    lines += [f"\nAlerts on negative messages: {told['sentiment'].alerts()}.", "\nF1 by class:\n"]
    for task, one in told.items():
        classes = measure(one.truth, one.guesses, one.sure)["per_class"]
        if isinstance(classes, dict):
            lines.append(f"- {task}: " + ", ".join(f"{label} {each['f1']:.2f}" for label, each in classes.items()))
    return "\n".join(lines)


def describe_answers(tagger: LinearTagger) -> str:
    """Which comments need an answer, by the shipped model and the rules of intake."""
    outcome = judge_comments(read_comments(), tagger)
    return (
        f"\n### Which comments need an answer\n\n{len(outcome.comments)} labelled comments, with whom each answers: "
        f"recall {outcome.recall:.3f} at precision {outcome.precision:.3f}."
    )


def describe_public(folder: Path, tagger: LinearTagger) -> str:
    """The shipped model on sets of others, which it never saw either."""
    lines = ["\n### The shipped model on public sets\n", _row(["set", "looks", *HEADS]), _row(["---"] * 8)]
    by_class = ["\nF1 by class (precision, recall):\n"]
    for name, (task, ours) in PUBLIC.items():
        if name == "spam_tgspam":
            lines += [_describe_spam(folder, tagger, hurried=hurried) for hurried in (True, False)]
            continue
        texts, labels = _read_public(folder / name)
        table = Table(texts, {task: [ours.get(label, label) for label in labels]})
        for hurried in (True, False) if task in AGAIN else (True,):
            figures = evaluate(tagger, table, hurried=hurried)[task]
            if isinstance(figures, dict):
                looks = "first" if hurried else "both"
                lines.append(_row([name.removesuffix(".tsv"), looks, task, *_cells(figures)]))
                by_class.append(f"- {name.removesuffix('.tsv')}, {looks}: {_list_classes(figures)}")
    return "\n".join([*lines, *by_class])


def describe_taught(folder: Path, tagger: LinearTagger, example: Example) -> str:
    """What the features can do where a set's own labels teach them; on insults also with embeddings by an encoder that
    the insults of the corpus tuned."""
    from moderation.learning.tuned import see_by, tune_to_insults  # loads JAX, which the card's processes can spare

    lines = [
        "\n### The features taught by a public set's own labels\n\nBoth encoders' embeddings, the terms and the "
        "shipped model's first look, in one layer; nothing of it is shipped. The VK set in five folds; comments that "
        "are alike share one, as authors are not named there. Tuned: with embeddings by the shipped second encoder as "
        "the insults of our corpus tuned it further, too; no row of the set taught it. Slurs: a list of ours, too.\n",
        _row(["set", "learned", "n", "macro-F1", "accuracy"]),
        _row(["---"] * 5),
    ]
    for name, teacher in TAUGHT.items():
        seen = _see_public(folder, name, name, tagger)
        if teacher is None:
            tuned = see_by(tune_to_insults(example, Console(stderr=True).print, tagger.weights.second), seen)
            taught = [
                (FOUR_FIFTHS, teach_in_folds(seen)),
                (f"{FOUR_FIFTHS}, tuned", teach_in_folds(tuned)),
                (f"{FOUR_FIFTHS}, tuned, slurs", teach_in_folds(replace(tuned, with_slurs=True))),
            ]
        else:
            taught = [(teacher.removesuffix(".tsv"), teach(_see_public(folder, teacher, name, tagger), seen))]
        for learned, figures in taught:
            scores = [f"{number(figures, score):.3f}" for score in ("macro_f1", "accuracy")]
            lines.append(_row([name.removesuffix(".tsv"), learned, str(figures["n"]), *scores]))
    return "\n".join(lines)


def _see_public(folder: Path, name: str, measured: str, tagger: LinearTagger) -> Seen:
    """A file, labelled as the set that is measured."""
    task, ours = PUBLIC[measured]
    texts, labels = _read_public(folder / name)
    return see(tagger, texts, [ours.get(label, label) for label in labels], task)


def _list_classes(figures: Figures) -> str:
    classes = figures["per_class"]
    if not isinstance(classes, dict):
        return ""
    return ", ".join(
        f"{label} {one['f1']:.2f} ({one['precision']:.2f}, {one['recall']:.2f})" for label, one in classes.items()
    )


def _describe_spam(folder: Path, tagger: LinearTagger, *, hurried: bool) -> str:
    """Their spam and ham against our "spam or not"."""
    spam, ham = (_read_public(folder / f"spam_tgspam_{kind}.tsv")[0] for kind in ("spam", "ham"))
    tags = tagger.tag([*spam, *ham], hurried=hurried)
    truth = ["spam"] * len(spam) + ["ham"] * len(ham)
    guesses = ["spam" if told(tagged, "intent") == "spam" else "ham" for tagged in tags]
    cells = _cells(measure(truth, guesses, ["intent" not in tagged.unsure for tagged in tags]))
    return _row(["spam_tgspam", "first" if hurried else "both", "spam or not", *cells])


def _check_public(folder: Path) -> None:
    spam = [f"spam_tgspam_{kind}.tsv" for kind in ("spam", "ham")]
    teachers = [name for name in TAUGHT.values() if name is not None]
    for name in [*spam, *teachers, *(name for name in PUBLIC if name.endswith(".tsv"))]:
        if not (folder / name).is_file():
            raise SetupError(f"{folder / name} is missing: name the folder that holds the public sets.")


def _read_public(path: Path) -> tuple[list[str], list[str]]:
    pairs = [line.rpartition("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [text for text, _, _ in pairs], [label for _, _, label in pairs]


def describe_cost(rows: Sequence[Row], tagger: LinearTagger) -> str:
    """Processor time of a text beside the bare encoder's, in turns; what a second look adds for messages to a brand;
    start and memory of a process that tags."""
    texts = list(dict.fromkeys(row.text for row in rows))
    to_brands = [row.text for row in rows if row.trade in TEST_TRADES]
    batches = [texts[start : start + TIMED] for start in range(0, len(texts) - TIMED, TIMED)]
    ours, bare = [], []
    for batch in batches:
        started = time.process_time()
        embed([normalise(text) for text in batch])
        between = time.process_time()
        tagger.tag(batch, hurried=True)
        bare.append((between - started) / len(batch))
        ours.append((time.process_time() - between) / len(batch))
    whole, encoder = float(np.median(ours)), float(np.median(bare))
    started = time.process_time()
    tagger.tag(to_brands, hurried=True)
    between = time.process_time()
    tagger.tag(to_brands)
    added = (time.process_time() - between) - (between - started)
    imported, loaded, megabytes, second = min((_start_apart() for _ in range(STARTS)), key=lambda start: start[1])
    return (
        f"\n### Cost\n\n{1e3 * whole:.2f} ms of one core a text in batches of {TIMED} ({1 / whole:.0f} texts/s), "
        f"of which {1e3 * encoder:.2f} ms are the encoder and its input ({1 / encoder:.0f} texts/s): "
        f"{encoder / whole:.2f} of its speed. A new process imports what tags for {imported:.1f} s, loads model and "
        f"encoder up to its first tag for {loaded:.1f} s (the least of {STARTS} starts), and then takes "
        f"{megabytes:.0f} MB more than a bare one, {second:.0f} MB once the second encoder has read "
        f"something. Second looks cost {1e3 * added / len(to_brands):.1f} ms a text on the test trades, "
        "and nothing while intake is behind."
    )


def _start_apart() -> tuple[float, float, float, float]:
    """Of a process of its own: processor seconds of imports, then to the first tag; resident megabytes beyond bare,
    then and after a second look."""
    program = (
        "import time, psutil; resident = lambda: psutil.Process().memory_info().rss; bare = resident(); "
        "began = time.process_time(); from moderation.triage import load_tagger; imported = time.process_time(); "
        "tagger = load_tagger(); tagger.tag(['first']); loaded = time.process_time(); first = resident(); "
        "from moderation.triage.normalise import normalise; tagger.second.embed([normalise('второй взгляд')]); "
        "print(imported - began, loaded - imported, first - bare, resident() - bare)"
    )
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603
    imported, loaded, first, second = (float(number) for number in answer.stdout.split())
    return imported, loaded, first / 1024**2, second / 1024**2


def _tell(rows: Sequence[Row], tagger: LinearTagger) -> dict[str, Told]:
    tags = tagger.tag([row.text for row in rows])
    return {
        task: Told(
            [row.labels[task] for row in rows],
            [told(tagged, task) for tagged in tags],
            [task not in tagged.unsure for tagged in tags],
        )
        for task in TASKS
    }


def _cells(figures: Figures) -> list[str]:
    names = ("macro_f1", "accuracy", "coverage", "accuracy_confident")
    return [str(figures["n"]), *(f"{number(figures, name):.3f}" for name in names)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    Console(stderr=True).print(f"{CARD.name} is written.")

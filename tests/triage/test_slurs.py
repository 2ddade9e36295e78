"""What quarrels insult with, as features of a public set."""

import numpy as np
import pytest

from moderation.learning.slurs import MOST, STEMS, note_slurs
from moderation.triage.normalise import normalise


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("Ватники и укропы", ["ват(?:н|ан|енок|а\\b)", "укроп"]),
        ("КОЗЁЛ!", ["козе?л"]),
        ("п@разиты", ["паразит"]),
        ("Сколько стоит набор для поделок?", []),
        ("подарок соседям, рабочий день, урождённая", []),
        ("", []),
    ],
)
def test_beginnings_of_words_are_noted_in_both_faces(text: str, stems: list[str]) -> None:
    (found,) = note_slurs([normalise(text)])
    assert [STEMS[place] for place in np.flatnonzero(found[:-1])] == stems
    assert found[-1] == len(stems)


def test_more_slurs_than_some_say_no_more() -> None:
    (found,) = note_slurs([normalise("тварь, мразь, гнида, урод")])
    assert (found[:-1].sum(), found[-1]) == (4, MOST)

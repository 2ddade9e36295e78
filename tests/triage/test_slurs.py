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
    assert [STEMS[place] for place in np.flatnonzero(found[:-2])] == stems
    assert found[-1] == len(stems)


def test_an_obscene_word_is_noted_as_one() -> None:
    (found,) = note_slurs(
        [
            normalise("п и з д е ц какой-то"),
        ]
    )
    assert (found[:-2].sum(), found[-2], found[-1]) == (0, 1, 1)


def test_more_slurs_than_some_say_no_more() -> None:
    (found,) = note_slurs([normalise("тварь, мразь, гнида, урод")])
    assert (found[:-1].sum(), found[-1]) == (4, MOST)

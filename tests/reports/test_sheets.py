"""Cells of files for spreadsheets."""

import pytest

from inbox.core.sheets import harmless


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"), ("-2+3", "'-2+3"), ("@cmd", "'@cmd"), ("\t=1", "'\t=1"), ("\x00=1", "'=1"),
        ("+79990001122", "+79990001122"), ("—", "—"), ("Анна\x07", "Анна"), ("", ""), (5, 5), (1.5, 1.5), (None, None),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula_and_none_is_refused(cell: str | float | None, shown: str | float | None) -> None:
    assert harmless(cell) == shown

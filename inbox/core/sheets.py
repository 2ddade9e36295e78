"""What files for spreadsheets have in common: media types, cells that are safe to open, CSV that opens right."""

import csv
import io
from collections.abc import Iterable, Sequence

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


def harmless(cell: Cell) -> Cell:
    """What people wrote must not become a formula, and control characters are refused by XLSX; a phone number stays."""
    if not isinstance(cell, str):
        return cell
    shown = "".join(c for c in cell if c >= " " or c in "\n\t")
    is_phone = shown.startswith("+") and shown[1:].isdecimal()
    return f"'{shown}" if shown.startswith(_FORMULA) and not is_phone else shown


def make_csv(rows: Iterable[Sequence[Cell]], locale: str) -> bytes:
    """UTF-8 with a mark, as a spreadsheet in the reader's language opens it by a double click.

    In Russian fractions have a comma and semicolons stand between cells, else a point and commas.
    """
    is_russian = locale == "ru"
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if is_russian else ",", lineterminator="\r\n")
    writer.writerows([_written(harmless(cell), with_comma=is_russian) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _written(cell: Cell, *, with_comma: bool) -> Cell:
    return str(cell).replace(".", ",") if with_comma and isinstance(cell, float) else cell

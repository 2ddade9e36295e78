"""The SLA report as a file: CSV for programs, XLSX for people, with the same rows."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

from openpyxl import Workbook
from openpyxl.styles import Font

from inbox.core.i18n import N_, Words
from inbox.core.sheets import Cell, harmless
from inbox.reports.figures import Figures, Pair
from inbox.reports.service import Report

HEAD = (
    N_("Cut"), N_("What"), N_("Answers"), N_("waits"), N_("In time, %"), N_("Late"), N_("Median, min"),
    N_("9 of 10 faster, min"), N_("Median by the wall clock, min"), N_("9 of 10 by the wall clock, min"),
    N_("Right in VK or Telegram"), N_("Came while closed"), N_("Left out: lost connections"),
)  # fmt: skip


def rows(report: Report, words: Words) -> Iterator[list[Cell]]:
    """The head, then a row for first and one for next responses of everything."""
    yield [words.gettext(title) for title in HEAD]
    yield from _pair(words, N_("In all"), "", report.total)
    for day, pair in sorted(report.days.items()):
        yield from _pair(words, N_("By day"), day.isoformat(), pair)
    cuts = {"agent": N_("By person"), "team": N_("By team"), "channel": N_("By channel"), "hour": N_("By hour")}
    for dimension, cut in cuts.items():
        for group, pair in report.group(dimension):
            name = f"{group[2]:02}:00" if dimension == "hour" else report.names.get(group, "") or "—"
            yield from _pair(words, cut, name, pair)
    for workspace_id, pair in sorted(report.workspaces.items()):
        name = report.names.get((workspace_id, "workspace", workspace_id), "")
        yield from _pair(words, N_("By project"), name, pair)


def to_csv(report: Report, words: Words) -> bytes:
    """UTF-8 with a mark, so that spreadsheets read it right; separated by semicolons."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(
        [harmless(cell) for cell in row] for row in rows(report, words)
    )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def to_xlsx(report: Report, words: Words) -> bytes:
    """One sheet with a bold head that stays in sight."""
    book = Workbook(write_only=False)
    sheet = book.active
    if sheet is None:
        sheet = book.create_sheet()
    sheet.title = words.gettext("Response time")[:31]
    for row in rows(report, words):
        sheet.append([harmless(cell) for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJKLM", (14, 28, 16, *[14] * 10), strict=True):
        sheet.column_dimensions[letter].width = width
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _pair(words: Words, cut: str, name: str, pair: Pair) -> Iterator[list[Cell]]:
    for kind, figures in ((N_("first"), pair.first), (N_("next"), pair.next)):
        if figures.total or figures.counts["left_out"]:
            yield [words.gettext(cut), name, words.gettext(kind), *_numbers(figures)]


def _numbers(figures: Figures) -> list[Cell]:
    share = figures.met_share
    lengths = [figures.length(part, wall=wall) for wall in (False, True) for part in (0.5, 0.9)]
    return [
        figures.total, None if share is None else round(share * 100, 1), figures.counts["late"],
        *(None if length is None else round(length / timedelta(minutes=1), 1) for length in lengths),
        figures.counts["outside"], figures.counts["came_closed"], figures.counts["left_out"],
    ]  # fmt: skip

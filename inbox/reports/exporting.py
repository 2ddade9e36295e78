"""The SLA report and the late answers behind it as files: CSV, and both as sheets of an XLSX, with the same rows."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from inbox.core.i18n import N_, Words
from inbox.core.sheets import Cell, harmless, make_csv
from inbox.reports.breaches import MOST, Breach
from inbox.reports.figures import Figures, Pair
from inbox.reports.service import Report

HEAD = (
    N_("Cut"), N_("What"), N_("Which answer"), N_("waits"), N_("In time, %"), N_("Late"), N_("Median, min"),
    N_("9 of 10 faster, min"), N_("Median by the wall clock, min"), N_("9 of 10 by the wall clock, min"),
    N_("Right in VK or Telegram"), N_("Came while closed"), N_("Left out: lost connections"),
)  # fmt: skip
BREACH_HEAD = (
    N_("Project"), N_("Conversation"), N_("Written"), N_("Which answer"), N_("Due"), N_("Answered"),
    N_("Late by the wall clock, min"), N_("Channel"), N_("Team"), N_("Who"),
)  # fmt: skip
OUTSIDE, NO_TEAM = N_("outside the panel"), N_("without a team")
NOBODY = {"agent": OUTSIDE, "team": NO_TEAM}
"""Whose what belongs to nobody is: with these rows each cut sums up to everything."""
MINUTE = timedelta(minutes=1)


def rows(report: Report, words: Words) -> Iterator[list[Cell]]:
    """The head, then a row for first and one for next responses of everything."""
    yield [words.gettext(title) for title in HEAD]
    yield from _pair(words, N_("In all"), "", report.total)
    for day, pair in sorted(report.days.items()):
        yield from _pair(words, N_("By day"), day.isoformat(), pair)
    cuts = {"agent": N_("By person"), "team": N_("By team"), "channel": N_("By channel"), "hour": N_("By hour")}
    for dimension, cut in cuts.items():
        nobody = NOBODY.get(dimension, "—")
        for group, pair in report.group(dimension):
            name = f"{group[2]:02}:00" if dimension == "hour" else report.names.get(group) or words.gettext(nobody)
            yield from _pair(words, cut, name, pair)
    for workspace_id, pair in sorted(report.workspaces.items()):
        name = report.names.get((workspace_id, "workspace", workspace_id), "")
        yield from _pair(words, N_("By project"), name, pair)


def breach_rows(breaches: Sequence[Breach], words: Words, now: datetime) -> Iterator[list[Cell]]:
    """The head, then a row for each of MOST; what still waits has no answer, and is as late as it is at `now`."""
    yield [words.gettext(title) for title in BREACH_HEAD]
    for one in breaches[:MOST]:
        late_by = one.late_by(now)
        yield [
            one.project, one.conversation_id, _time(one.since_at, one.zone),
            words.gettext(N_("first") if one.is_first else N_("next")), _time(one.due_at, one.zone),
            _time(one.answered_at, one.zone), None if late_by is None else round(late_by / MINUTE, 1), one.channel,
            one.team or words.gettext(NO_TEAM), one.agent or words.gettext(OUTSIDE),
        ]  # fmt: skip
    if len(breaches) > MOST:
        yield [words.gettext("Only the first %(n)s are listed: choose a shorter period.", n=words.number(MOST))]


def to_csv(report: Report, words: Words) -> bytes:
    """As `make_csv` says."""
    return make_csv(rows(report, words), words.locale)


def breaches_to_csv(breaches: Sequence[Breach], words: Words, now: datetime) -> bytes:
    """As `make_csv` says."""
    return make_csv(breach_rows(breaches, words, now), words.locale)


def to_xlsx(report: Report, breaches: Sequence[Breach], words: Words, now: datetime) -> bytes:
    """Two sheets, each with a bold head that stays in sight: figures, and late answers one by one."""
    book = Workbook()
    _fill(book.active, words.gettext("Response time"), rows(report, words), (14, 28, 16, *[14] * 10))
    late = book.create_sheet()
    _fill(late, words.gettext("Late"), breach_rows(breaches, words, now), (20, 12, 17, 12, 17, 17, 14, 20, 20, 20))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _fill(sheet: Worksheet, title: str, lines: Iterable[list[Cell]], widths: Sequence[int]) -> None:
    sheet.title = title[:31]
    for row in lines:
        sheet.append([harmless(cell) for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJKLM", widths, strict=False):
        sheet.column_dimensions[letter].width = width


def _time(instant: datetime | None, zone: str) -> str:
    return "" if instant is None else f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _pair(words: Words, cut: str, name: str, pair: Pair) -> Iterator[list[Cell]]:
    for kind, figures in ((N_("first"), pair.first), (N_("next"), pair.next)):
        if figures.total or figures.counts["left_out"]:
            yield [words.gettext(cut), name, words.gettext(kind), *_numbers(figures)]


def _numbers(figures: Figures) -> list[Cell]:
    share = figures.met_share
    lengths = [figures.length(part, wall=wall) for wall in (False, True) for part in (0.5, 0.9)]
    return [
        figures.total, None if share is None else round(share * 100, 1), figures.counts["late"],
        *(None if length is None else round(length / MINUTE, 1) for length in lengths),
        figures.counts["outside"], figures.counts["came_closed"], figures.counts["left_out"],
    ]  # fmt: skip

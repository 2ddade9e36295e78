"""Leads as a table for spreadsheets: CSV and XLSX."""

import io
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from openpyxl import Workbook

from inbox.core.i18n import N_, Words
from inbox.core.sheets import Cell, harmless, make_csv
from routing.leads.listing import Listed
from routing.leads.models import Stage

MOST = 10_000
COLUMNS = (
    N_("Number"), N_("Written"), N_("Subscriber"), N_("Words"), N_("Phone"), N_("Channel"), N_("Post"), N_("Stage"),
    N_("Reason"), N_("Sum"), N_("Owner"), N_("Taken up"), N_("First answer"),
)  # fmt: skip
STAGES = {
    Stage.NEW: N_("new"), Stage.TAKEN_UP: N_("taken up"), Stage.WON: N_("won"), Stage.LOST: N_("lost"),
    Stage.NOT_A_LEAD: N_("not a lead"),
}  # fmt: skip


def write_csv(leads: Sequence[Listed], words: Words, zone: str) -> bytes:
    """As `make_csv` says."""
    head: list[Cell] = [words.gettext(column) for column in COLUMNS]
    return make_csv([head, *(_row(one, words, zone) for one in leads)], words.locale)


def write_xlsx(leads: Sequence[Listed], words: Words, zone: str) -> bytes:
    """One sheet with a head that stays."""
    book = Workbook()
    sheet = book.active
    sheet.title = words.gettext("Leads")
    sheet.append([words.gettext(column) for column in COLUMNS])
    for one in leads:
        sheet.append([harmless(cell) for cell in _row(one, words, zone)])
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _row(listed: Listed, words: Words, zone: str) -> list[Cell]:
    lead = listed.lead
    return [
        lead.id, _time(lead.heard_at, zone), lead.contact.name, lead.text, lead.phone or "", lead.channel.name,
        lead.post.text[:200] if lead.post is not None else "", words.gettext(STAGES[lead.stage]),
        words.gettext(lead.reason), float(lead.amount) if lead.amount is not None else "",
        lead.owner.name if lead.owner is not None else "",
        _time(lead.taken_up_at, zone), _time(listed.first_answer_at, zone),
    ]  # fmt: skip


def _time(instant: datetime | None, zone: str) -> str:
    return "" if instant is None else f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"

"""The report as files: opened rightly in the reader's language, with rows that sum up, and late answers one by one."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from inbox.agents.models import Agent
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.i18n import words_in
from inbox.core.sheets import make_csv
from inbox.reports.breaches import MOST, Breach
from inbox.reports.exporting import breach_rows
from inbox.reports.models import ResponseTime
from inbox.reports.rollups import mark_everything
from inbox.sla.sweep import sweep
from tests.api.subscribers import Subscribers
from tests.company import Company

MINUTE = timedelta(minutes=1)
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
ROWS: list[list[str | float | None]] = [["а;б", 12.5, 3], ["=1", None, 0.0]]


@pytest.mark.parametrize(
    ("locale", "text"), [("ru", '"а;б";12,5;3\r\n\'=1;;0,0\r\n'), ("en", "а;б,12.5,3\r\n'=1,,0.0\r\n")]
)
def test_fractions_and_separators_are_the_languages(locale: str, text: str) -> None:
    assert make_csv(ROWS, locale) == b"\xef\xbb\xbf" + text.encode()


async def table(browser: httpx.AsyncClient, address: str, delimiter: str) -> list[dict[str, str]]:
    """The file's rows by its head."""
    answer = await browser.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=delimiter))


async def test_rows_sum_up_to_everything_and_late_ones_say_by_how_much(
    company: Company, subscribers: Subscribers
) -> None:
    owner = company.people["owner"].agent_id
    talks = [await subscribers.write("Где заказ?", str(600 + n), ago=(40 + n) * MINUTE) for n in range(4)]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())
        for n, talk in enumerate(talks[:3]):
            fact = update(ResponseTime).where(ResponseTime.conversation_id == talk.conversation_id)
            answered_at = company.clock() - (24 - n) * MINUTE
            await session.execute(
                fact.values(
                    answered_at=answered_at, agent_id=owner if n else None, is_outside=not n, working_seconds=60,
                    wall_seconds=60, due_at=answered_at - timedelta(minutes=2, seconds=30),
                )
            )  # fmt: skip
        await session.execute(update(Agent).values(locale="ru").where(Agent.id == owner))
        await mark_everything(session)
        await sweep(session, company.clock())
    place = f"/w/{company.workspace_id}/sla"
    english, russian = await company.browser_of("admin"), await company.browser_of("owner")
    for browser, delimiter, names, outside in (
        (english, ",", ("Cut", "What", "waits", "Late", "By person"), "outside the panel"),
        (russian, ";", ("Разрез", "Что", "ожиданий", "Опоздали", "По людям"), "вне панели"),
    ):
        cut, what, waits, late, by_person = names
        found = await table(browser, f"{place}/export.csv", delimiter)
        sums: Counter[str] = Counter()
        for row in found:
            sums[row[cut]] += int(row[waits])
        assert len(set(sums.values())) == 1, sums
        assert {row[what]: row[late] for row in found if row[cut] == by_person} == {"Owner": "2", outside: "2"}
    (first, *_), (ru_first, *_) = [
        await table(browser, f"{place}/late.csv", delimiter) for browser, delimiter in ((english, ","), (russian, ";"))
    ]
    listed = await table(english, f"{place}/late.csv", ",")
    assert len(listed) == 4
    lateness = {int(row["Conversation"]): row["Late by the wall clock, min"] for row in listed}
    assert [lateness[talk.conversation_id] for talk in talks[:3]] == ["2.5"] * 3
    assert float(lateness[talks[3].conversation_id]) == pytest.approx(28, abs=0.5)
    assert {row["Who"] for row in listed} == {"Owner", "outside the panel"}
    assert "." in first["Late by the wall clock, min"]
    assert "," in ru_first["Опоздание по обычным часам, мин"]
    book = load_workbook(io.BytesIO((await english.get(f"{place}/export.xlsx")).content))
    assert [sheet.max_row for sheet in book.worksheets][1] == 5
    assert "late.csv" in (await english.get(place)).text


async def test_the_late_list_is_for_who_reads_reports_of_the_project(
    company: Company, subscribers: Subscribers
) -> None:
    await subscribers.write("Где заказ?", "601", ago=40 * MINUTE, channel=subscribers.foreign)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep(session, company.clock())
    moderator, owner = await company.browser_of("moderator"), await company.browser_of("owner")
    assert (await moderator.get(f"/w/{company.workspace_id}/sla/late.csv")).status_code == 403
    assert (await owner.get(f"/w/{company.foreign_id}/sla/late.csv")).status_code == 404
    assert await table(owner, "/w/all/sla/late.csv", ",") == []


def test_a_list_that_was_cut_says_so() -> None:
    one = Breach(
        "Лад",
        "Europe/Moscow",
        1,
        is_first=True,
        since_at=AT,
        due_at=AT,
        answered_at=None,
        channel="Telegram",
        team=None,
        agent=None,
    )
    whole, cut = (list(breach_rows([one] * count, words_in("en"), AT)) for count in (MOST, MOST + 1))
    assert len(whole) == MOST + 1
    assert len(cut) == MOST + 2
    assert cut[-1] == ["Only the first 10,000 are listed: choose a shorter period."]

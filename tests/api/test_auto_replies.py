"""Auto-replies over the API and as a settings page."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from inbox.audit.models import AuditEntry
from inbox.calendars.models import Calendar, CalendarInterval
from inbox.core.database import EVERY_WORKSPACE
from routing.autoreplies.models import AutoReply
from routing.autoreplies.schemas import AutoReplyOut
from tests.company import Company

pytestmark = pytest.mark.outside
AT = "/api/v1/auto-replies"
TEXT = "Здравствуйте, {name}! Ответим {opening}."


async def open_on_mondays(company: Company) -> None:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        calendar = Calendar(workspace_id=company.workspace_id, name="Часы", time_zone="Europe/Moscow", is_default=True)
        session.add(calendar)
        await session.flush()
        session.add(
            CalendarInterval(
                workspace_id=company.workspace_id, calendar_id=calendar.id, weekday=0, opens_minute=600,
                closes_minute=1140,
            )
        )  # fmt: skip


async def test_one_is_written_changed_listed_and_deleted(company: Company) -> None:
    owner, moderator = await company.client_of("owner"), await company.client_of("moderator")
    body = {"workspace_id": company.workspace_id, "name": "Ночь", "kind": "after_hours", "text": f"  {TEXT} "}
    assert (await moderator.post(AT, json=body)).status_code == 403
    created = await owner.post(AT, json=body)
    assert created.status_code == 201, created.text
    row = AutoReplyOut.model_validate_json(created.content)
    assert (row.text, row.public, row.public_cap, row.enabled) == (TEXT, False, 3, True)
    changed = await owner.patch(f"{AT}/{row.id}", json={"enabled": False, "channel_id": company.channel_id})
    assert (changed.json()["enabled"], changed.json()["channel_id"]) == (False, company.channel_id)
    assert [one["id"] for one in (await moderator.get(AT)).json()["items"]] == [row.id]
    assert (await owner.delete(f"{AT}/{row.id}")).status_code == 204
    assert (await owner.get(f"{AT}/{row.id}")).status_code == 404
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        actions = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
        assert list(actions) == ["auto_reply.created", "auto_reply.changed", "auto_reply.deleted"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "   "}, "text"),
        ({"text": "Откроемся {tomorrow}"}, "text"),
        ({"kind": "greeting"}, "text"),
        ({"channel_id": 10**9}, "channel_id"),
        ({"public_cap": 0}, "public_cap"),
        ({"locale": "de"}, "locale"),
        ({"name": " "}, "name"),
    ],
)
async def test_what_could_not_be_sent_as_it_is_meant_names_the_field(
    company: Company, changes: dict[str, object], field: str
) -> None:
    owner = await company.client_of("owner")
    body = {"workspace_id": company.workspace_id, "name": "Ночь", "kind": "after_hours", "text": TEXT, **changes}
    answer = await owner.post(AT, json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_preview_says_what_would_be_read_at_that_moment(company: Company) -> None:
    await open_on_mondays(company)
    owner = await company.client_of("owner")
    saturday = datetime(2026, 11, 28, 9, tzinfo=UTC).isoformat()
    body = {"workspace_id": company.workspace_id, "text": TEXT, "at": saturday, "name": "Олег Ким"}
    shown = (await owner.post(f"{AT}/preview", json=body)).json()
    assert shown["text"] == "Здравствуйте, Олег! Ответим в понедельник в 10:00."
    assert (shown["open"], shown["opens_at"]) == (False, "2026-11-30T07:00:00Z")
    monday = datetime(2026, 11, 30, 9, tzinfo=UTC).isoformat()
    assert (await owner.post(f"{AT}/preview", json={**body, "at": monday})).json()["text"] is None


async def test_the_page_keeps_what_was_typed_when_it_is_refused(company: Company) -> None:
    await open_on_mondays(company)
    browser = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings/auto-replies"
    assert "Nobody is told when you are back" in (await browser.get(at)).text
    form = {"kind": "after_hours", "name": "Ночь", "text": "Откроемся {tomorrow}", "enabled": "1"}
    refused = await browser.post(at, data=form)
    assert refused.status_code == 422
    assert "There are two variables" in refused.text
    assert "Откроемся {tomorrow}" in refused.text
    assert (await browser.post(at, data={**form, "text": TEXT})).status_code == 303
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        row = (await session.scalars(select(AutoReply))).one()
    wrong = await browser.post(f"{at}/{row.id}", data={"name": "Ночь", "text": ""})
    assert wrong.status_code == 422
    assert (await browser.post(f"{at}/{row.id}", data={"name": "Вечер", "text": TEXT})).status_code == 303
    page = (await browser.get(at)).text
    assert "Вечер" in page
    assert "switched off" in page
    shown = await browser.post(f"{at}/preview", data={"text": TEXT, "at": "2026-11-28T12:00", "locale": "en"})
    assert "on Monday at 10:00" in shown.text
    assert (await browser.post(f"{at}/{row.id}/remove")).status_code == 303
    assert (await (await company.browser_of("moderator")).get(at)).status_code == 403

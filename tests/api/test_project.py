"""A project's colour: one by its number until somebody chooses; shown on rows of all projects and above composers."""

from html import unescape

import pytest
from sqlalchemy import select

from inbox.audit.models import AuditEntry
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.colours import Colour, colour_of
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def colour(company: Company, name: str) -> str:
    """The first project's colour as the API tells it to somebody."""
    client = await company.client_of(name)
    workspaces = (await client.get("/api/v1/me")).json()["workspaces"]
    return next(str(one["colour"]) for one in workspaces if one["id"] == company.workspace_id)


def test_neighbours_by_number_differ_and_what_was_chosen_stands() -> None:
    by_itself = [colour_of(number, None) for number in range(1, 8)]
    assert len(set(by_itself)) == 7
    assert Colour.GREY not in by_itself
    assert colour_of(1, Colour.GREY) is Colour.GREY


async def test_an_owner_chooses_the_colour_and_all_see_it(company: Company) -> None:
    assert await colour(company, "moderator") == colour_of(company.workspace_id, None)
    browser = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}/settings/project"
    assert (await browser.get(at)).status_code == 200
    saved = await browser.post(at, data={"colour": "amber"})
    assert saved.status_code == 200, saved.text
    assert await colour(company, "moderator") == "amber"
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "workspace.changed"))).one()
    assert entry.after == {"colour": "amber"}
    assert (await browser.post(at, data={"colour": "#ff0000"})).status_code == 422


async def test_a_moderator_may_not(company: Company) -> None:
    browser = await company.browser_of("moderator")
    at = f"/w/{company.workspace_id}/settings/project"
    assert (await browser.post(at, data={"colour": "amber"})).status_code == 403
    assert await colour(company, "owner") != "amber"


async def test_rows_of_all_projects_name_the_project_in_its_colour(company: Company, subscribers: Subscribers) -> None:
    await subscribers.write("Вопрос")
    browser = await company.browser_of("owner")
    await browser.post(f"/w/{company.workspace_id}/settings/project", data={"colour": "amber"})
    page = unescape((await browser.get("/w/all/inbox")).text)
    row = page[page.index("data-row=") :]
    assert Colour.AMBER.tint in row[: row.index("</a>")]

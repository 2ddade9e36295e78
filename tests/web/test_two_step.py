"""Two-step sign-in: switched on with a first code, each code good for once, off with the password."""

import re

import pyotp
import pytest
from sqlalchemy import delete

from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership
from tests.company import PASSWORD, Company
from tests.web.test_sign_in import sign_in

pytestmark = pytest.mark.outside


async def test_two_step_sign_in_is_switched_on_and_each_code_works_once(company: Company) -> None:
    browser, guest = await company.browser_of("owner"), await company.guest()
    at = f"/w/{company.workspace_id}/me/two-step"
    page = (await browser.get(at)).text
    (secret,) = re.findall(r'name="secret" value="([A-Z2-7]{32})"', page)
    totp = pyotp.TOTP(secret)
    mistyped = await browser.post(f"{at}/on", data={"secret": secret, "totp": "000000"})
    assert mistyped.status_code == 422
    assert secret in mistyped.text, "the app has this key already"
    first = totp.at(company.clock())
    assert (await browser.post(f"{at}/on", data={"secret": secret, "totp": first})).status_code == 303
    used = await sign_in(guest, "owner@otklik.test", totp=first)
    assert (used.status_code, used.json()["field"]) == (401, "totp")
    next_one = totp.at(int(company.clock().timestamp()) + 30)
    assert (await sign_in(guest, "owner@otklik.test", totp=next_one)).status_code == 200
    assert (await sign_in(guest, "owner@otklik.test", totp=next_one)).status_code == 401
    assert (await browser.post(f"{at}/off", data={"password": "wrong"})).status_code == 422
    assert (await browser.post(f"{at}/off", data={"password": PASSWORD})).status_code == 303
    assert (await sign_in(guest, "owner@otklik.test")).status_code == 200


async def test_also_who_is_in_no_project_reaches_it(company: Company) -> None:
    agent_id = company.people["viewer"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(delete(Membership).where(Membership.agent_id == agent_id))
    browser = await company.browser_of("viewer")
    home = await browser.get("/")
    assert (home.status_code, "/me/two-step" in home.text, "/sign-out" in home.text) == (200, True, True)
    assert "viewer@otklik.test" in home.text, "by this address they are added"
    for lost in (f"/w/{company.workspace_id}/inbox", "/w/all/inbox", "/w/all/sla"):
        page = await browser.get(lost)
        assert (page.status_code in {403, 404}, "/me/two-step" in page.text) == (True, True), lost
    for own in ("/w/all/more", "/w/all/me/two-step"):
        links = set(re.findall(r'href="(/w/all/[^"]*)"', (await browser.get(own)).text))
        assert links <= {"/w/all/more", "/w/all/me/two-step"}, "nothing leads to a page that is refused"
    at = (await browser.get("/me/two-step")).headers["location"]
    (secret,) = re.findall(r'name="secret" value="([A-Z2-7]{32})"', (await browser.get(at)).text)
    code = pyotp.TOTP(secret).at(company.clock())
    assert (await browser.post(f"{at}/on", data={"secret": secret, "totp": code})).status_code == 303
    assert (await (await company.guest()).get("/me/two-step")).headers["location"].startswith("/sign-in")

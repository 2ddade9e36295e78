"""Two-step sign-in: switched on with a first code, each code good for once, off with the password."""

import asyncio
import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import delete, select, update

from inbox.agents.attempts import LIMIT_BY_EMAIL, WINDOW
from inbox.agents.models import Agent, SignInAttempt
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


async def test_guesses_at_the_password_that_switches_it_off_count_as_those_at_signing_in(company: Company) -> None:
    secret, browser, owner = pyotp.random_base32(), await company.browser_of("owner"), company.people["owner"]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        encrypted = company.context.cipher.encrypt(secret)
        await session.execute(update(Agent).where(Agent.id == owner.agent_id).values(totp_secret_encrypted=encrypted))
    at = f"/w/{company.workspace_id}/me/two-step/off"
    statuses = [(await browser.post(at, data={"password": f"guess {n}"})).status_code for n in range(LIMIT_BY_EMAIL)]
    assert statuses == [422] * LIMIT_BY_EMAIL
    refused = await browser.post(at, data={"password": PASSWORD})
    assert refused.status_code == 429
    assert "Try again in" in refused.text
    assert (await sign_in(await company.guest(), owner.email)).status_code == 429
    assert (await browser.post("/w/999999/me/two-step/off", data={"password": PASSWORD})).status_code == 404
    company.clock.advance(WINDOW + timedelta(seconds=1))
    assert (await browser.post(at, data={"password": "wrong"})).status_code == 422
    assert (await browser.post(at, data={"password": PASSWORD})).status_code == 303
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert (await session.get_one(Agent, owner.agent_id)).totp_secret_encrypted is None
        counted = select(SignInAttempt.id).where(SignInAttempt.email == owner.email)
        assert await session.scalar(counted) is None, "a success takes them back"


async def test_a_guess_holds_no_row_of_the_person(company: Company) -> None:
    browser, agent_id = await company.browser_of("owner"), company.people["owner"].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session, asyncio.timeout(10):
        await session.get_one(Agent, agent_id, with_for_update=True)
        refused = await browser.post(f"/w/{company.workspace_id}/me/two-step/off", data={"password": "wrong"})
    assert refused.status_code == 422


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

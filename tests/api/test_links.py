"""One-time links: worth what their maker may do now, ended with a person's rights; invitations seen and withdrawn."""

import re
from datetime import timedelta

import httpx
import pyotp
import pytest
from sqlalchemy import select, update

from inbox.agents.models import Agent
from inbox.audit.models import AuditEntry
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.web.cookies import SESSION
from inbox.organisations.models import Membership, OneTimeLink, Role
from tests.api.test_people import LONG, invite, people, use
from tests.company import Company
from tests.web.test_sign_in import sign_in

pytestmark = pytest.mark.outside
INVITATIONS = "/api/v1/agents/invitations"


async def opens(company: Company, url: str) -> bool:
    """Whether the link leads to its page."""
    answer = await (await company.guest()).get(re.sub(r"^https?://[^/]+", "", url))
    assert answer.status_code in {200, 410}
    return answer.status_code == 200


async def links_of_admin(company: Company) -> tuple[str, str]:
    """An invitation and a reset that the administrator makes."""
    admin = await company.client_of("admin")
    body = {"workspace_id": company.workspace_id, "email": "new@otklik.test", "role": "admin"}
    invitation = (await admin.post(INVITATIONS, json=body)).json()["url"]
    reset = (await admin.post(f"{people(company, 'moderator')}/reset")).json()["url"]
    assert await opens(company, invitation)
    assert await opens(company, reset)
    return invitation, reset


async def become(company: Company, name: str, role: Role) -> None:
    """Another role by a way that ends no links, as one that is under way at the same time."""
    agent_id = company.people[name].agent_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Membership).where(Membership.agent_id == agent_id).values(role=role))


async def open_emails(client: httpx.AsyncClient) -> list[str]:
    return [one["email"] for one in (await client.get(INVITATIONS)).json()["items"]]


@pytest.mark.parametrize("deed", ["deactivate", "leave", "fall"])
async def test_links_end_with_the_rights_of_who_made_them(company: Company, deed: str) -> None:
    invitation, reset = await links_of_admin(company)
    owner, at = await company.client_of("owner"), people(company, "admin")
    if deed == "deactivate":
        done = await owner.post(f"{at}/deactivate")
    else:
        done = await (owner.delete(at) if deed == "leave" else owner.patch(at, json={"role": "moderator"}))
    assert done.status_code == 204
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert None not in set(await session.scalars(select(OneTimeLink.used_at)))
    assert await open_emails(owner) == []
    await become(company, "admin", Role.ADMIN)
    assert not await opens(company, invitation), "rights that come back do not bring the links back"
    assert not await opens(company, reset)


async def test_a_link_is_worth_what_its_maker_may_do_when_it_is_used(company: Company) -> None:
    invitation, reset = await links_of_admin(company)
    owners = (await invite(company, "heir@otklik.test", "owner")).json()["url"]
    await become(company, "admin", Role.MODERATOR)
    assert not await opens(company, invitation)
    assert not await opens(company, reset)
    await become(company, "admin", Role.ADMIN)
    await become(company, "moderator", Role.OWNER)
    assert await opens(company, invitation)
    assert not await opens(company, reset), "an administrator resets no owner"
    await become(company, "owner", Role.ADMIN)
    assert not await opens(company, owners), "an administrator makes no owner"
    await become(company, "moderator", Role.MODERATOR)
    assert await opens(company, reset)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        admin = await session.get_one(Agent, company.people["admin"].agent_id)
        session.add(
            Membership(
                workspace_id=company.second_id, agent_id=company.people["moderator"].agent_id,
                organisation_id=admin.organisation_id, role=Role.MODERATOR,
            )
        )  # fmt: skip
    assert not await opens(company, reset), "they are in a project of others, too"
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        (await session.get_one(Agent, company.people["admin"].agent_id)).deactivated_at = company.clock()
    assert not await opens(company, invitation)


async def test_a_reset_made_before_somebody_became_an_owner_ends(company: Company) -> None:
    _, reset = await links_of_admin(company)
    owner = await company.client_of("owner")
    assert (await owner.patch(people(company, "moderator"), json={"role": "owner"})).status_code == 204
    await become(company, "admin", Role.OWNER)
    assert not await opens(company, reset)


async def test_who_becomes_an_owner_keeps_the_invitations_they_made(company: Company) -> None:
    invitation, _ = await links_of_admin(company)
    owner = await company.client_of("owner")
    assert (await owner.patch(people(company, "admin"), json={"role": "owner"})).status_code == 204
    assert await opens(company, invitation)


async def test_a_reset_does_not_pass_two_step_sign_in(company: Company) -> None:
    _, reset = await links_of_admin(company)
    moderator, secret = company.people["moderator"], pyotp.random_base32()
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        encrypted = company.context.cipher.encrypt(secret)
        await session.execute(
            update(Agent).where(Agent.id == moderator.agent_id).values(totp_secret_encrypted=encrypted)
        )
    done = await use(company, reset, password=LONG)
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?renewed=1")
    assert SESSION not in done.headers.get("set-cookie", "")
    guest = await company.guest()
    guest.headers["Accept-Language"] = "en"
    assert 'role="status"' in (await guest.get(done.headers["location"])).text
    assert (await sign_in(guest, moderator.email, LONG)).json()["field"] == "totp"
    code = pyotp.TOTP(secret).at(company.clock())
    assert (await sign_in(guest, moderator.email, LONG, totp=code)).status_code == 200


async def test_open_invitations_are_listed_and_withdrawn(company: Company) -> None:
    owner, admin = await company.client_of("owner"), await company.client_of("admin")
    url = (await invite(company)).json()["url"]
    await invite(company, "other@otklik.test", "sales")
    (first, second) = (await admin.get(INVITATIONS, params={"workspace_id": company.workspace_id})).json()["items"]
    assert (first["email"], first["role"], first["invited_by"]) == ("new@otklik.test", "moderator", "Owner")
    page = (await owner.get(INVITATIONS, params={"limit": 1})).json()
    assert [one["id"] for one in page["items"]] == [first["id"]]
    rest = await owner.get(INVITATIONS, params={"limit": 1, "cursor": page["next_cursor"]})
    assert [one["id"] for one in rest.json()["items"]] == [second["id"]]
    moderator, at = await company.client_of("moderator"), f"{INVITATIONS}/{first['id']}"
    assert (await moderator.get(INVITATIONS, params={"workspace_id": company.workspace_id})).status_code == 403
    assert await open_emails(moderator) == []
    assert (await moderator.delete(at)).status_code == 403
    assert (await admin.delete(at)).status_code == 204
    assert not await opens(company, url)
    assert (await admin.delete(at)).status_code == 404
    assert await open_emails(admin) == ["other@otklik.test"]
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entry = (await session.scalars(select(AuditEntry))).one()
    assert (entry.action, entry.agent_id) == ("invitation.withdrawn", company.people["admin"].agent_id)
    assert entry.before == {"email": "new@otklik.test", "role": "moderator"}
    company.clock.advance(timedelta(days=8))
    assert await open_emails(admin) == []


async def test_a_newer_invitation_stands_for_the_older_one_and_who_joined_is_invited_no_more(company: Company) -> None:
    owner = await company.client_of("owner")
    older = (await invite(company, role="admin")).json()["url"]
    newer = (await invite(company, role="sales")).json()["url"]
    assert await open_emails(owner) == ["new@otklik.test"]
    assert not await opens(company, older)
    assert (await use(company, newer, name="Нина", password=LONG)).status_code == 303
    assert await open_emails(owner) == []


async def test_the_page_of_people_shows_invitations_only_while_there_are_some(company: Company) -> None:
    browser, at = await company.browser_of("owner"), f"/w/{company.workspace_id}/settings/people"
    assert "/invitations/" not in (await browser.get(at)).text
    await invite(company)
    page = (await browser.get(at)).text
    assert "new@otklik.test" in page
    (action,) = re.findall(rf'action="({at}/invitations/\d+/remove)"', page)
    assert (await browser.post(action)).status_code == 303
    assert "new@otklik.test" not in (await browser.get(at)).text


async def test_a_link_that_had_its_day_says_so_and_what_to_do_and_nothing_about_anybody(company: Company) -> None:
    guest = await company.guest()
    guest.headers["Accept-Language"] = "en"
    used, withdrawn, old = [
        re.sub(r"^https?://[^/]+", "", (await invite(company, f"{name}@otklik.test")).json()["url"])
        for name in ("used", "withdrawn", "old")
    ]
    assert (await use(company, used, name="Нина", password=LONG)).status_code == 303
    owner = await company.client_of("owner")
    first = (await owner.get(INVITATIONS)).json()["items"][0]
    assert first["email"] == "withdrawn@otklik.test"
    assert (await owner.delete(f"{INVITATIONS}/{first['id']}")).status_code == 204
    company.clock.advance(timedelta(days=8))
    for link, words in ((used, "used already"), (withdrawn, "used already, or was withdrawn"), (old, "out of date")):
        page = await guest.get(link)
        assert page.status_code == 410
        assert words in page.text
        assert "sign in with that" in page.text
        assert "ask whoever sent it to you for a new one" in page.text
        for told in ("@otklik.test", "Нина", "Owner", "Лад"):
            assert told not in page.text
    unknown = await guest.get("/welcome?key=nothing")
    assert unknown.status_code == 404

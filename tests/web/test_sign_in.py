"""Signing in, out, and what a token opens."""

import asyncio
from datetime import timedelta

import httpx
import pyotp
import pytest
from sqlalchemy import select, text, update

from inbox.agents.attempts import LIMIT_BY_ADDRESS, LIMIT_BY_EMAIL, WINDOW
from inbox.agents.models import AccessToken, Agent, ShiftState, SignInAttempt, TokenKind
from inbox.agents.tokens import LIFETIME, deactivate
from inbox.core.database import EVERY_WORKSPACE
from tests.company import PASSWORD, Company

pytestmark = pytest.mark.outside


async def sign_in(guest: httpx.AsyncClient, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await guest.post("/api/v1/auth/token", json={"email": email, "password": password, **more})


async def test_the_right_password_opens_what_the_person_may_see(company: Company) -> None:
    guest = await company.guest()
    answer = await sign_in(guest, "Owner@Otklik.test ")
    assert answer.status_code == 200
    me = await guest.get("/api/v1/me", headers={"Authorization": f"Bearer {answer.json()['token']}"})
    assert me.status_code == 200
    assert me.json()["email"] == "owner@otklik.test"
    assert [(one["id"], one["role"]) for one in me.json()["workspaces"]] == [(company.workspace_id, "owner")]
    assert me.json()["organisation"] == "Агентство"


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(company: Company) -> None:
    guest = await company.guest()
    wrong, unknown = await sign_in(guest, "owner@otklik.test", "wrong"), await sign_in(guest, "nobody@otklik.test")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.headers["content-type"] == "application/problem+json"
    assert {**wrong.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


async def test_signing_out_ends_the_token_at_once(company: Company) -> None:
    owner = await company.client_of("owner")
    assert (await owner.delete("/api/v1/auth/token")).status_code == 204
    assert (await owner.get("/api/v1/me")).status_code == 401


async def test_a_deactivated_person_loses_access_at_once(company: Company) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await deactivate(session, company.people["owner"].agent_id, company.clock())
    assert (await owner.get("/api/v1/me")).status_code == 401
    assert (await browser.get("/live", headers={"Accept": "text/event-stream"})).status_code == 401
    assert (await sign_in(await company.guest(), "owner@otklik.test")).status_code == 401


async def test_a_token_dies_of_disuse_and_lives_by_use(company: Company) -> None:
    owner, admin = await company.client_of("owner"), await company.client_of("admin")
    company.clock.advance(LIFETIME[TokenKind.API] * 0.75)
    assert (await owner.get("/api/v1/me")).status_code == 200
    company.clock.advance(LIFETIME[TokenKind.API] * 0.75)
    assert (await owner.get("/api/v1/me")).status_code == 200
    assert (await admin.get("/api/v1/me")).status_code == 401


async def test_a_cookie_token_is_no_bearer_token_and_the_other_way_round(company: Company) -> None:
    guest, person = await company.guest(), company.people["owner"]
    crossed = await guest.get("/api/v1/me", headers={"Authorization": f"Bearer {person.cookie}"})
    by_cookie = await guest.get("/api/v1/me", headers={"Cookie": f"otklik_session={person.cookie}"})
    assert crossed.status_code == by_cookie.status_code == 401


async def test_guessing_one_email_is_stopped_also_when_the_guesses_come_at_once(company: Company) -> None:
    guest = await company.guest()
    answers = await asyncio.gather(
        *(sign_in(guest, "sales@otklik.test", f"guess {n}") for n in range(LIMIT_BY_EMAIL + 4))
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * LIMIT_BY_EMAIL + [429] * 4
    refused = await sign_in(guest, "sales@otklik.test")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW.total_seconds()
    assert (await sign_in(guest, "owner@otklik.test")).status_code == 200
    company.clock.advance(WINDOW + timedelta(seconds=1))
    assert (await sign_in(guest, "sales@otklik.test")).status_code == 200


async def test_an_address_that_tries_many_emails_is_stopped(company: Company) -> None:
    now = company.clock()
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        session.add_all(
            SignInAttempt(email=f"{n}@x", address="127.0.0.1", attempted_at=now) for n in range(LIMIT_BY_ADDRESS)
        )
    assert (await sign_in(await company.guest(), "owner@otklik.test")).status_code == 429


async def test_successes_do_not_count_against_a_person(company: Company) -> None:
    guest = await company.guest()
    for _ in range(LIMIT_BY_EMAIL + 2):
        assert (await sign_in(guest, "owner@otklik.test")).status_code == 200
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(select(SignInAttempt.id)) is None


async def test_with_an_authenticator_app_the_code_is_asked_for_and_checked(company: Company) -> None:
    secret, guest = pyotp.random_base32(), await company.guest()
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        encrypted = company.context.cipher.encrypt(secret)
        await session.execute(
            update(Agent).where(Agent.email == "owner@otklik.test").values(totp_secret_encrypted=encrypted)
        )
    asked = await sign_in(guest, "owner@otklik.test")
    assert (asked.status_code, asked.json()["field"]) == (401, "totp")
    wrong = await sign_in(guest, "owner@otklik.test", totp="000000")
    assert (wrong.status_code, wrong.json()["field"]) == (401, "totp")
    right = await sign_in(guest, "owner@otklik.test", totp=pyotp.TOTP(secret).at(company.clock()))
    assert right.status_code == 200
    # The wrong password says nothing of the second factor.
    blind = await sign_in(guest, "owner@otklik.test", "wrong", totp="000000")
    assert "field" not in blind.json()


async def test_only_hashes_of_tokens_are_stored(company: Company) -> None:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        stored = {
            value for row in await session.execute(select(AccessToken.secret_hash, AccessToken.name)) for value in row
        }
    assert not stored & {secret for person in company.people.values() for secret in (person.token, person.cookie)}


async def test_coming_on_shift_has_the_queue_handed_out(company: Company) -> None:
    moderator = await company.client_of("moderator")
    answer = await moderator.patch("/api/v1/me", json={"shift_state": "on", "theme": "dark"})
    assert answer.status_code == 200
    assert (answer.json()["shift_state"], answer.json()["theme"]) == (ShiftState.ON, "dark")
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        jobs = (await session.execute(text("select task_name, args from procrastinate_jobs"))).all()
    assert [tuple(job) for job in jobs] == [("routing.assignment.drain", {"workspace_id": company.workspace_id})]
    assert (await moderator.patch("/api/v1/me", json={"shift_state": "on"})).status_code == 200
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(text("select count(*) from procrastinate_jobs")) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"shift_state": "asleep"}, "shift_state"),
        ({"locale": "fr"}, "locale"),
        ({"theme": "pink"}, "theme"),
        ({"role": "owner"}, "role"),
    ],
)
async def test_what_cannot_be_set_names_the_field(company: Company, body: dict[str, str], field: str) -> None:
    answer = await (await company.client_of("viewer")).patch("/api/v1/me", json=body)
    assert answer.status_code == 422
    assert answer.json()["field"] == field

"""What every request shares: commits before the answer, refusals in words, CSRF, headers, servers that are away."""

import json
import re
from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter
from sqlalchemy import select, text

from inbox.agents.models import Agent
from inbox.core import health
from inbox.core.database import EVERY_WORKSPACE, Database
from inbox.core.errors import ConflictError, KeyRefusedError
from inbox.core.live import announce
from inbox.core.models import LiveEvent
from inbox.core.web.dependencies import ApiCaller, PanelCaller, SessionDep
from tests.company import Company
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
def trial(company: Company) -> Company:
    """The company's app with routes of this file beside its own."""
    router = APIRouter()

    @router.post("/api/v1/trial/rename")
    async def rename(session: SessionDep, caller: ApiCaller) -> dict[str, str]:
        (await session.get_one(Agent, caller.agent_id)).name = "Renamed"
        announce(session, company.workspace_id, "agent", agent_id=caller.agent_id)
        return {"name": "Renamed"}

    @router.post("/api/v1/trial/refuse")
    async def refuse(session: SessionDep, caller: ApiCaller) -> None:
        (await session.get_one(Agent, caller.agent_id)).name = "Refused"
        await session.flush()
        raise ConflictError("Taken.", extra={"assignee": "Мария"})

    @router.post("/api/v1/trial/break")
    async def break_down(secret: str) -> None:
        raise RuntimeError(f"broken with {secret}")

    @router.get("/api/v1/trial/platform")
    async def ask_platform() -> None:
        raise KeyRefusedError("the key is dead")

    @router.post("/trial/panel")
    async def act(session: SessionDep, caller: PanelCaller) -> dict[str, str]:
        return {"name": caller.name}

    @router.post("/trial/panel/refuse")
    async def refuse_panel(session: SessionDep, caller: PanelCaller) -> None:
        raise ConflictError("Взяла Мария.", extra={"assignee": "Мария"})

    @router.get("/trial/page")
    async def show(session: SessionDep, caller: PanelCaller) -> dict[str, str]:
        return {"name": caller.name}

    company.app.include_router(router)
    return company


async def name_of(company: Company, person: str) -> str | None:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        name: str | None = await session.scalar(select(Agent.name).where(Agent.id == company.people[person].agent_id))
    return name


async def test_what_was_done_is_committed_and_announced_when_the_answer_leaves(trial: Company) -> None:
    owner = await trial.client_of("owner")
    async with trial.context.redis.pubsub() as subscription:
        await subscription.subscribe("otklik:live")
        assert (await owner.post("/api/v1/trial/rename")).status_code == 200
        poked = [await subscription.get_message(timeout=2) for _ in range(2)]
    assert await name_of(trial, "owner") == "Renamed"
    assert str(trial.workspace_id) in {message["data"] for message in poked if message}
    async with trial.context.database.session(EVERY_WORKSPACE) as session:
        assert [one.kind for one in await session.scalars(select(LiveEvent))] == ["agent"]


async def test_a_commit_that_fails_is_never_answered_with_success(trial: Company) -> None:
    async with trial.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(
            text("create function refuse() returns trigger language plpgsql as $$ begin raise 'no commit'; end $$")
        )
        await session.execute(
            text(
                "create constraint trigger no_commit after update on agents deferrable initially deferred "
                "for each row execute function refuse()"
            )
        )
    owner = await trial.client_of("owner")
    answer = await owner.post("/api/v1/trial/rename")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no commit" not in answer.text
    assert await name_of(trial, "owner") == "Owner"
    async with trial.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(select(LiveEvent.seq)) is None


async def test_a_refusal_takes_back_what_was_written(trial: Company) -> None:
    answer = await (await trial.client_of("owner")).post("/api/v1/trial/refuse")
    problem = answer.json()
    assert answer.status_code == 409
    assert {"title": "Conflict", "status": 409, "detail": "Taken.", "assignee": "Мария"}.items() <= problem.items()
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert await name_of(trial, "owner") == "Owner"


async def test_a_bug_is_one_sentence_for_who_asked(trial: Company) -> None:
    answer = await (await trial.guest()).post("/api/v1/trial/break", params={"secret": "hush-hush"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hush-hush" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_platforms_refusal_is_the_gateways_fault(trial: Company) -> None:
    answer = await (await trial.guest()).get("/api/v1/trial/platform")
    assert (answer.status_code, answer.json()["detail"]) == (502, "the key is dead")


async def test_unknown_paths_and_methods_are_problems_too(company: Company) -> None:
    guest = await company.guest()
    for answer, status in ((await guest.get("/api/v1/nothing"), 404), (await guest.put("/api/v1/me"), 405)):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_validation_names_every_field_and_repeats_no_value(company: Company) -> None:
    answer = await (await company.guest()).post("/api/v1/auth/token", json={"password": "my-real-password", "totp": 5})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"email", "totp"}
    assert "my-real-password" not in answer.text
    garbled = await (await company.guest()).post("/api/v1/auth/token", content=b'{"password": "my-real-pass')
    assert garbled.status_code == 422
    assert "my-real-pass" not in garbled.text


@pytest.mark.parametrize("value", ["99999999999999999999", "-1", "0"])
async def test_numbers_that_no_row_has_are_refused(company: Company, value: str) -> None:
    owner = await company.client_of("owner")
    assert (await owner.get(f"/api/v1/channels/{value}")).status_code in {404, 422}


async def test_a_changing_request_by_cookie_needs_the_pages_token(trial: Company) -> None:
    browser, other = await trial.browser_of("owner"), await trial.browser_of("admin")
    token = browser.headers["X-CSRF-Token"]
    assert (await browser.post("/trial/panel")).status_code == 200
    del browser.headers["X-CSRF-Token"]
    assert (await browser.post("/trial/panel")).status_code == 403
    assert (await browser.post("/trial/panel", data={"csrf_token": token})).status_code == 200
    assert (await browser.post("/trial/panel", data={"csrf_token": "guess"})).status_code == 403
    foreign = {"X-CSRF-Token": other.headers["X-CSRF-Token"]}
    assert (await browser.post("/trial/panel", headers=foreign)).status_code == 403
    assert (await browser.get("/trial/page")).status_code == 200


async def test_a_bearer_token_opens_no_page_and_a_cookie_no_api(trial: Company) -> None:
    owner, browser = await trial.client_of("owner"), await trial.browser_of("owner")
    sent_away = await owner.post("/trial/panel")
    assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/sign-in")
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_guests_are_sent_to_sign_in_and_back(trial: Company) -> None:
    guest = await trial.guest()
    page = await guest.get("/trial/page", params={"a": "1"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Ftrial%2Fpage%3Fa%3D1")
    fragment = await guest.get("/trial/page", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/sign-in")


async def test_htmx_is_told_by_a_toast_and_a_browser_by_a_page(trial: Company) -> None:
    browser = await trial.browser_of("owner")
    toast = await browser.post("/trial/panel/refuse", headers={"HX-Request": "true"})
    assert (toast.status_code, toast.headers["HX-Reswap"]) == (409, "none")
    assert json.loads(toast.headers["HX-Trigger"])["toast"] == {
        "level": "error", "text": "Взяла Мария.", "field": None, "assignee": "Мария",
    }  # fmt: skip
    page = await browser.post("/trial/panel/refuse")
    assert (page.status_code, page.headers["content-type"]) == (409, "text/html; charset=utf-8")
    assert "Взяла Мария." in page.text


async def test_every_answer_carries_the_security_headers(trial: Company) -> None:
    guest, browser = await trial.guest(), await trial.browser_of("owner")
    answers = [
        await guest.get("/healthz"), await guest.get("/nothing"), await guest.get("/trial/page"),
        await browser.get("/trial/page"), await guest.post("/api/v1/trial/break", params={"secret": "x"}),
    ]  # fmt: skip
    for answer in answers:
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
        assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Strict-Transport-Security"]
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", answers[1].text)


async def test_without_the_database_pages_and_calls_say_so_and_recover(
    trial: Company, servers: TestServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", timedelta(seconds=60))  # Redis is slow beside other tests, not away
    browser, owner = await trial.browser_of("owner"), await trial.client_of("owner")
    assert (await browser.get("/trial/page")).status_code == 200
    name = trial.context.database.engine.url.database
    admin = Database(servers.database_url)
    async with admin.engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(f'alter database "{name}" allow_connections false'))
        end = text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name")
        await connection.execute(end, {"name": name})
        page = await browser.get("/trial/page", headers={"Accept-Language": "en"})
        call = await owner.get("/api/v1/me")
        ready = await owner.get("/readyz")
        await connection.execute(text(f'alter database "{name}" allow_connections true'))
    await admin.close()
    assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "Nothing is lost" in page.text
    assert (call.status_code, call.json()["status"]) == (503, 503)
    assert page.headers["Retry-After"]
    assert (ready.status_code, ready.json()["checks"]["redis"]) == (503, "ok")
    assert ready.json()["checks"]["database"] != "ok"
    assert (await browser.get("/trial/page")).status_code == 200
    assert (await owner.get("/readyz")).status_code == 200


async def test_static_files_with_a_hash_in_their_name_are_kept_for_ever(company: Company) -> None:
    guest: httpx.AsyncClient = await company.guest()
    missing = await guest.get("/static/assets/nothing-ABCDEFGH.js")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers["Cache-Control"]

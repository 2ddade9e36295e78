"""The fence between clients on pages: every panel route × every role × every foreign row is 404, and pages show none.

`PANEL` says for each route what it is sent. A route that it does not name, or ids that `SOURCES` does not know, fail a
test.
"""

import asyncio
import json
import re
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import func, select

from inbox.audit.models import AuditEntry
from inbox.channels.models import Channel
from inbox.conversations.models import Activity, Conversation, DeadEvent, Message
from inbox.conversations.panel.views import View
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.live import announce
from inbox.core.web.cookies import SESSION
from inbox.core.web.csrf import HEADER
from inbox.core.web.headers import API
from inbox.organisations.models import Membership, Role
from tests.api.furnished import FOREIGN, OWN, SECOND, Fields, Ids, furnish_all, planted, routes_of
from tests.api.panel_routes import ARCHIVE, CONNECT, PANEL, SIGN_IN, SOURCES, WELCOME
from tests.api.subscribers import Subscribers
from tests.company import Company, csrf_token_for, serve

pytestmark = pytest.mark.outside


ROLES = ("owner", "admin", "moderator", "sales", "viewer")
NOT_PAGES = (API, "/webhooks/", "/healthz", "/readyz", "/metrics")


@pytest.fixture
async def rows(company: Company, subscribers: Subscribers) -> Fields:
    """A row of every kind in each of three workspaces."""
    return await furnish_all(company, subscribers)


def panel_routes(company: Company) -> list[tuple[str, str]]:
    """The app's own table without what programs call; removals last."""
    found = {(method, path) for method, path in routes_of(company.app.routes) if not path.startswith(NOT_PAGES)}
    return sorted(found, key=lambda route: (route[1].endswith("/remove"), route))


def fields_of(path: str) -> set[str]:
    """The names in braces."""
    return set(re.findall(r"\{(\w+)\}", path))


def addresses(path: str, place: object, ids: Ids) -> Iterator[str]:
    """The path at the project `place`, with the id of every row in its place."""
    at = path.replace("{ws}", str(place))
    (name,) = fields_of(at) or {""}
    yield from (at.replace(f"{{{name}}}", str(one)) for one in ids[SOURCES[name]]) if name else (at,)


async def send(client: httpx.AsyncClient, method: str, path: str, address: str, ids: Ids | None) -> httpx.Response:
    """As the page does; `ids`: whose rows the fields name."""
    route = PANEL[method, path]
    named = {name: str(ids[kind][0]) for name, kind in route.takes.items()} if ids else {}
    sent = {**route.sent, **named}
    if method == "GET":
        return await client.get(address, params=sent)
    return await client.request(method, address, data=sent)


async def test_every_panel_route_says_where_its_ids_come_from(company: Company) -> None:
    assert set(panel_routes(company)) == set(PANEL), "name new routes in PANEL, so that the sweep calls them"
    for _, path in PANEL:
        assert fields_of(path) <= set(SOURCES), path


@pytest.mark.parametrize("name", [*ROLES, "neighbour", "outsider"])
async def test_every_foreign_row_and_project_is_404(company: Company, rows: Fields, name: str) -> None:
    mine, *foreign = {
        "neighbour": (rows.second, rows.own, rows.foreign), "outsider": (rows.foreign, rows.own, rows.second),
    }.get(name, (rows.own, rows.second, rows.foreign))  # fmt: skip
    own, *others = (ids["workspace_id"][0] for ids in (mine, *foreign))
    browser, before, calls = await company.browser_of(name), await state(company), 0
    for method, path in panel_routes(company):
        pairs = [(place, ids) for place in (own, "all") for ids in foreign] if fields_of(path) - {"ws"} else []
        pairs += [(place, ids) for place in others for ids in (mine, *foreign)] if "{ws}" in path else []
        for place, ids in pairs:
            for address in addresses(path, place, ids):
                answer = await send(browser, method, path, address, ids)
                assert answer.status_code == 404, f"{name} {method} {address}: {answer.status_code} {answer.text}"
                assert not words_in(answer.text, {OWN, SECOND, FOREIGN} - word_of(mine, rows)), address
                calls += 1
    assert calls > 300
    assert await state(company) == before


def word_of(ids: Ids, rows: Fields) -> set[str]:
    """The word of these rows' workspace."""
    return {word for word, one in ((OWN, rows.own), (SECOND, rows.second), (FOREIGN, rows.foreign)) if one is ids}


def words_in(text: str, words: set[str]) -> set[str]:
    """Which of the words the page says, however it spells them."""
    return {word for word in words if word in text.lower()}


async def state(company: Company) -> list[object]:
    """What a deed would change, whosever it is."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        counts = [await session.scalar(select(func.count()).select_from(one)) for one in (AuditEntry, Activity)]
        talks = await session.execute(
            select(Conversation.id, Conversation.status, Conversation.assignee_id, Conversation.team_id,
                   Conversation.priority, Conversation.needs_answer, Conversation.snoozed_until)
            .order_by(Conversation.id)
        )  # fmt: skip
        messages = await session.execute(
            select(Message.id, Message.text, Message.delivery, Message.deleted_at).order_by(Message.id)
        )
        channels = await session.execute(
            select(Channel.id, Channel.removed_at, Channel.checked_at).order_by(Channel.id)
        )
        dead = await session.execute(select(DeadEvent.id, DeadEvent.replayed_at).order_by(DeadEvent.id))
        return [*counts, *(tuple(row) for result in (talks, messages, channels, dead) for row in result)]


async def test_the_same_calls_reach_ones_own_rows(company: Company, rows: Fields) -> None:
    browser = await company.browser_of("owner")
    own = {kind: ids[:1] for kind, ids in rows.own.items()}
    for method, path in panel_routes(company):
        is_last = path.endswith("/remove") or path == ARCHIVE
        for place in ("all", company.workspace_id) if fields_of(path) and not is_last else ():
            (address,) = addresses(path, place, own)
            answer = await send(browser, method, path, address, own)
            assert answer.status_code not in {403, 404, 500}, f"{method} {address}: {answer.text}"
    removed = await browser.post(f"/w/{company.workspace_id}/channels/{company.channel_id}/remove")
    assert removed.status_code == 303


async def test_a_row_of_ones_other_project_is_not_at_this_ones_address(company: Company, rows: Fields) -> None:
    browser = await company.browser_of("owner")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        agent = company.people["owner"].agent_id
        mine = (await session.scalars(select(Membership).where(Membership.agent_id == agent))).one()
        session.add(
            Membership(
                organisation_id=mine.organisation_id, workspace_id=company.second_id, agent_id=agent, role=Role.OWNER
            )
        )
    before = await state(company)
    for method, path in panel_routes(company):
        if "{ws}" in path and fields_of(path) - {"ws"}:
            for place, ids in ((company.workspace_id, rows.second), (company.second_id, rows.own)):
                for address in addresses(path, place, ids):
                    answer = await send(browser, method, path, address, ids)
                    assert answer.status_code == 404, f"{method} {address}: {answer.status_code} {answer.text}"
    assert await state(company) == before


async def test_a_foreign_rows_id_in_a_field_is_as_unknown_as_any_other(company: Company, rows: Fields) -> None:
    nobodys = {kind: [10**12] for kind in rows.own}
    own = {kind: ids[:1] for kind, ids in rows.own.items()}
    before = await state(company)
    for name in ("owner", "admin", "moderator", "sales"):
        browser = await company.browser_of(name)
        browser.headers["HX-Request"] = "true"
        for method, path in panel_routes(company):
            if not PANEL[method, path].takes:
                continue
            for place in (company.workspace_id, "all"):
                (address,) = addresses(path, place, own)
                unknown = await send(browser, method, path, address, nobodys)
                for ids in (rows.second, rows.foreign):
                    answer = await send(browser, method, path, address, ids)
                    assert answer.status_code == unknown.status_code, f"{name} {method} {address}: {answer.text}"
                    assert answer.headers.get("HX-Trigger") == unknown.headers.get("HX-Trigger")
                    assert not words_in(answer.text, {SECOND, FOREIGN}), f"{name} {method} {address}"
    for place in (company.workspace_id, "all"):
        owner = await company.browser_of("owner")
        answer = await send(owner, *CONNECT, CONNECT[1].replace("{ws}", str(place)), rows.second)
        assert answer.status_code == 404, answer.text
    assert await state(company) == before


async def test_unsafe_routes_need_the_pages_token(company: Company, rows: Fields) -> None:
    browser, guest = await company.browser_of("owner"), await company.guest()
    stolen = csrf_token_for(company.people["outsider"].cookie)
    before = await state(company)
    for method, path in panel_routes(company):
        if method == "GET":
            continue
        client = guest if (method, path) == SIGN_IN or path == WELCOME else browser
        address = next(addresses(path, company.workspace_id, rows.own))
        for token in (None, "", stolen):
            client.headers.pop(HEADER, None)
            client.headers.update({} if token is None else {HEADER: token})
            answer = await send(client, method, path, address, rows.own)
            assert answer.status_code == 403, f"{method} {address} with {token}: {answer.status_code}"
    assert await state(company) == before
    assert (await browser.get(f"/w/{company.workspace_id}/inbox")).status_code == 200


async def test_without_a_cookie_every_page_leads_to_sign_in(company: Company, rows: Fields) -> None:
    guest = await company.guest()
    before = await state(company)
    bearer = {"Authorization": f"Bearer {company.people['owner'].token}"}
    for method, path in panel_routes(company):
        if path in {"/sign-in", WELCOME}:
            continue
        address = next(addresses(path, company.workspace_id, rows.own))
        for headers in ({}, bearer):
            guest.headers.pop("Authorization", None)
            guest.headers.update(headers)
            answer = await send(guest, method, path, address, rows.own)
            assert answer.status_code == 303, f"{method} {address}: {answer.status_code}"
            assert re.fullmatch(r"/sign-in(\?next=.+)?", answer.headers["location"])
            part = await guest.request(method, address, headers={"HX-Request": "true"})
            assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sign-in"), f"{method} {address}"
    assert await state(company) == before


@pytest.mark.parametrize("name", [*ROLES, "neighbour", "outsider"])
async def test_pages_say_nothing_that_was_written_elsewhere(company: Company, rows: Fields, name: str) -> None:
    ids, word = {"neighbour": (rows.second, SECOND), "outsider": (rows.foreign, FOREIGN)}.get(name, (rows.own, OWN))
    browser, pages = await company.browser_of(name), []
    for place in (ids["workspace_id"][0], "all"):
        for method, path in panel_routes(company):
            if method == "GET" and not PANEL[method, path].is_silent:
                pages += [await send(browser, method, path, at, ids) for at in addresses(path, place, ids)]
        for view in View:
            pages.append(await browser.get(f"/w/{place}/rows", params={"view": view.value}))
        for query in ("фото", "Person", "ответ"):
            pages.append(await browser.get(f"/w/{place}/inbox", params={"q": query}))
    for page in pages:
        assert page.status_code in {200, 204, 303, 403, 404}, page.request.url
        assert not words_in(page.text, {OWN, SECOND, FOREIGN} - {word}), f"{name} {page.request.url}"
    if name in {"owner", "neighbour", "outsider"}:
        shown = "".join(page.text for page in pages)
        assert {plant for plant in planted(word) if plant not in shown} == set()


async def test_the_panels_stream_tells_of_ones_own_projects_only(company: Company, rows: Fields) -> None:
    after = ",".join(f"{one}-0" for one in (company.workspace_id, company.second_id, company.foreign_id))
    cookie = {"Cookie": f"{SESSION}={company.people['owner'].cookie}"}
    told: list[dict[str, object]] = []
    async with (
        serve(company.app) as url,
        httpx.AsyncClient(base_url=url, headers=cookie) as browser,
        browser.stream("GET", "/live", params={"after": after}) as stream,
        asyncio.timeout(30),
    ):
        async for line in stream.aiter_lines():
            if not line.startswith("data: "):
                continue
            told.append(json.loads(line.removeprefix("data: ")))
            if told[-1]["ref"] == {"channel_id": company.channel_id}:
                break
            if len(told) == 1:
                # The first round, which is read by now, would have held the others' events, too.
                async with company.context.transaction(EVERY_WORKSPACE) as session:
                    announce(session, company.workspace_id, "channel", channel_id=company.channel_id)
        company.stop.set()
    assert {one["workspace_id"] for one in told} == {company.workspace_id}
    assert len(told) > 2

"""The live stream: who hears what, replay, reset, and its end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import delete, func, select

from inbox.agents.models import AccessToken, TokenKind
from inbox.agents.tokens import find_caller
from inbox.conversations.access import visible
from inbox.conversations.models import Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.live import announce, sweep_old
from inbox.core.models import LiveEvent
from inbox.core.secrets import hash_secret
from inbox.live.cursor import encode_seen, find_start
from inbox.live.visibility import may_hear
from tests.company import Company, serve
from tests.web.talks import make_talks

pytestmark = pytest.mark.outside
SOON = 30.0


@dataclass
class Reader:
    """A connection to the stream; `last_id` as a browser would keep it."""

    response: httpx.Response
    lines: AsyncIterator[str]
    last_id: str = ""
    is_over: bool = False
    kinds: list[str] = field(default_factory=list)

    async def next(self) -> dict[str, object]:
        """The next event's data with its kind."""
        event = data = ""
        async with asyncio.timeout(SOON):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    self.last_id = value
                elif name == "event":
                    event = value
                elif name == "data":
                    data = value
                elif not line and data:
                    return {**json.loads(data), "kind": event}
        self.is_over = True
        raise EOFError

    async def begin(self) -> None:
        """Until the stream has said where it stands."""
        async with asyncio.timeout(SOON):
            async for line in self.lines:
                if line.startswith("id: "):
                    self.last_id = line.removeprefix("id: ")
                if not line:
                    return

    async def end(self) -> None:
        """Until the server ends it."""
        async with asyncio.timeout(SOON):
            async for _ in self.lines:
                pass


@asynccontextmanager
async def reading(url: str, company: Company, name: str, last_id: str | None = None) -> AsyncIterator[Reader]:
    headers = {"Authorization": f"Bearer {company.people[name].token}"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    async with (
        httpx.AsyncClient(base_url=url, timeout=30) as client,
        client.stream("GET", "/api/v1/live", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        reader = Reader(response, response.aiter_lines())
        await reader.begin()
        yield reader


@pytest.fixture
async def url(company: Company) -> AsyncIterator[str]:
    async with serve(company.app) as address:
        yield address
        company.stop.set()


async def tell(
    company: Company, kind: str = "conversation", workspace_id: int | None = None, **ref: int | None
) -> None:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        announce(session, workspace_id or company.workspace_id, kind, **ref)


async def test_an_event_arrives_within_a_moment_of_its_commit(company: Company, url: str) -> None:
    async with reading(url, company, "owner") as owner:
        for number in range(1, 4):
            started = time.monotonic()
            await tell(company, conversation_id=number, assignee_id=None, team_id=None)
            event = await owner.next()
            assert (event["workspace_id"], event["seq"], event["kind"]) == (
                company.workspace_id,
                number,
                "conversation",
            )
            assert time.monotonic() - started < 1.5
        assert owner.last_id == f"{company.workspace_id}-3"


async def test_nobody_hears_of_what_they_may_not_see(company: Company, url: str) -> None:
    people, teams = company.people, company.team_ids
    told: list[dict[str, int | None]] = [
        {"conversation_id": 1, "assignee_id": None, "team_id": None},
        {"conversation_id": 2, "assignee_id": people["moderator"].agent_id, "team_id": teams["moderators"]},
        {"conversation_id": 3, "assignee_id": people["colleague"].agent_id, "team_id": teams["support"]},
        {"conversation_id": 4, "assignee_id": None, "team_id": teams["sales"]},
        {"conversation_id": 5, "assignee_id": people["sales"].agent_id, "team_id": None},
        {"conversation_id": 6, "assignee_id": people["owner"].agent_id, "team_id": teams["sales"]},
    ]
    expected = {
        "owner": [1, 2, 3, 4, 5, 6],
        "admin": [1, 2, 3, 4, 5, 6],
        "moderator": [1, 2, 4],
        "colleague": [1, 3, 4],
        "sales": [4, 5],
        "viewer": [],
        "neighbour": [],
        "outsider": [],
    }
    heard: dict[str, list[object]] = {}
    for name in expected:
        async with reading(
            url, company, name, f"{company.workspace_id}-0,{company.second_id}-0,{company.foreign_id}-0"
        ):
            pass
    start = f"{company.workspace_id}-0,{company.second_id}-0,{company.foreign_id}-0"
    for ref in told:
        await tell(company, "conversation", None, **ref)
    for workspace_id in (company.workspace_id, company.second_id, company.foreign_id):
        await tell(company, "agent", workspace_id, agent_id=1)
    for name in expected:
        async with reading(url, company, name, start) as reader:
            heard[name] = []
            while (event := await reader.next())["kind"] != "agent":
                about = event["ref"]
                assert isinstance(about, dict)
                heard[name].append(about["conversation_id"])
    assert heard == expected


async def test_channels_and_dead_events_are_for_those_who_may_read_them(company: Company, url: str) -> None:
    start = f"{company.workspace_id}-0"
    await tell(company, "channel", channel_id=company.channel_id)
    await tell(company, "dead_event", channel_id=company.channel_id)
    await tell(company, "agent", agent_id=1)
    heard = {}
    for name in ("owner", "moderator", "viewer"):
        async with reading(url, company, name, start) as reader:
            kinds = [(await reader.next())["kind"]]
            while kinds[-1] != "agent":
                kinds.append((await reader.next())["kind"])
            heard[name] = kinds
    assert heard == {
        "owner": ["channel", "dead_event", "agent"], "moderator": ["channel", "agent"], "viewer": ["agent"],
    }  # fmt: skip


async def test_what_was_missed_comes_again_and_nothing_twice(company: Company, url: str) -> None:
    async with reading(url, company, "owner") as owner:
        await tell(company, conversation_id=1, assignee_id=None, team_id=None)
        await owner.next()
        last_id = owner.last_id
    for number in (2, 3):
        await tell(company, conversation_id=number, assignee_id=None, team_id=None)
    async with reading(url, company, "owner", last_id) as owner:
        assert [(await owner.next())["seq"], (await owner.next())["seq"]] == [2, 3]
        await tell(company, conversation_id=4, assignee_id=None, team_id=None)
        assert (await owner.next())["seq"] == 4


@pytest.mark.parametrize("last_id", ["nonsense", "1", "{workspace}-999", "424242-0", "{workspace}-0"])
async def test_what_is_no_longer_kept_is_a_reset(company: Company, url: str, last_id: str) -> None:
    for number in (1, 2):
        await tell(company, conversation_id=number, assignee_id=None, team_id=None)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await sweep_old(session, company.clock() + timedelta(hours=25))
    async with reading(url, company, "owner", last_id.format(workspace=company.workspace_id)) as owner:
        assert await owner.next() == {"kind": "reset"}
        await tell(company, conversation_id=3, assignee_id=None, team_id=None)
        assert (await owner.next())["seq"] == 3


async def test_a_revoked_token_hears_nothing_more(company: Company, url: str) -> None:
    async with reading(url, company, "owner") as owner:
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            secret_hash = hash_secret(company.people["owner"].token)
            await session.execute(delete(AccessToken).where(AccessToken.secret_hash == secret_hash))
            announce(session, company.workspace_id, "conversation", conversation_id=1, assignee_id=None, team_id=None)
        with pytest.raises(EOFError):
            await owner.next()


async def test_streams_end_with_the_server_and_do_not_keep_it(company: Company) -> None:
    async with serve(company.app) as url:
        async with reading(url, company, "owner") as owner:
            company.stop.set()
            await owner.end()
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 2


async def test_waiting_streams_hold_no_connection_of_the_database(company: Company, url: str) -> None:
    async with reading(url, company, "owner"), reading(url, company, "admin"), reading(url, company, "sales"):
        held = []
        for _ in range(20):
            held.append(company.context.database.engine.pool.status())
            await asyncio.sleep(0.02)
    assert any("Current Checked out connections: 0" in status for status in held)


async def test_the_panels_stream_opens_by_cookie(company: Company, url: str) -> None:
    cookies = {"otklik_session": company.people["owner"].cookie}
    async with httpx.AsyncClient(base_url=url, cookies=cookies) as browser, browser.stream("GET", "/live") as response:
        assert response.status_code == 200
    async with httpx.AsyncClient(base_url=url) as guest:
        assert (await guest.get("/live", headers={"Accept": "text/event-stream"})).status_code == 401


async def test_events_and_lists_agree_on_who_sees_what(company: Company) -> None:
    """The list's condition and the stream's are two forms of one rule: compared on every combination."""

    talks = await make_talks(company)
    for name, person in company.people.items():
        async with company.context.transaction(frozenset()) as session:
            caller = await find_caller(session, person.token, TokenKind.API, company.clock())
            assert caller is not None

            listed = set(await session.scalars(select(Conversation.id).where(visible(caller))))
        heard = {
            one.id
            for one in talks
            if may_hear(
                caller,
                LiveEvent(
                    workspace_id=one.workspace_id, seq=1, kind="conversation",
                    ref={"conversation_id": one.id, "assignee_id": one.assignee_id, "team_id": one.team_id},
                ),
            )
        }  # fmt: skip
        assert heard == listed, name


async def test_the_id_moves_on_over_what_others_hear(company: Company, url: str) -> None:

    await tell(company, conversation_id=1, assignee_id=None, team_id=None)
    async with company.context.transaction(frozenset()) as session:
        caller = await find_caller(session, company.people["viewer"].token, TokenKind.API, company.clock())
        assert caller is not None
        cursor = encode_seen((await find_start(session, caller, None)).seen)
        assert await session.scalar(select(func.count()).select_from(LiveEvent)) == 1
    assert cursor == f"{company.workspace_id}-1"
    async with reading(url, company, "viewer", cursor) as viewer:
        await tell(company, "agent", agent_id=1)
        assert (await viewer.next())["seq"] == 2

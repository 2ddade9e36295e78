"""`otklik bench panel`: list, thread, search and SLA page at two sizes of desk, beside bare round trips, in one run."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median, quantiles

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, select, text

from inbox.agents.models import Agent, TokenKind
from inbox.agents.tokens import issue_token
from inbox.app import create_app
from inbox.channels.events import Platform
from inbox.cli.bench_home import throw_away_context
from inbox.cli.company import seed
from inbox.conversations.models import Conversation
from inbox.core.collecting import calm_collector
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.settings import Settings
from inbox.core.web.cookies import SESSION
from inbox.reports.rollups import mark_everything, roll_up

NOWHERE = "http://127.0.0.1:9"
ROUND_TRIPS = 400
WARM_UPS = 20
"""Not counted: the driver prepares a statement at its sixth time, the server plans it once for all at its eleventh"""
GROW = (
    "insert into contacts (workspace_id, name, note) "
    "select :ws, 'Подписчик ' || n, '' from generate_series(1, cast(:size as int)) n",
    "insert into identities (workspace_id, channel_id, contact_id, external_id, name, is_bot, is_ours) "
    "select :ws, :ch, c.id, 'b' || c.id, c.name, false, false from contacts c "
    "where not exists (select 1 from identities i where i.contact_id = c.id)",
    "insert into conversations (workspace_id, channel_id, contact_id, identity_id, kind, key, chat_external_id, "
    "status, decided_status, outcome, decided_outcome, status_at, status_seen_at, closed_at, needs_answer, "
    "needs_answer_why, priority, sentiment, intent, toxic, unsure, held, preview, preview_is_ours, "
    "started_at, last_message_at, last_inbound_at, last_answer_at, waiting_since_at, "
    "first_response_since_at, first_response_due_at, first_response_met_at) "
    "select :ws, :ch, i.contact_id, i.id, 'direct', 'direct:' || i.external_id, i.external_id, "
    "case when o then 'open' else 'closed' end, case when o then null else 'closed' end, "
    "case when o then null else 'answered' end, case when o then null else 'answered' end, "
    "case when o then null else at end, case when o then null else at end, case when o then null else at end, o, "
    "'direct', 'normal', (array['negative','neutral','positive'])[1 + i.id % 3], "
    "(array['lead','complaint','question','praise','other'])[1 + i.id % 5], false, i.id % 17 = 0, false, "
    "'Здравствуйте! Вопрос номер ' || i.id, false, at, at, at, case when o then null else at + interval '6 min' end, "
    "case when o then at end, at, at + interval '15 min', case when o then null else at + interval '6 min' end "
    "from (select i.*, i.id % :share = 0 as o, now() - (i.id % 43200) * interval '1 min' as at from identities i "
    "where not exists (select 1 from conversations c where c.identity_id = i.id)) i",
    "insert into messages (workspace_id, channel_id, conversation_id, direction, kind, external_id, "
    "further_external_ids, author_identity_id, outside, text, addresses_us, sent_at, needs_answer, "
    "needs_answer_why, attempt) select :ws, :ch, c.id, 'inbound', 'message', 'b' || c.id, '{}', c.identity_id, "
    "false, c.preview, false, "
    "c.started_at, true, 'direct', 0 from conversations c "
    "where not exists (select 1 from messages m where m.conversation_id = c.id)",
    "insert into response_times (workspace_id, conversation_id, since_at, is_first, answered_at, due_at, is_late, "
    "came_closed, is_outside, channel_id, team_id, agent_id, working_seconds, wall_seconds, day, hour) "
    "select workspace_id, id, started_at, true, first_response_met_at, first_response_due_at, id % 9 = 0, false, "
    "false, channel_id, null, (select id from agents order by id offset conversations.id % 5 + 1 limit 1), "
    "60 + id % 1500, 60 + id % 1500, started_at::date, extract(hour from started_at)::int from conversations "
    "where first_response_met_at is not null on conflict do nothing",
    "analyze",
)
"""Contacts to conversations to messages to facts."""


PAGES = {
    "list": "/w/1/inbox",
    "thread": "/w/1/inbox/{newest}",
    "search": "/w/1/inbox?q=номер%20777",
    "SLA page": "/w/1/sla",
}


@dataclass(frozen=True, slots=True)
class Timing:
    """A page at one size: milliseconds, and questions asked of the database."""

    median: float
    p95: float
    queries: int


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk of one size, its panel as a browser reaches it, and the statements of its last page."""

    context: Context
    web: httpx.AsyncClient
    newest: int
    asked: list[str]


async def panel(settings: Settings, small: int, large: int, repeats: int) -> None:
    """Measure both sizes by turns, so that what else the machine does weighs on both alike; and print."""
    async with _desk(settings, small, small) as one, _desk(settings, large, small) as other:
        found = [await _measure([one, other], name, repeats) for name in PAGES]
        trips = await _round_trips(one.context)
    _print(dict(zip(PAGES, found, strict=True)), (small, large), trips)


@asynccontextmanager
async def _desk(settings: Settings, size: int, queue_of: int) -> AsyncIterator[Desk]:
    """A desk of `size` conversations, as many of them open as at one of `queue_of`, with the panel that serves it."""
    async with throw_away_context(settings) as context:
        _, channel_ids = await seed(context, NOWHERE, closed=False)
        await _grow(context, channel_ids[Platform.TELEGRAM], size, size // queue_of * 20)
        async with context.transaction(EVERY_WORKSPACE) as session:
            owner = (await session.scalars(select(Agent).order_by(Agent.id).limit(1))).one()
            secret = await issue_token(session, owner.id, TokenKind.COOKIE, context.clock(), "bench")
            newest = (await session.scalars(select(Conversation.id).order_by(Conversation.id.desc()).limit(1))).one()
        transport, cookie = httpx.ASGITransport(create_app(context)), {"Cookie": f"{SESSION}={secret}"}
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://bench", headers=cookie) as web,
            _counting(context) as asked,
        ):
            calm_collector()  # as the process that serves it does
            yield Desk(context, web, newest, asked)


async def _grow(context: Context, channel_id: int, size: int, share: int) -> None:
    """Fill the desk with `size` conversations: one of `share` is open."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        connection = await session.connection()
        values = {"ws": 1, "ch": channel_id, "size": size, "share": share}
        for statement in GROW:
            names = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), names)
    days = 1
    async with context.transaction(EVERY_WORKSPACE) as session:
        await mark_everything(session)
    while days:
        async with context.transaction(EVERY_WORKSPACE) as session:
            days = await roll_up(session)


async def _measure(desks: Sequence[Desk], page: str, repeats: int) -> list[Timing]:
    taken: list[list[float]] = [[] for _ in desks]
    for number in range(repeats + WARM_UPS):
        for desk, times in zip(desks, taken, strict=True):
            desk.asked.clear()
            started = time.perf_counter()
            answer = await desk.web.get(PAGES[page].format(newest=desk.newest))
            if number >= WARM_UPS:
                times.append((time.perf_counter() - started) * 1000)
            answer.raise_for_status()
    return [
        Timing(median(times), quantiles(times, n=20)[-1], len(desk.asked))
        for desk, times in zip(desks, taken, strict=True)
    ]


@asynccontextmanager
async def _counting(context: Context) -> AsyncIterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    engine = context.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _round_trips(context: Context) -> float:
    """Milliseconds of a bare `select 1`, the median."""
    taken: list[float] = []
    async with context.database.engine.connect() as connection:
        for _ in range(ROUND_TRIPS):
            started = time.perf_counter()
            await connection.execute(text("select 1"))
            taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def _print(found: Mapping[str, Sequence[Timing]], sizes: tuple[int, int], trip: float) -> None:
    table = Table(title=f"panel, both sizes by turns: a bare round trip takes {trip:.2f} ms (median)")
    for title in ("page", f"median at {sizes[0]:,}", f"p95 at {sizes[0]:,}", f"median at {sizes[1]:,}",
                  f"p95 at {sizes[1]:,}", "p95 grows", "queries", "round trips a page"):  # fmt: skip
        table.add_column(title, justify="left" if title == "page" else "right")
    for name, (one, other) in found.items():
        table.add_row(
            name, f"{one.median:.1f} ms", f"{one.p95:.1f} ms", f"{other.median:.1f} ms", f"{other.p95:.1f} ms",
            f"{other.p95 / one.p95:.2f} x", f"{one.queries} → {other.queries}", f"{other.median / trip:.0f}",
        )  # fmt: skip
    Console().print(table)

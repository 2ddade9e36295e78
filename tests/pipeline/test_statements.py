"""How many statements a batch costs, whatever its size: with everything that a seeded company has."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event

from bots.telegram.adapter import TelegramAdapter
from inbox.channels.events import Platform
from inbox.cli.bench_traffic import updates
from inbox.cli.company import seed
from inbox.conversations.pipeline import Pipeline
from inbox.core.context import Context
from inbox.core.stream import Entry, IntakeStream, as_json
from routing.arriving import route
from tests.company import NOWHERE, open_context
from tests.desk import WordTagger
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def company(servers: TestServers) -> AsyncIterator[tuple[Context, int]]:
    """A seeded demo company with its Telegram channel."""
    async with open_context(servers) as opened:
        context = replace(opened, tagger=WordTagger(), adapters={Platform.TELEGRAM: TelegramAdapter()})
        _, channel_ids = await seed(context, NOWHERE, closed=False)
        yield context, channel_ids[Platform.TELEGRAM]


@contextmanager
def counted(context: Context) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(" ".join(statement.split()))

    engine = context.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _statements(context: Context, channel_id: int, pipeline: Pipeline, first: int, count: int) -> list[str]:
    now = context.clock()
    raws = updates([f"сколько стоит доставка? {first + number}" for number in range(count)], now, first)
    entries = [Entry(f"1-{first + place}", channel_id, now, "test", as_json(raw)) for place, raw in enumerate(raws)]
    with counted(context) as statements:
        await pipeline.process(entries)
    return statements


async def test_a_batch_costs_few_statements_whatever_its_size(company: tuple[Context, int]) -> None:
    context, channel_id = company
    pipeline = Pipeline(context, IntakeStream(context.redis, "one"), route)
    # A new person's first message is routed; words of somebody who is known go where the talk is.
    for first, count, most in ((1, 1, 38), (2, 1, 25), (100, 30, 40), (200, 90, 40)):
        found = await _statements(context, channel_id, pipeline, first, count)
        assert len(found) <= most, "\n".join(found)


async def test_hours_and_promises_are_read_once_a_batch_and_anew_in_the_next(company: tuple[Context, int]) -> None:
    context, channel_id = company
    pipeline = Pipeline(context, IntakeStream(context.redis, "one"), route)
    for first in (1, 101):
        found = await _statements(context, channel_id, pipeline, first, 8)
        assert sum("FROM sla_policies" in one for one in found) == 1
        assert sum("FROM workspaces LEFT OUTER JOIN calendars" in one for one in found) == 1


async def test_an_edit_reads_its_attachments_once(company: tuple[Context, int]) -> None:
    context, channel_id = company
    pipeline, now = Pipeline(context, IntakeStream(context.redis, "one"), route), context.clock()
    (raw,) = updates(["сколько стоит доставка?"], now, 1)
    message = raw["message"]
    assert isinstance(message, dict)
    edited = {
        "update_id": 2,
        "edited_message": {**message, "text": "а когда привезёте?", "edit_date": message["date"] + 9},
    }
    await pipeline.process([Entry("1-1", channel_id, now, "test", as_json(raw))])
    with counted(context) as statements:
        await pipeline.process([Entry("1-2", channel_id, now, "test", as_json(edited))])
    found = [one for one in statements if one.startswith("SELECT attachments.kind, attachments.external_id")]
    assert len(found) == 1, found
    assert not [one for one in statements if one.startswith("SELECT attachments.kind FROM")]

"""`otklik bench pipeline`: messages a second from the stream to committed rows, beside what its parts alone allow.

Everything is measured in one run on a throw-away home; the user's servers and data are never touched.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from inbox.channels.events import Platform
from inbox.cli.bench_home import throw_away_context
from inbox.cli.bench_traffic import unique_texts, updates
from inbox.cli.company import seed
from inbox.conversations.models import Conversation, Delivery, Direction, Message, MessageKind
from inbox.conversations.pipeline import Pipeline
from inbox.conversations.preparing import Preparer
from inbox.core.bulk import insert_rows
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.settings import Settings
from inbox.core.stream import BATCH, IntakeStream
from moderation.triage import load_tagger
from routing.arriving import route

WARM_UP = 512
SINGLES = 300
NOWHERE = "http://127.0.0.1:9"
LONGEST = 600.0
"""Seconds after which a run gives up."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second."""

    tagging: float
    inserts: float
    pipeline: float
    singles: float

    @property
    def limit(self) -> float:
        """Tagging and inserting alone, one after the other."""
        return 1 / (1 / self.tagging + 1 / self.inserts)


async def pipeline(settings: Settings, messages: int) -> None:
    """Measure and print."""
    async with throw_away_context(settings) as context:
        tagger = await asyncio.to_thread(load_tagger, cache=False)
        async with asyncio.timeout(LONGEST):
            rates = await measure(replace(context, tagger=tagger), messages)
    _print(rates, messages)


async def measure(context: Context, messages: int) -> Rates:
    """All rates, in one run on one machine."""
    _, channel_ids = await seed(context, NOWHERE, closed=False)
    channel_id = channel_ids[Platform.TELEGRAM]
    stream = IntakeStream(context.redis, "bench")
    await stream.ensure_group()
    worker = Pipeline(context, stream, route)
    texts = unique_texts(WARM_UP + messages + SINGLES)
    await _fill(context, stream, channel_id, texts[:WARM_UP], 1)
    await _drain(worker, stream)
    tagging = await _rate(messages, lambda: _tag(context, texts[WARM_UP : WARM_UP + messages]))
    await _fill(context, stream, channel_id, texts[WARM_UP : WARM_UP + messages], 1 + WARM_UP)
    through = await _rate(messages, lambda: _drain(worker, stream))
    inserts = await _rate(messages, lambda: _insert(context, texts[WARM_UP : WARM_UP + messages]))
    await _fill(context, stream, channel_id, texts[-SINGLES:], 1 + WARM_UP + messages)
    singles = await _rate(SINGLES, lambda: _one_by_one(Pipeline(context, stream, route), stream))
    await _check(context, channel_id, len(texts))
    return Rates(tagging, inserts, through, singles)


async def _rate(count: int, work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return count / (time.perf_counter() - started)


async def _fill(context: Context, stream: IntakeStream, channel_id: int, texts: list[str], first_id: int) -> None:
    now = context.clock()
    waiting: list[Awaitable[None]] = []
    for update in updates(texts, now, first_id):
        waiting.append(stream.add(channel_id, now, "bench", update))
        if len(waiting) == 32:
            await asyncio.gather(*waiting)
            waiting.clear()
    await asyncio.gather(*waiting)


async def _drain(worker: Pipeline, stream: IntakeStream) -> None:
    """Run as a worker does until nothing is left; the wait for what does not come is not counted."""
    stop = asyncio.Event()
    running = asyncio.create_task(worker.take_until(stop))
    while await stream.length():
        await asyncio.sleep(0.02)
        if running.done():
            break
    stop.set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _one_by_one(worker: Pipeline, stream: IntakeStream) -> None:
    while entries := await stream.read():
        for entry in entries:
            await worker.process([entry])
            await stream.acknowledge([entry])
        if not await stream.length():
            return


async def _tag(context: Context, texts: Sequence[str]) -> None:
    """In batches and threads, as the pipeline does, and nothing else."""
    preparer = Preparer(context)
    for start in range(0, len(texts), BATCH):
        await preparer.tag(texts[start : start + BATCH], hurried=True)
    preparer.close()


async def _insert(context: Context, texts: Sequence[str]) -> None:
    """Rows of messages, 256 a statement, a transaction a statement, and nothing else."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        found = await session.execute(
            select(Conversation.workspace_id, Conversation.id, Conversation.channel_id).limit(1)
        )
        workspace_id, conversation_id, channel_id = found.one()
    now = context.clock()
    for start in range(0, len(texts), BATCH):
        rows = [
            {
                "workspace_id": workspace_id, "conversation_id": conversation_id, "channel_id": channel_id,
                "direction": Direction.OUTBOUND, "kind": MessageKind.NOTE, "text": text, "sent_at": now,
                "delivery": Delivery.CANCELLED, "needs_answer_why": "ours",
            }
            for text in texts[start : start + BATCH]
        ]  # fmt: skip
        async with context.database.transaction(EVERY_WORKSPACE) as session:
            await insert_rows(session, Message, rows)


async def _check(context: Context, channel_id: int, expected: int) -> None:
    """A fast run that lost something measured nothing."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        stored = await session.scalar(
            select(func.count()).where(Message.channel_id == channel_id, Message.direction == Direction.INBOUND)
        )
    if stored != expected:
        raise AssertionError(f"{expected} messages were put on the stream, {stored} are stored")


def _print(rates: Rates, messages: int) -> None:
    table = Table(title=f"Pipeline, {messages} unique texts, cache off", title_justify="left")
    table.add_column("what")
    table.add_column("messages/s", justify="right")
    for what, rate in (
        ("tagging alone", rates.tagging),
        ("bare multi-row inserts", rates.inserts),
        ("limit: 1/(1/tagging + 1/inserts)", rates.limit),
        ("pipeline, stream to committed rows", rates.pipeline),
        ("one event a transaction", rates.singles),
    ):
        table.add_row(what, f"{rate:,.0f}")
    console = Console()
    console.print(table)
    share, ratio = rates.pipeline / rates.limit, rates.pipeline / rates.singles
    console.print(f"share of the limit: {share:.0%} (goal 60 %) · {ratio:.1f} times one event a transaction")

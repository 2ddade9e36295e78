"""A prize draw at night, the whole way: thousands of «+» are one row, the questions among them are conversations."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import event, func, select

from inbox.agents.models import TokenKind
from inbox.agents.tokens import issue_token
from inbox.app import create_app
from inbox.conversations.models import Conversation, Message, MessageKind, Post, Status
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.web.cookies import SESSION
from inbox.core.web.csrf import HEADER
from routing.alerts.models import AlertKind, AlertSettings
from routing.autoreplies.models import AutoReply, AutoReplyKind
from tests.company import BASE_URL, ShippedTagger, csrf_token_for
from tests.routing.rung import Rung, open_rung
from tests.routing.talk import Raw, comment, post, send, shown
from tests.servers import TestServers

pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]
FRIDAY_NIGHT = datetime(2026, 11, 20, 19, tzinfo=UTC)
WEEKDAYS = [(day, 10 * 60, 19 * 60) for day in range(5)]
PLUSES = 3000
HANDS = ("+", "Участвую!", "➕", "++++", "+ 🙏", "участвую", "❤️❤️❤️", "Плюс", "+ + +", "🔥")
ASKED = (
    "Когда итоги розыгрыша?", "Доставка в {} есть?", "Сколько стоит этот диван в {}?",
    "Ужас, {}: третий день не отвечаете, где мой заказ?!",
)  # fmt: skip
TOWNS = ("Казань", "Пермь", "Омск", "Тулу", "Самару", "Уфу", "Рязань", "Тверь", "Сочи", "Курск")
QUESTIONS = [text.format(town) for town in TOWNS for text in ASKED]


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    """Closed since three hours, everything rings, and a machine may answer in public."""
    async with open_rung(servers, FRIDAY_NIGHT) as opened:
        desk = opened.bridge.desk
        desk.context = replace(desk.context, tagger=ShippedTagger())
        await opened.bridge.open_hours(*WEEKDAYS)
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            kinds = [kind.value for kind in AlertKind]
            session.add(AlertSettings(workspace_id=desk.workspace_id, kinds=kinds))
            session.add(
                AutoReply(
                    workspace_id=desk.workspace_id, name="Ночью", kind=AutoReplyKind.AFTER_HOURS, text="Ответим утром",
                    is_public=True, public_cap=60,
                )
            )  # fmt: skip
        yield opened


@asynccontextmanager
async def browser(rung: Rung) -> AsyncIterator[httpx.AsyncClient]:
    """The boss's."""
    context = rung.bridge.desk.context
    async with context.transaction(EVERY_WORKSPACE) as session:
        cookie = await issue_token(session, rung.boss_id, TokenKind.COOKIE, context.clock())
    headers = {"Cookie": f"{SESSION}={cookie}", HEADER: csrf_token_for(cookie)}
    transport = httpx.ASGITransport(create_app(context, asyncio.Event()))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as client:
        yield client


@contextmanager
def counted(rung: Rung) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = rung.bridge.desk.context.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def put_in_draw(rung: Rung, client: httpx.AsyncClient, person: int) -> int:
    """As people do it: from the card of the post, above somebody's comment."""
    context = rung.bridge.desk.context
    async with context.database.session(EVERY_WORKSPACE) as session:
        talk, post_id = (
            await session.execute(
                select(Conversation.id, Conversation.post_id)
                .join(Message, Message.conversation_id == Conversation.id)
                .where(Message.text == f"ура, я первый {person}")
            )
        ).one()
    answer = await client.post(f"/w/{rung.bridge.desk.workspace_id}/inbox/{talk}/post", data={"mode": "draw"})
    assert answer.status_code == 200, answer.text
    assert post_id is not None
    return int(post_id)


def crowd(rung: Rung, under: Raw) -> list[Raw]:
    """Three thousand hands, and a question now and then."""
    desk = rung.bridge.desk
    hands = [comment(desk, under, HANDS[place % len(HANDS)], 10_000 + place) for place in range(PLUSES)]
    step = PLUSES // len(QUESTIONS)
    for place, text in enumerate(QUESTIONS):
        hands.insert(place * (step + 1), comment(desk, under, text, 20_000 + place))
    return hands


async def test_a_draw_at_night_is_one_folded_row_and_its_questions(rung: Rung) -> None:
    desk = rung.bridge.desk
    drawn, ordinary = post(desk, "Розыгрыш дивана"), post(desk, "Новая коллекция")
    await send(desk, shown(desk, drawn), shown(desk, ordinary))
    await send(desk, comment(desk, drawn, "ура, я первый 1", 1), comment(desk, ordinary, "Сколько стоит кресло?", 2))
    async with browser(rung) as client:
        post_id = await put_in_draw(rung, client, 1)
        everybody = crowd(rung, drawn)
        await send(desk, *everybody[:80])
        address = f"/w/{desk.workspace_id}/inbox"
        with counted(rung) as before:
            await client.get(address)
        await send(desk, *everybody[80:])
        await rung.bridge.work()
        with counted(rung) as after:
            page = (await client.get(address)).text
        assert len(after) == len(before)
        await _assert_one_row(client, address, page, post_id)
    await _assert_quiet(rung, post_id)
    assert len(await rung.rings()) == 1
    assert len(await rung.alerts(AlertKind.NEGATIVE)) > 1, "the others are counted and told together"


async def _assert_one_row(client: httpx.AsyncClient, address: str, page: str, post_id: int) -> None:
    """3,000 and the first comment, which was a short one; 40 questions and the one under the other post."""
    assert page.count('data-fold="') == 1
    assert f'data-fold="{post_id}"' in page
    assert "3 001" in page.replace("\u202f", " ").replace("\xa0", " ")
    assert 'data-view="open"' in page
    whole = 0
    rows = (await client.get(address.replace("inbox", "rows"))).text
    while True:
        whole += rows.count("data-row=")
        if 'hx-trigger="intersect once"' not in rows:
            break
        following = rows.split('hx-get="')[-1].split('"')[0].replace("&amp;", "&")
        rows = (await client.get(following)).text
    assert whole == len(QUESTIONS) + 1
    opened = (await client.get(address.replace("inbox", f"posts/{post_id}/folded"))).text
    assert opened.count("data-folded-row=") == 50


async def _assert_quiet(rung: Rung, post_id: int) -> None:
    """Of the draw 40 conversations are open; no clock, no person, no machine minds the others."""
    async with rung.bridge.desk.context.database.session(EVERY_WORKSPACE) as session:
        under = Conversation.post_id == post_id
        states = await session.execute(
            select(Conversation.status, Conversation.foldable, func.count())
            .where(under)
            .group_by(Conversation.status, Conversation.foldable)
        )
        assert {(status, foldable): n for status, foldable, n in states} == {
            (Status.OPEN, False): len(QUESTIONS), (Status.CLOSED, True): PLUSES + 1,
        }  # fmt: skip
        minded = await session.scalar(
            select(func.count()).where(
                under,
                Conversation.foldable,
                Conversation.assignee_id.is_not(None) | Conversation.first_response_due_at.is_not(None),
            )
        )
        assert minded == 0
        replied = await session.execute(
            select(Conversation.post_id, func.count())
            .join(Message, Message.conversation_id == Conversation.id)
            .where(Message.kind == MessageKind.AUTO_REPLY)
            .group_by(Conversation.post_id)
        )
        other = await session.scalar(select(Post.id).where(Post.id != post_id))
        assert dict(replied.all()) == {other: 1}, "under the draw none, elsewhere as ever"

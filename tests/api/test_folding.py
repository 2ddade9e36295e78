"""What a draw folds and what not, and what folding costs: rows written, locks taken, rows visited."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text, update

from inbox.channels.events import ConversationKind
from inbox.conversations.models import Conversation, Message
from inbox.conversations.refresh import refresh
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.database import EVERY_WORKSPACE
from tests.api.plans import copied, visited
from tests.api.subscribers import Subscribers
from tests.company import Company
from tests.desk import until

pytestmark = pytest.mark.outside
LONG = "Хочу этот диван для своей мамы, она мечтала о нём целых десять лет и очень ждёт!"
ESSAY = "Мы с мужем давно ищем диван в гостиную, и вот наконец нашли у вас тот самый, о котором мечтали. " * 2
DRAWS, HANDS = 40, 100
SHOWN = 1 + 4 * HANDS
ROUNDED = 5
"""Rows of a plan are means of its loops, which PostgreSQL before 18 rounds: less than a row for each draw shown."""


@pytest.fixture
async def post_id(company: Company, subscribers: Subscribers) -> int:
    """A post that is a draw from the beginning."""
    found = await subscribers.see_post("Розыгрыш")
    owner = await company.client_of("owner")
    assert (await owner.patch(f"/api/v1/posts/{found}", json={"mode": "draw"})).status_code == 200
    return found


async def say(subscribers: Subscribers, words: str, who: str, **more: Any) -> int:
    """A comment that wants nothing, unless told otherwise."""
    more = {"intent": Intent.OTHER, **more}
    return (await subscribers.write(words, who, kind=ConversationKind.COMMENT, **more)).conversation_id


async def folded(company: Company) -> set[int]:
    """Who stands in folded rows."""
    owner = await company.client_of("owner")
    answer = await owner.get("/api/v1/conversations", params={"folded": "true"})
    return {item["id"] for item in answer.json()["items"]}


async def version(company: Company, conversation_id: int) -> str:
    """Changes with each writing of the row."""
    async with company.context.database.engine.connect() as connection:
        found = await connection.execute(
            text("select ctid::text || ' ' || xmin::text from conversations where id = :id"), {"id": conversation_id}
        )
        return str(found.scalar_one())


async def test_an_equal_comment_writes_and_locks_none_of_those_that_are_folded(
    company: Company, subscribers: Subscribers, post_id: int
) -> None:
    first, second = await say(subscribers, LONG, "501"), await say(subscribers, LONG.upper(), "502")
    assert await folded(company) == {first, second}
    before = await version(company, first), await version(company, second)
    async with company.context.database.session(EVERY_WORKSPACE) as other:
        await other.execute(select(Conversation).where(Conversation.id == first).with_for_update())
        async with asyncio.timeout(10):
            third = await say(subscribers, LONG, "503")
    assert await folded(company) == {first, second, third}
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await refresh(session, [third])
    assert await folded(company) == {first, second, third}
    assert (await version(company, first), await version(company, second)) == before


async def test_what_somebody_works_on_is_folded_by_the_next_equal_comment(
    company: Company, subscribers: Subscribers, post_id: int
) -> None:
    first = await say(subscribers, LONG, "501")
    async with company.context.database.session(EVERY_WORKSPACE) as other:
        await other.execute(select(Conversation).where(Conversation.id == first).with_for_update())
        async with asyncio.timeout(10):
            second = await say(subscribers, LONG, "502")
        assert await folded(company) == {second}
    third = await say(subscribers, LONG, "503")
    assert await folded(company) == {first, second, third}


async def test_long_comments_that_differ_at_their_end_are_not_equal(
    company: Company, subscribers: Subscribers, post_id: int
) -> None:
    await say(subscribers, f"{ESSAY} Люблю синий.", "501")
    await say(subscribers, f"{ESSAY} Люблю красный.", "502")
    assert await folded(company) == set()
    again = await say(subscribers, f"{ESSAY} люблю красный", "503")
    assert again in await folded(company)
    assert len(await folded(company)) == 2


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("Ну вы и жулики", {"toxic": True}),
        ("Всё плохо", {"sentiment": Sentiment.NEGATIVE}),
        ("Заработок тут", {"intent": Intent.SPAM}),
        ("Когда итоги?", {"intent": Intent.QUESTION}),
        (LONG, {}),
    ],
)
async def test_a_plus_hides_nothing_that_its_author_said_before(
    company: Company, subscribers: Subscribers, post_id: int, words: str, more: dict[str, Any]
) -> None:
    said = await say(subscribers, words, "501", **more)
    assert await say(subscribers, "+", "501") == said
    hand = await say(subscribers, "Участвую", "502")
    assert await say(subscribers, "+", "502") == hand
    assert await folded(company) == {hand}
    owner = await company.client_of("owner")
    for mode in ("normal", "draw"):
        await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": mode})
    assert await folded(company) == {hand}
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        loud = select(Message.id).where(Message.conversation_id == said, Message.text == words).scalar_subquery()
        await session.execute(update(Message).where(Message.id == loud).values(deleted_at=company.clock()))
        await refresh(session, [said])
    assert await folded(company) == {hand, said}, "what was deleted says nothing any more"


async def test_a_change_of_mode_locks_messages_before_conversations(company: Company, subscribers: Subscribers) -> None:
    post_id = await subscribers.see_post("Розыгрыш")
    talk = await say(subscribers, "+", "501")
    owner = await company.client_of("owner")
    async with company.context.database.session(EVERY_WORKSPACE) as other:
        await other.execute(select(Message.id).where(Message.conversation_id == talk).with_for_update())
        change = asyncio.create_task(owner.patch(f"/api/v1/posts/{post_id}", json={"mode": "draw"}))
        await until(lambda: _is_waited(company), 10)
        await other.execute(select(Conversation.id).where(Conversation.id == talk).with_for_update(nowait=True))
    assert (await change).json()["folded"] == 1


async def _is_waited(company: Company) -> bool:
    """Whether somebody waits for a lock."""
    waiting = text("select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = :name)")
    async with company.context.database.engine.connect() as connection:
        name = connection.engine.url.database
        return bool((await connection.execute(waiting, {"name": name})).scalar_one())


async def test_counting_the_folded_visits_only_what_is_shown(
    company: Company, subscribers: Subscribers, post_id: int
) -> None:
    """Forty draws with a hundred hands each, and one with one: of those that are not shown a comment each is read."""
    await say(subscribers, "+", "501")
    for place in range(20):
        await say(subscribers, f"{ESSAY} {place}", str(600 + place))
    await _copy_draws(company)
    browser = await company.browser_of("owner")
    at = f"/w/{company.workspace_id}"
    async with visited(company, "LATERAL") as rows:
        assert (await browser.get(f"{at}/counts")).text.count("data-fold=") == 5
    assert SHOWN - ROUNDED <= rows[0] <= SHOWN + DRAWS + ROUNDED
    async with visited(company, "LATERAL") as rows:
        assert (await browser.get(f"{at}/counts?view=automatic")).text.count("data-fold=") == 5
    assert SHOWN - ROUNDED <= rows[0] <= SHOWN + DRAWS + ROUNDED
    async with visited(company, "count(*)", "conversations.foldable") as rows:
        assert "1 folded comment" in (await browser.get(f"{at}/posts/{post_id}/folded/count?shown=1")).text
    assert rows == [1]


async def _copy_draws(company: Company) -> None:
    """The post and its one folded comment, many times; each draw a day older than the one before."""
    posts = copied("posts", external_id="'copy:' || n", thread_external_id="'copy:' || n")
    talks = copied(
        "conversations",
        key="'copy:' || p.id || ':' || n",
        post_id="p.id",
        last_message_at="t.last_message_at - (p.id % 40) * interval '12 hours'",
    )
    async with company.context.database.engine.begin() as connection:
        await connection.execute(text(f"{posts} from posts t, generate_series(1, {DRAWS}) n"))
        await connection.execute(
            text(
                f"{talks} from conversations t, posts p, generate_series(1, {HANDS}) n"
                " where t.foldable and p.external_id like 'copy:%'"
            )
        )
        for table in ("posts", "conversations"):
            await connection.execute(text(f"analyze {table}"))

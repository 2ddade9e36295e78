"""Whom a comment answers counts, from what the platform sends to the verdict: us, another subscriber, or nobody."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from inbox.conversations.judging import judge_again
from inbox.conversations.models import Conversation, Message
from inbox.core.database import EVERY_WORKSPACE
from tests.desk import Desk, open_desk
from tests.servers import TestServers

pytestmark = pytest.mark.outside
GROUP = {"id": -1009, "type": "supergroup", "title": "Чат магазина"}
CHANNEL = {"id": -1008, "type": "channel", "title": "Магазин"}
ANNA, BORIS, COLLEAGUE = 501, 502, 503
DOUBTFUL = "аудит"
"""The desk's tagger gives it a small chance of wanting something."""
Raw = dict[str, object]


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers) as opened:
        yield opened


def said(desk: Desk, text: str, person: int, answered: Raw | None = None) -> Raw:
    """What somebody writes in the group, as Telegram tells it."""
    number = next(desk.numbers)
    message: Raw = {
        "message_id": number, "date": int(desk.context.clock().timestamp()), "text": text, "chat": GROUP,
        "from": {"id": person, "is_bot": False, "first_name": f"Person {person}"},
    }  # fmt: skip
    return message | ({"reply_to_message": answered} if answered else {})


def post(desk: Desk) -> Raw:
    """The channel's post, as it stands in the group."""
    forward: Raw = {"sender_chat": CHANNEL, "is_automatic_forward": True, "from": {"id": 777000, "first_name": "T"}}
    return said(desk, "Новая кухня", 777000) | forward


def joined(desk: Desk, person: int) -> Raw:
    """Somebody became an administrator of the group."""
    user = {"id": person, "is_bot": False, "first_name": f"Person {person}"}
    return {
        "update_id": next(desk.numbers),
        "chat_member": {
            "chat": GROUP, "from": user, "date": int(desk.context.clock().timestamp()) - 60,
            "old_chat_member": {"status": "member", "user": user},
            "new_chat_member": {"status": "administrator", "user": user},
        },
    }  # fmt: skip


async def bring(desk: Desk, *messages: Raw) -> None:
    updates = [one if "update_id" in one else {"update_id": next(desk.numbers), "message": one} for one in messages]
    await desk.put(*updates)
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.dead() == []


async def verdict(desk: Desk, person: int) -> tuple[bool, str]:
    """Of the only message of this person, which is the state of their conversation, too."""
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.execute(
            select(Message.needs_answer, Message.needs_answer_why, Conversation.needs_answer)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Conversation.key.endswith(f":{person}"), Message.text == DOUBTFUL)
        )
        needed, why, waits = rows.one()
    assert needed is waits
    return needed, why


async def test_what_may_ask_is_looked_at_unless_it_is_said_to_another_subscriber(desk: Desk) -> None:
    root = post(desk)
    asked = said(desk, "вкусно было", ANNA, root)
    await bring(desk, root, asked, said(desk, DOUBTFUL, BORIS, asked), said(desk, DOUBTFUL, COLLEAGUE, root))
    assert await verdict(desk, BORIS) == (False, "talk")
    assert await verdict(desk, COLLEAGUE) == (True, "unsure")


async def test_who_goes_on_from_their_own_words_answers_nobody(desk: Desk) -> None:
    first = said(desk, "вкусно было", BORIS)
    await bring(desk, first, said(desk, DOUBTFUL, BORIS, first))
    assert await verdict(desk, BORIS) == (True, "unsure")


async def test_an_answer_to_an_anonymous_administrator_addresses_us(desk: Desk) -> None:
    ours = said(desk, "Здравствуйте!", 777) | {"sender_chat": GROUP}
    await bring(desk, said(desk, DOUBTFUL, BORIS, ours))
    assert await verdict(desk, BORIS) == (True, "addresses_us")


@pytest.mark.parametrize("is_late", [False, True])
async def test_an_answer_to_a_colleagues_own_account_addresses_us(desk: Desk, *, is_late: bool) -> None:
    told = said(desk, "у нас выходной", COLLEAGUE)
    answered = said(desk, DOUBTFUL, BORIS, told)
    await bring(desk, *([told, answered] if is_late else [joined(desk, COLLEAGUE), told, answered]))
    if is_late:
        assert await verdict(desk, BORIS) == (False, "talk")
        await bring(desk, joined(desk, COLLEAGUE))
    assert await verdict(desk, BORIS) == (True, "addresses_us")


async def test_judging_again_knows_whom_it_answers(desk: Desk) -> None:
    asked = said(desk, "вкусно было", ANNA)
    await bring(desk, asked, said(desk, DOUBTFUL, BORIS, asked))
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        assert await judge_again(session, Message.text == DOUBTFUL) == set()
    assert await verdict(desk, BORIS) == (False, "talk")

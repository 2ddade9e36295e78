"""A note that calls a colleague rings at their Telegram, where it is linked and they may still see the conversation."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from inbox.conversations.models import Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Role
from inbox.replies.service import Draft
from inbox.replies.writing import write
from tests.routing.rung import BOSS, HELPER, Rung, open_rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_rung(servers) as opened:
        await opened.link(opened.helper_id, HELPER)
        yield opened


async def note(rung: Rung, words: str) -> None:
    """The boss writes a note in the only conversation; jobs wait."""
    caller, context = await rung.caller(rung.boss_id), rung.bridge.desk.context
    async with context.transaction(caller.scope) as session:
        talk = (await session.scalars(select(Conversation.id))).one()
        await write(session, context.adapters, caller, talk, Draft(words, note=True), rung.bridge.clock.now)


async def test_the_called_colleague_reads_it_in_private_and_nobody_else_does(rung: Rung) -> None:
    await rung.bridge.say("Где мой заказ?")
    await rung.bridge.work()
    before, group = await rung.chat("direct", HELPER), await rung.rings()
    await note(rung, "@Мария глянь, пожалуйста")
    await rung.bridge.work()
    (told,) = (await rung.chat("direct", HELPER))[len(before) :]
    assert "Ольга зовёт вас в заметке" in told.text
    assert "Анна Петрова" in told.text
    assert "@Мария глянь, пожалуйста" in told.text
    assert await rung.rings() == group
    assert not [one for one in await rung.chat("direct", BOSS) if "заметке" in one.text]


async def test_who_may_not_see_the_conversation_any_more_reads_nothing(rung: Rung) -> None:
    await rung.bridge.say("Где мой заказ?")
    await rung.bridge.work()
    before = await rung.chat("direct", HELPER)
    await note(rung, "@Мария глянь")
    other = await rung.hire("Артём", Role.MODERATOR, [])
    async with rung.bridge.desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=other, team_id=None))
    await rung.bridge.work()
    assert await rung.chat("direct", HELPER) == before


async def test_a_colleague_without_telegram_is_told_by_the_panel_alone(rung: Rung) -> None:
    await rung.hire("Артём", Role.MODERATOR)
    await rung.bridge.say("Где мой заказ?")
    await rung.bridge.work()
    before = await rung.rings()
    await note(rung, "@Артём глянь")
    await rung.bridge.work()
    assert await rung.rings() == before

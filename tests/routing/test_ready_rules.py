"""The ready rules of a new workspace, by day and by night."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from inbox.calendars.models import Calendar, CalendarInterval
from inbox.conversations.models import Conversation, Priority
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, Role
from tests.desk import Desk, open_desk
from tests.routing.talk import comment, post, send, shown, talk_of
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers) as opened:
        yield opened


async def close_now(desk: Desk) -> None:
    """Hours that began and ended an hour ago."""
    closed = desk.context.clock() - timedelta(hours=2)
    start = closed.hour * 60 + closed.minute
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        calendar = Calendar(
            workspace_id=desk.workspace_id, name="c", time_zone="UTC", holidays=None, is_default=True
        )  # fmt: skip
        session.add(calendar)
        await session.flush()
        session.add(
            CalendarInterval(
                workspace_id=desk.workspace_id, calendar_id=calendar.id, weekday=closed.weekday(), opens_minute=start,
                closes_minute=start + 60,
            )
        )  # fmt: skip


async def test_each_kind_of_message_finds_its_team_and_urgency(desk: Desk) -> None:
    people = {name: await desk.add_agent(name, [name]) for name in ("sales", "support", "moderators")}
    owner = await desk.add_agent("owner", [])
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        (await session.scalars(select(Membership).where(Membership.agent_id == owner))).one().role = Role.OWNER
    texts = [
        "цена", "плохо", "сотрудничество", "спасибо", "наверное", "когда откроетесь", "дурак", "спам",
    ]  # fmt: skip
    await send(desk, *(desk.message(text, 501 + place) for place, text in enumerate(texts)))
    found = [await talk_of(desk, 501 + place) for place in range(len(texts))]
    by_team = {team_id: name for name, team_id in desk.team_ids.items()}
    by_agent = {agent_id: name for name, agent_id in (people | {"owner": owner}).items()}
    assert [
        (by_team.get(one.team_id or 0), by_agent.get(one.assignee_id or 0), one.priority, one.held) for one in found
    ] == [
        ("sales", "sales", Priority.NORMAL, False),
        ("support", "support", Priority.HIGH, False),
        (None, "owner", Priority.NORMAL, False),
        ("moderators", "moderators", Priority.LOW, False),
        ("moderators", "moderators", Priority.NORMAL, False),
        ("moderators", "moderators", Priority.NORMAL, False),
        ("moderators", "moderators", Priority.HIGH, True),
        (None, None, Priority.NORMAL, True),
    ]


async def test_a_complaint_at_night_goes_to_whoever_is_on_shift(desk: Desk) -> None:
    await close_now(desk)
    on_call = await desk.add_agent("sales", ["sales"])
    await send(desk, desk.message("плохо", 501), desk.message("когда откроетесь", 502))
    complaint, question = await talk_of(desk, 501), await talk_of(desk, 502)
    assert (complaint.assignee_id, complaint.priority) == (on_call, Priority.URGENT)
    assert (question.assignee_id, question.team_id) == (None, desk.team_ids["moderators"])
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        assert len(list(await session.scalars(select(Conversation.id)))) == 2


async def test_what_looks_like_spam_but_may_want_something_is_marked_and_still_finds_somebody(desk: Desk) -> None:
    moderator = await desk.add_agent("moderators", ["moderators"])
    under = post(desk, "Новая коллекция")
    await send(desk, shown(desk, under), comment(desk, under, "спам, бесплатный аудит вашей клиники", 501))
    found = await talk_of(desk, 501)
    assert (found.needs_answer, found.held, found.assignee_id) == (True, True, moderator)

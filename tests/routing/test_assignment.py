"""Round robin: fair over batches and workers, never beyond a person's room, and the queue drains."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import delete, select, update

from inbox.agents.models import Agent, ShiftState
from inbox.conversations.deciding import Wanted, load_seen, set_status
from inbox.conversations.models import Activity, Conversation, Status
from inbox.conversations.refresh import refresh
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, Role, Workspace
from inbox.sla.sweep import sweep
from routing.assignment.service import drain
from routing.rules.models import Rule
from tests.desk import Desk, add_workspace, open_desk
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers, channels=2) as opened:
        yield opened


async def assignees(desk: Desk) -> "Counter[int | None]":
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        return Counter(await session.scalars(select(Conversation.assignee_id)))


async def write(desk: Desk, people: range, text: str = "какая цена") -> None:
    await desk.put(*(desk.message(f"{text} {person}", person) for person in people))
    await desk.run_until_empty(desk.pipeline()[0])


async def test_turns_go_on_over_batches(desk: Desk) -> None:
    people = [await desk.add_agent(name, ["sales"]) for name in ("а", "б", "в")]
    for person in range(500, 509):
        await write(desk, range(person, person + 1))
    assert await assignees(desk) == dict.fromkeys(people, 3)


async def test_two_workers_share_turns_fairly_and_fill_no_one_beyond_their_room(desk: Desk) -> None:
    people = [await desk.add_agent(name, ["sales"], capacity=10) for name in ("а", "б")]
    messages = [desk.message(f"какая цена {person}", person) for person in range(500, 530)]
    for place, raw in enumerate(messages):
        await desk.put(raw, channel_id=desk.channel_ids[place % 2])
    await desk.run_until_empty(desk.pipeline("one")[0], desk.pipeline("two")[0])
    assert await assignees(desk) == {people[0]: 10, people[1]: 10, None: 10}


async def test_room_is_one_over_all_projects_also_when_both_hand_out_at_once(desk: Desk) -> None:
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        organisation_id = await session.scalar(select(Workspace.organisation_id).limit(1))
        assert organisation_id is not None
        second, channels = await add_workspace(session, organisation_id, 1)
    await write(desk, range(500, 508))
    await desk.put(
        *(desk.message(f"какая цена {person}", person) for person in range(600, 608)), channel_id=channels[0]
    )
    await desk.run_until_empty(desk.pipeline()[0])
    busy = await desk.add_agent("а", ["sales"], capacity=5)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        there = await session.scalar(select(Conversation.team_id).where(Conversation.workspace_id == second).limit(1))
        assert there is not None
        await desk.join(session, busy, second, [there])

    async def hand_out(workspace_id: int) -> int:
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            return await drain(session, workspace_id, desk.context.clock())

    handed = await asyncio.gather(hand_out(desk.workspace_id), hand_out(second))
    assert sum(handed) == 5
    assert (await assignees(desk))[busy] == 5


async def test_what_waited_is_handed_out_oldest_first_and_a_full_team_stops_no_other(desk: Desk) -> None:
    await write(desk, range(500, 503))
    await write(desk, range(600, 601), "всё плохо")
    support = await desk.add_agent("поддержка", ["support"])
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        assert await drain(session, desk.workspace_id, desk.context.clock()) == 1
    assert await assignees(desk) == {support: 1, None: 3}
    sales = await desk.add_agent("продажи", ["sales"], capacity=1)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await drain(session, desk.workspace_id, desk.context.clock())
        first = await session.scalar(select(Conversation.key).where(Conversation.assignee_id == sales))
    assert first == "direct:500"


async def test_the_sweep_asks_for_a_drain_only_when_somebody_has_room(desk: Desk) -> None:
    async def jobs() -> int:
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            await sweep(session, desk.context.clock())
            connection = await session.connection()
            found = await connection.exec_driver_sql(
                "select count(*) from procrastinate_jobs where task_name = 'routing.assignment.drain'"
            )
            return int(found.scalar_one())

    await write(desk, range(500, 502))
    await desk.add_agent("спит", ["sales"], state=ShiftState.OFF)
    assert await jobs() == 0
    await desk.add_agent("здесь", ["sales"])
    assert await jobs() == 1


async def test_an_archived_project_fills_nobodys_room_and_hands_out_nothing(desk: Desk) -> None:
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        organisation_id = await session.scalar(select(Workspace.organisation_id).limit(1))
        assert organisation_id is not None
        second, channels = await add_workspace(session, organisation_id, 1)
    busy = await desk.add_agent("а", ["sales"], capacity=2)
    await write(desk, range(500, 503))
    await desk.put(desk.message("какая цена", 600), channel_id=channels[0])
    await desk.run_until_empty(desk.pipeline()[0])
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        there = await session.scalar(select(Conversation.team_id).where(Conversation.workspace_id == second).limit(1))
        assert there is not None
        await desk.join(session, busy, second, [there])
    assert await assignees(desk) == {busy: 2, None: 2}

    async def drained(workspace_id: int) -> int:
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            return await drain(session, workspace_id, desk.context.clock())

    assert await drained(second) == 0, "no room"
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(
            update(Workspace).where(Workspace.id == desk.workspace_id).values(archived_at=desk.context.clock())
        )
        await sweep(session, desk.context.clock())
        connection = await session.connection()
        found = await connection.exec_driver_sql(
            "select args from procrastinate_jobs where task_name = 'routing.assignment.drain'"
        )
        assert [args for (args,) in found] == [{"workspace_id": second}]
    assert await drained(desk.workspace_id) == 0
    assert await drained(second) == 1


async def test_a_reopened_talk_goes_to_who_is_on_shift_not_to_the_sleeping_owner(desk: Desk) -> None:
    owner = await desk.add_agent("спящий", ["sales"])
    await write(desk, range(500, 501))
    assert await assignees(desk) == {owner: 1}
    now = desk.context.clock()
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        conversation = (await session.scalars(select(Conversation))).one()
        set_status(conversation, Wanted(Status.CLOSED), await load_seen(session, conversation, now))
        await session.flush()
        await refresh(session, [conversation.id])
        await session.execute(update(Agent).values(shift_state=ShiftState.OFF))
    awake = await desk.add_agent("бодрый", ["sales"])
    await write(desk, range(500, 501), "а какая цена доставки")
    assert await assignees(desk) == {awake: 1}
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        kinds = list(await session.scalars(select(Activity.kind).order_by(Activity.id)))
    assert kinds == ["assigned", "reopened", "unassigned", "assigned"]


async def only_reads(desk: Desk, agent_id: int) -> None:
    """Another role, and still a row that says they are in their team."""
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        here = Membership.agent_id == agent_id, Membership.workspace_id == desk.workspace_id
        await session.execute(update(Membership).where(*here).values(role=Role.VIEWER))


async def leaves(desk: Desk, agent_id: int) -> None:
    """No more a person of the project."""
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        here = Membership.agent_id == agent_id, Membership.workspace_id == desk.workspace_id
        await session.execute(delete(Membership).where(*here))


async def test_who_may_only_read_is_handed_nothing_also_while_a_team_still_has_them(desk: Desk) -> None:
    reader = await desk.add_agent("читает", ["sales"])
    await only_reads(desk, reader)
    await write(desk, range(500, 502))
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        assert await drain(session, desk.workspace_id, desk.context.clock()) == 0
        await sweep(session, desk.context.clock())
        connection = await session.connection()
        jobs = await connection.exec_driver_sql("select task_name from procrastinate_jobs")
        assert "routing.assignment.drain" not in {row[0] for row in jobs}, "nobody could take what waits"
    assert await assignees(desk) == {None: 2}
    person = await desk.add_agent("отвечает", ["sales"])
    await write(desk, range(600, 602))
    assert await assignees(desk) == {None: 2, person: 2}


@pytest.mark.parametrize("goes", [only_reads, leaves])
async def test_a_reopened_talk_leaves_whoever_answers_here_no_more_though_they_are_on_shift_elsewhere(
    desk: Desk, goes: Callable[[Desk, int], Awaitable[None]]
) -> None:
    owner = await desk.add_agent("был", ["sales"])
    await write(desk, range(500, 501))
    now = desk.context.clock()
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        conversation = (await session.scalars(select(Conversation))).one()
        set_status(conversation, Wanted(Status.CLOSED), await load_seen(session, conversation, now))
        await session.flush()
        await refresh(session, [conversation.id])
        organisation_id = await session.scalar(select(Workspace.organisation_id).limit(1))
        assert organisation_id is not None
        second, channels = await add_workspace(session, organisation_id, 1)
        await desk.join(session, owner, second, [])
    await goes(desk, owner)
    # One batch of both projects: what they may do in the other one counts there only.
    await desk.put(desk.message("какая цена 600", 600), channel_id=channels[0])
    await write(desk, range(500, 501), "а какая цена доставки")
    assert await assignees(desk) == {None: 2}


async def test_a_broken_rule_is_passed_over_and_others_act(desk: Desk) -> None:
    person = await desk.add_agent("а", ["sales"])
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        broken = Rule(
            workspace_id=desk.workspace_id, name="сломано", position=-1, conditions=[{"field": "?"}], actions=[]
        )
        session.add(broken)
    await write(desk, range(500, 501))
    assert await assignees(desk) == {person: 1}
    assert await desk.dead() == []


async def test_a_rule_cannot_hand_a_talk_to_another_clients_team(desk: Desk) -> None:
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        organisation_id = await session.scalar(select(Workspace.organisation_id).limit(1))
        assert organisation_id is not None
        _, channels = await add_workspace(session, organisation_id, 1)
        await session.execute(
            update(Rule)
            .where(Rule.workspace_id != desk.workspace_id)
            .values(actions=[{"do": "team", "team_id": desk.team_ids["sales"]}])
        )
    await desk.add_agent("а", ["sales"])
    await desk.put(desk.message("какая цена"))
    await desk.put(desk.message("какая цена"), channel_id=channels[0])
    await desk.run_until_empty(desk.pipeline()[0])
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        foreign = select(Conversation.team_id, Conversation.assignee_id).where(Conversation.channel_id == channels[0])
        assert (await session.execute(foreign)).all() == [(None, None)]
    assert await desk.dead() == []

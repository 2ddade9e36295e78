"""Each action on the real way, and what keeps rules from acting twice, too often, or on each other."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from inbox.agents.models import Agent, ShiftState
from inbox.conversations.models import (
    Activity,
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageKind,
    Outcome,
    Priority,
    Status,
)
from inbox.conversations.needs_answer import Why
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, Role
from inbox.sla.models import SlaPolicy
from routing.rules.models import RuleRun
from routing.rules.retention import forget_runs
from routing.rules.service import MOST_AN_HOUR
from tests.desk import Desk, open_desk
from tests.routing.talk import Raw, earlier, edited, labels, send, set_rules, talk_of
from tests.servers import TestServers

pytestmark = pytest.mark.outside
ALWAYS: list[Raw] = []
LATER = timedelta(seconds=-10)
"""Telegram tells whole seconds: what is to come after an answer of ours is dated so that it surely does."""


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers) as opened:
        yield opened


async def notes(desk: Desk) -> list[str]:
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        statement = select(Message.text).where(Message.kind == MessageKind.NOTE).order_by(Message.id)
        return list(await session.scalars(statement))


async def lines(desk: Desk) -> list[tuple[str, object]]:
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.scalars(select(Activity).order_by(Activity.id))
        return [(row.kind, row.details.get("rule")) for row in rows]


async def runs(desk: Desk) -> int:
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        return await session.scalar(select(func.count()).select_from(RuleRun)) or 0


async def answer(desk: Desk, person: int, agent_id: int, *, later: timedelta = timedelta()) -> None:
    """A reply that has left."""
    conversation = await talk_of(desk, person)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            Message(
                workspace_id=desk.workspace_id, conversation_id=conversation.id, channel_id=conversation.channel_id,
                direction=Direction.OUTBOUND, kind=MessageKind.MESSAGE, text="Здравствуйте", author_agent_id=agent_id,
                sent_at=desk.context.clock() + later, delivery=Delivery.SENT,
            )
        )  # fmt: skip


async def test_labels_priority_note_and_mention(desk: Desk) -> None:
    anna = await desk.add_agent("Анна", ["sales"], state=ShiftState.OFF)
    actions: list[Raw] = [
        {"do": "label", "names": ["опт", "срочно"]},
        {"do": "priority", "value": "urgent"},
        {"do": "note", "text": "Скидка до пятницы"},
        {"do": "mention", "agent_id": anna, "text": "посмотри"},
    ]
    await set_rules(desk, (ALWAYS, actions))
    await send(desk, desk.message("вопрос", 501))
    assert (await talk_of(desk, 501)).priority is Priority.URGENT
    assert await labels(desk) == {"501": {"опт", "срочно"}}
    assert await notes(desk) == ["Скидка до пятницы", "@Анна посмотри"]
    assert await lines(desk) == [("labels", "rule 0"), ("priority", "rule 0")]


async def test_a_rule_sets_the_promise_and_the_clock_follows(desk: Desk) -> None:
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        policy = SlaPolicy(
            workspace_id=desk.workspace_id, name="Пять минут", first_response=timedelta(minutes=5),
            next_response=timedelta(minutes=7), after_closed=timedelta(hours=2), warn_before=timedelta(),
        )  # fmt: skip
        session.add(policy)
        await session.flush()
        policy_id = policy.id
    await set_rules(desk, ([{"field": "words", "any_of": ["срочно"]}], [{"do": "policy", "policy_id": policy_id}]))
    await send(desk, desk.message("срочно", 501), desk.message("не горит", 502))
    urgent, calm = await talk_of(desk, 501), await talk_of(desk, 502)
    assert urgent.first_response_since_at is not None
    assert urgent.first_response_due_at == urgent.first_response_since_at + timedelta(minutes=5)
    assert (urgent.sla_policy_id, calm.sla_policy_id) == (policy_id, None)
    assert await lines(desk) == [("policy", "rule 0")]
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(delete(SlaPolicy).where(SlaPolicy.id == policy_id))
    await send(desk, desk.message("срочно", 503))
    assert (await talk_of(desk, 503)).sla_policy_id is None


async def test_hold_flags_the_message_and_its_talk(desk: Desk) -> None:
    await set_rules(desk, ([{"field": "words", "any_of": ["казино"]}], [{"do": "hold"}]))
    await send(desk, desk.message("казино", 501), desk.message("привет", 502))
    assert (await talk_of(desk, 501)).held
    assert not (await talk_of(desk, 502)).held
    await send(desk, desk.message("вопрос о доставке", 501), desk.message("казино", 502))
    assert (await talk_of(desk, 501)).held, "what is asked afterwards hides nothing"
    assert (await talk_of(desk, 502)).held


async def test_close_needs_no_answer_until_something_else_is_asked(desk: Desk) -> None:
    await set_rules(desk, ([{"field": "words", "any_of": ["отписка"]}], [{"do": "close"}]))
    await send(desk, desk.message("отписка", 501))
    closed = await talk_of(desk, 501)
    assert (closed.status, closed.outcome) == (Status.CLOSED, Outcome.NO_ANSWER_NEEDED_AUTOMATIC)
    assert (closed.needs_answer, closed.needs_answer_why) == (False, Why.RULE)
    await send(desk, desk.message("нет, у меня вопрос", 501))
    opened = await talk_of(desk, 501)
    assert (opened.status, opened.needs_answer) == (Status.OPEN, True)


async def test_snooze_for_hours(desk: Desk) -> None:
    await set_rules(desk, (ALWAYS, [{"do": "snooze", "until": "hours", "hours": 3}]))
    before = desk.context.clock()
    await send(desk, desk.message("вопрос", 501))
    talk = await talk_of(desk, 501)
    assert talk.status is Status.SNOOZED
    assert talk.snoozed_until is not None
    assert before + timedelta(hours=3) <= talk.snoozed_until <= desk.context.clock() + timedelta(hours=3)


async def test_snooze_until_opening_leaves_an_open_workspace_alone(desk: Desk) -> None:
    await set_rules(desk, (ALWAYS, [{"do": "snooze", "until": "opening"}]))
    await send(desk, desk.message("вопрос", 501))
    assert (await talk_of(desk, 501)).status is Status.OPEN


async def test_a_team_gets_it_by_turns_by_room_or_nobody_does(desk: Desk) -> None:
    tight = await desk.add_agent("тесно", ["sales"], capacity=5)
    roomy = await desk.add_agent("просторно", ["sales"], capacity=50)
    team = desk.team_ids["sales"]
    for choose, expected in (
        ("least_loaded", {roomy: 4}),
        ("nobody", {None: 4}),
        ("round_robin", {tight: 2, roomy: 2}),
    ):
        await set_rules(desk, (ALWAYS, [{"do": "team", "team_id": team, "choose": choose}]))
        first = next(desk.numbers) + 5000
        await send(desk, *(desk.message("вопрос", first + place) for place in range(4)))
        talks = [await talk_of(desk, first + place) for place in range(4)]
        assert Counter(talk.assignee_id for talk in talks) == expected
        assert {talk.team_id for talk in talks} == {team}


async def test_the_same_person_as_before_if_they_are_here(desk: Desk) -> None:
    await set_rules(desk, (ALWAYS, [{"do": "team", "team_id": desk.team_ids["sales"], "choose": "sticky"}]))
    known = await desk.add_agent("Анна", ["sales"])
    await send(desk, desk.message("вопрос", 501))
    await answer(desk, 501, known)
    other = await desk.add_agent("Борис", ["sales"])
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=None, team_id=None, routed_at=None))
    await send(desk, earlier(desk.message("ещё вопрос", 501), LATER))
    assert (await talk_of(desk, 501)).assignee_id == known
    await answer(desk, 501, known, later=timedelta(seconds=15))
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=None, team_id=None, routed_at=None))
        await session.execute(update(Agent).where(Agent.id == known).values(shift_state=ShiftState.BREAK))
    await send(desk, earlier(desk.message("и ещё вопрос", 501), 2 * LATER))
    assert (await talk_of(desk, 501)).assignee_id == other


async def test_a_named_person_the_owner_or_whoever_is_on_shift(desk: Desk) -> None:
    named = await desk.add_agent("Анна", ["sales"], state=ShiftState.OFF)
    owner = await desk.add_agent("Хозяйка", [], state=ShiftState.OFF)
    await desk.add_agent("тесно", ["support"], capacity=1)
    roomy = await desk.add_agent("просторно", ["moderators"], capacity=9)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Membership).where(Membership.agent_id == owner).values(role=Role.OWNER))
    given: list[tuple[Raw, int]] = [
        ({"do": "assign", "to": "agent", "agent_id": named}, named),
        ({"do": "assign", "to": "owner"}, owner),
        ({"do": "assign", "to": "on_shift"}, roomy),
    ]
    for place, (action, expected) in enumerate(given):
        await set_rules(desk, (ALWAYS, [action]))
        await send(desk, desk.message("вопрос", 600 + place))
        assert (await talk_of(desk, 600 + place)).assignee_id == expected


async def test_the_first_match_acts_alone_or_all_in_order(desk: Desk) -> None:
    first: tuple[list[Raw], list[Raw]] = (ALWAYS, [{"do": "label", "names": ["а"]}])
    second: tuple[list[Raw], list[Raw]] = ([{"field": "label", "any_of": ["а"]}], [{"do": "label", "names": ["б"]}])
    await set_rules(desk, first, second, stops=True)
    await send(desk, desk.message("вопрос", 501))
    await set_rules(desk, first, second, stops=False)
    await send(desk, desk.message("вопрос", 502))
    assert await labels(desk) == {"501": {"а"}, "502": {"а", "б"}}


async def test_a_rule_acts_once_a_turn_and_again_after_an_answer(desk: Desk) -> None:
    person = await desk.add_agent("Анна", ["sales"])
    await set_rules(desk, (ALWAYS, [{"do": "note", "text": "заметка"}]))
    await send(desk, desk.message("вопрос", 501), desk.message("и ещё", 501))
    await send(desk, desk.message("и ещё раз", 501))
    assert await notes(desk) == ["заметка"]
    await answer(desk, 501, person)
    await send(desk, earlier(desk.message("новый вопрос", 501), LATER))
    assert await notes(desk) == ["заметка", "заметка"]


async def test_what_belongs_to_the_message_is_done_for_each_but_not_without_end(desk: Desk) -> None:
    await set_rules(desk, (ALWAYS, [{"do": "hold"}, {"do": "note", "text": "заметка"}]))
    await send(desk, *(desk.message(f"казино {n}", 501) for n in range(MOST_AN_HOUR + 5)))
    assert await runs(desk) == MOST_AN_HOUR
    assert await notes(desk) == ["заметка"]


async def test_an_edit_sets_off_nothing_but_finds_somebody_for_what_nobody_has(desk: Desk) -> None:
    person = await desk.add_agent("Анна", ["sales"])
    asks: list[Raw] = [{"field": "needs_answer"}]
    hand: Raw = {"do": "team", "team_id": desk.team_ids["sales"]}
    await set_rules(desk, (asks, [{"do": "note", "text": "заметка"}, hand]))
    command = desk.message("/start", 501)
    await send(desk, command)
    await send(desk, edited(desk, command, "какая цена?"))
    talk = await talk_of(desk, 501)
    assert (talk.assignee_id, talk.needs_answer) == (person, True)
    assert await notes(desk) == []


async def test_later_praise_does_not_calm_a_complaint(desk: Desk) -> None:
    await set_rules(
        desk,
        ([{"field": "intent", "any_of": ["complaint"]}], [{"do": "priority", "value": "high"}]),
        ([{"field": "intent", "any_of": ["praise"]}], [{"do": "priority", "value": "low"}]),
    )
    await send(desk, desk.message("всё плохо", 501), desk.message("спасибо", 502))
    await send(desk, desk.message("спасибо", 501), desk.message("теперь плохо", 502))
    assert (await talk_of(desk, 501)).priority is Priority.HIGH
    assert (await talk_of(desk, 502)).priority is Priority.HIGH


async def test_bots_are_not_heard(desk: Desk) -> None:
    await set_rules(desk, (ALWAYS, [{"do": "note", "text": "заметка"}]))
    raw = desk.message("вопрос", 501)
    message = raw["message"]
    assert isinstance(message, dict)
    message["from"]["is_bot"] = True
    await send(desk, raw)
    assert await notes(desk) == []


async def test_that_rules_acted_is_forgotten_after_its_time(desk: Desk) -> None:
    await set_rules(desk, (ALWAYS, [{"do": "hold"}]))
    await send(desk, desk.message("раз", 501), desk.message("два", 502))
    now, keep = desk.context.clock(), timedelta(days=90)
    for days, left in ((89, 2), (91, 0)):
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            await forget_runs(session, now + timedelta(days=days), keep)
        assert await runs(desk) == left

"""What burns is handed to those on shift: shown first, then done as shown, but for what changed in between."""

from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from inbox.agents.models import Agent, ShiftState
from inbox.conversations.models import Activity, Conversation
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, Role, TeamMember
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside

LATE = timedelta(days=3)
Json = Mapping[str, object]


async def be(company: Company, state: ShiftState, *names: str, capacity: int = 30) -> None:
    """These people come on shift, or leave it."""
    ids = [company.people[name].agent_id for name in names]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Agent).where(Agent.id.in_(ids)).values(shift_state=state, capacity=capacity))


async def write_late(
    company: Company, subscribers: Subscribers, *people: str, team: str | None = "support"
) -> list[int]:
    """Conversations of these people that wait too long, the first one longest."""
    ids = [
        (await subscribers.write("Где заказ?", who, ago=LATE - timedelta(minutes=n))).conversation_id
        for n, who in enumerate(people)
    ]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        team_id = company.team_ids[team] if team else None
        await session.execute(update(Conversation).where(Conversation.id.in_(ids)).values(team_id=team_id))
    return ids


async def shown(client: httpx.AsyncClient, **params: int) -> dict[str, object]:
    """The plan."""
    answer = await client.get("/api/v1/handover", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def items(plan: Json) -> list[dict[str, object]]:
    """Its rows."""
    found = plan["items"]
    assert isinstance(found, list)
    return found


async def hand(client: httpx.AsyncClient, rows: list[dict[str, object]]) -> dict[str, object]:
    """Confirm what was shown."""
    steps = [{name: row[name] for name in ("conversation_id", "from_id", "to_id")} for row in rows]
    answer = await client.post("/api/v1/handover", json={"steps": steps})
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def reasons(done: Json) -> dict[int, str]:
    """Conversation → why it stayed."""
    refused = done["refused"]
    assert isinstance(refused, list)
    return {one["conversation_id"]: one["detail"] for one in refused}


async def assignees(company: Company, ids: list[int]) -> list[int | None]:
    """Whose they are."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.execute(select(Conversation.id, Conversation.assignee_id))
        whose: dict[int, int | None] = {row.id: row.assignee_id for row in rows}
    return [whose[one] for one in ids]


async def join(company: Company, name: str, team: str) -> None:
    """One more member of a team."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            TeamMember(
                workspace_id=company.workspace_id, team_id=company.team_ids[team],
                agent_id=company.people[name].agent_id,
            )
        )  # fmt: skip


async def test_what_was_shown_is_done_by_turns_and_one_undo_takes_it_back(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    await join(company, "admin", "support")
    await be(company, ShiftState.ON, "colleague", "admin")
    ids = await write_late(company, subscribers, "501", "502", "503", "504")
    sleeping = company.people["moderator"].agent_id
    await owner.patch(f"/api/v1/conversations/{ids[1]}", json={"assignee_id": sleeping})
    plan = await shown(owner)
    assert [one["conversation_id"] for one in items(plan)] == ids, "most urgent first"
    assert [one["from_id"] for one in items(plan)] == [None, sleeping, None, None]
    takers = [one["to_id"] for one in items(plan)]
    support = {company.people[name].agent_id for name in ("colleague", "admin")}
    assert takers[:2] == takers[2:], "two people in turn"
    assert set(takers) == support
    assert await assignees(company, ids) == [None, sleeping, None, None], "nothing is done by looking"
    assert await shown(owner) == plan, "nor are turns spent"
    done = await hand(owner, items(plan))
    assert (done["changed"], done["refused"], done["not_found"]) == (ids, [], [])
    assert await assignees(company, ids) == takers
    assert await shown(owner) == {"items": [], "in_hands": 4, "further": 0}
    undone = await owner.post(f"/api/v1/conversations/bulk/{done['id']}/undo")
    assert undone.json()["changed"] == ids
    assert await assignees(company, ids) == [None, sleeping, None, None]


async def test_the_next_turn_is_whose_it_would_have_been(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    await join(company, "admin", "support")
    await be(company, ShiftState.ON, "colleague", "admin")
    first = await write_late(company, subscribers, "501")
    plan = items(await shown(owner))
    await hand(owner, plan)
    second = await write_late(company, subscribers, "502")
    later = items(await shown(owner))
    assert [one["conversation_id"] for one in (*plan, *later)] == [*first, *second]
    assert plan[0]["to_id"] != later[0]["to_id"]


async def test_who_is_full_or_away_takes_nothing_and_it_is_said(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    await be(company, ShiftState.ON, "colleague", capacity=1)
    support = await write_late(company, subscribers, "501", "502")
    sales = await write_late(company, subscribers, "503", team="sales")
    plan = items(await shown(owner))
    taker = company.people["colleague"].agent_id
    assert [(one["conversation_id"], one["to_id"], one["why"]) for one in plan] == [
        (support[0], taker, None),
        (sales[0], None, "nobody_on_shift"),
        (support[1], None, "full"),
    ]


async def test_without_a_team_whoever_has_most_room_takes_it(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    await be(company, ShiftState.ON, "moderator", capacity=5)
    await be(company, ShiftState.ON, "colleague", capacity=2)
    await write_late(company, subscribers, "501", team=None)
    assert [one["to_id"] for one in items(await shown(owner))] == [company.people["moderator"].agent_id]


async def test_nobody_on_shift_hands_nothing_over(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    ids = await write_late(company, subscribers, "501")
    await be(company, ShiftState.BREAK, "colleague")
    (row,) = items(await shown(owner))
    assert (row["conversation_id"], row["to_id"], row["why"]) == (ids[0], None, "nobody_on_shift")


async def test_what_does_not_burn_is_left_alone(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    await be(company, ShiftState.ON, "colleague")
    ids = await write_late(company, subscribers, "501", "502")
    await owner.patch(f"/api/v1/conversations/{ids[0]}", json={"status": "closed"})
    await subscribers.write("Только что", "503", ago=timedelta(seconds=5))
    assert [one["conversation_id"] for one in items(await shown(owner))] == [ids[1]]


async def test_what_changed_between_looking_and_confirming_stays_and_says_why(
    company: Company, subscribers: Subscribers
) -> None:
    owner, moderator = await company.client_of("owner"), await company.client_of("moderator")
    await be(company, ShiftState.ON, "colleague")
    answered, claimed, free = await write_late(company, subscribers, "501", "502", "503")
    plan = items(await shown(owner))
    await owner.patch(f"/api/v1/conversations/{answered}", json={"status": "closed", "outcome": "answered"})
    assert (await moderator.post(f"/api/v1/conversations/{claimed}/claim")).status_code == 200
    done = await hand(owner, plan)
    assert (done["changed"], done["not_found"]) == ([free], [])
    assert reasons(done) == {
        answered: "it was answered or put aside meanwhile",
        claimed: "somebody has changed it since",
    }
    people = company.people
    assert await assignees(company, [claimed, free]) == [people["moderator"].agent_id, people["colleague"].agent_id]


async def test_a_taker_who_left_or_was_filled_meanwhile_is_given_nothing(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    await be(company, ShiftState.ON, "colleague", capacity=2)
    ids = await write_late(company, subscribers, "501", "502")
    plan = items(await shown(owner))
    await be(company, ShiftState.ON, "colleague", capacity=1)
    filled = await hand(owner, plan)
    assert (filled["changed"], reasons(filled)) == (ids[:1], {ids[1]: "who was to take it has no room any more"})
    await be(company, ShiftState.OFF, "colleague")
    left = await hand(owner, plan[1:])
    assert (left["id"], reasons(left)) == (None, {ids[1]: "who was to take it is not on shift any more"})


async def test_room_counts_over_all_projects_also_those_that_the_caller_does_not_see(
    company: Company, subscribers: Subscribers
) -> None:
    owner = await company.client_of("owner")
    taker = company.people["colleague"].agent_id
    elsewhere = (await subscribers.write("Вопрос", "601", channel=subscribers.second)).conversation_id
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        organisation_id = (await session.get_one(Agent, taker)).organisation_id
        session.add(
            Membership(
                organisation_id=organisation_id, workspace_id=company.second_id, agent_id=taker, role=Role.MODERATOR
            )
        )
        await session.flush()
        await session.execute(update(Conversation).where(Conversation.id == elsewhere).values(assignee_id=taker))
    await be(company, ShiftState.ON, "colleague", capacity=1)
    await write_late(company, subscribers, "501")
    (row,) = items(await shown(owner))
    assert (row["to_id"], row["why"]) == (None, "full")


async def test_what_somebody_holds_who_answers_no_more_is_in_nobodys_hands(
    company: Company, subscribers: Subscribers
) -> None:
    (late,) = await write_late(company, subscribers, "501")
    await be(company, ShiftState.ON, "colleague", "viewer")
    viewer, colleague = company.people["viewer"].agent_id, company.people["colleague"].agent_id
    await join(company, "viewer", "support")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=viewer))
    plan = await shown(await company.client_of("owner"))
    assert [(one["conversation_id"], one["to_id"]) for one in items(plan)] == [(late, colleague)]


async def test_rows_and_people_of_others_are_not_there(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    await be(company, ShiftState.ON, "colleague", "outsider", "neighbour")
    (own,) = await write_late(company, subscribers, "501")
    foreign = [
        (await subscribers.write("Вопрос", "502", ago=LATE, channel=channel)).conversation_id
        for channel in (subscribers.second, subscribers.foreign)
    ]
    plan = items(await shown(owner))
    assert [one["conversation_id"] for one in plan] == [own]
    forged = [{**plan[0], "conversation_id": one} for one in foreign]
    done = await hand(owner, forged)
    assert (done["changed"], done["not_found"]) == ([], foreign)
    for name in ("outsider", "neighbour", "moderator"):
        done = await hand(owner, [{**plan[0], "to_id": company.people[name].agent_id}])
        assert reasons(done) == {own: "who was to take it is not on shift any more"}
    assert await assignees(company, [own, *foreign]) == [None, None, None]


async def test_roles_that_hand_nothing_over_see_no_plan(company: Company, subscribers: Subscribers) -> None:
    await be(company, ShiftState.ON, "colleague")
    (late,) = await write_late(company, subscribers, "501")
    owner, viewer = await company.client_of("owner"), await company.client_of("viewer")
    plan = items(await shown(owner))
    assert (await viewer.get("/api/v1/handover")).status_code == 403
    assert (await hand(viewer, plan))["not_found"] == [late]
    browser = await company.browser_of("viewer")
    assert (await browser.get(f"/w/{company.workspace_id}/sla/handover")).status_code == 403
    assert "sla/handover" not in (await browser.get(f"/w/{company.workspace_id}/sla")).text


async def test_the_dialog_shows_the_plan_and_its_form_does_it(company: Company, subscribers: Subscribers) -> None:
    browser = await company.browser_of("owner")
    await be(company, ShiftState.ON, "colleague")
    ids = await write_late(company, subscribers, "501", "502")
    await write_late(company, subscribers, "503", team="sales")
    address = f"/w/{company.workspace_id}/sla/handover"
    page = (await browser.get(f"/w/{company.workspace_id}/sla")).text
    assert address in page
    dialog = (await browser.get(address)).text
    taker = company.people["colleague"].agent_id
    steps = [f"{one}:none:{taker}" for one in ids]
    assert all(f'value="{step}"' in dialog for step in steps)
    assert "nobody of Sales is on shift" in dialog
    answer = await browser.post(address, data={"steps": steps})
    assert "Handed to those on shift: 2" in answer.text
    assert address in (await browser.get(f"/w/{company.workspace_id}/sla")).text, "that of Sales is still with nobody"
    assert "/undo" in answer.text
    assert await assignees(company, ids) == [taker, taker]
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        lines = await session.execute(
            select(Activity.kind, Activity.agent_id).where(Activity.conversation_id == ids[0])
        )
        assert [tuple(line) for line in lines] == [("assigned", company.people["owner"].agent_id)]
    assert (await browser.post(address, data={"steps": ["1:2"]})).status_code == 422


async def test_the_page_offers_no_handing_over_when_all_is_in_hands(company: Company, subscribers: Subscribers) -> None:
    browser = await company.browser_of("owner")
    await be(company, ShiftState.ON, "colleague")
    (one,) = await write_late(company, subscribers, "501")
    at = f"/w/{company.workspace_id}/sla"
    assert f"{at}/handover" in (await browser.get(at)).text
    taker = company.people["colleague"].agent_id
    await browser.post(f"{at}/handover", data={"steps": [f"{one}:none:{taker}"]})
    page = (await browser.get(at)).text
    assert f"{at}/handover" not in page
    assert "Nothing is left to hand over" in page
    assert "off shift" not in page
    await be(company, ShiftState.OFF, "colleague")
    assert f"{at}/handover" in (await browser.get(at)).text
    now = (await browser.get(f"{at}/burning", headers={"HX-Request": "true"})).text
    assert now.lstrip().startswith('<section id="burning-now"')
    for seen in ("Colleague · off shift", "late: 1", f"{at}/handover", 'class="card2 p-4" hx-swap-oob'):
        assert seen in now, seen
    assert "by-day" not in now, "no figures are read for it"
    assert (await (await company.browser_of("sales")).get(f"{at}/burning")).status_code == 403

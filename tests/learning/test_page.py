"""The model's page: the owner's figures, the queue, versions and the way back; nobody else's model."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox.agents.models import Agent
from inbox.agents.tokens import load_caller
from inbox.conversations.models import Conversation, Tags
from inbox.core.database import EVERY_WORKSPACE
from inbox.learning.models import LearnedModel, ModelState
from inbox.learning.puzzles import Puzzle, choose, list_puzzles
from inbox.learning.standing import load_standing
from tests.api.subscribers import Subscribers
from tests.company import Company


@pytest.fixture
def subscribers(company: Company) -> Subscribers:
    return Subscribers(company)


def page_of(company: Company, workspace_id: int | None = None) -> str:
    return f"/w/{workspace_id or company.workspace_id}/settings/model"


async def add_model(company: Company, workspace_id: int, *, is_live: bool, ago: timedelta) -> int:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        model = LearnedModel(
            workspace_id=workspace_id, state=ModelState.READY, is_live=is_live, version="abc", base_version="b",
            content=b"-", examples=120, started_at=company.context.clock() - ago,
        )  # fmt: skip
        session.add(model)
        await session.flush()
        return model.id


async def live_id(company: Company, workspace_id: int) -> int | None:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        found: int | None = await session.scalar(
            select(LearnedModel.id).where(LearnedModel.workspace_id == workspace_id, LearnedModel.is_live)
        )
        return found


async def test_an_empty_project_says_what_will_come(company: Company) -> None:
    owner = await company.browser_of("owner")
    said = (await owner.get(page_of(company))).text
    assert "The figures appear once somebody answers messages" in said
    assert "The model that ships with Otklik" in said
    assert "Nothing to check" in said


async def test_right_is_counted_among_what_people_looked_at(company: Company, subscribers: Subscribers) -> None:
    owner = await company.client_of("owner")
    wrote = [await subscribers.write(f"вопрос {number}", str(600 + number)) for number in range(5)]
    for one, intent in zip(wrote, ("question", "question", "question", "lead"), strict=False):
        await owner.put(f"/api/v1/messages/{one.message_id}/tags", json={"intent": intent})
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        standing = await load_standing(session, company.workspace_id, "Europe/Moscow", company.context.clock())
    assert standing.looked == 4
    assert standing.right == {"intent": 0.75, "sentiment": 1.0, "toxic": 1.0}
    assert [week.looked for week in standing.weeks] == [0] * 7 + [4]
    browser = await company.browser_of("owner")
    few = (await browser.get(page_of(company))).text
    assert "4 checked so far" in few
    assert "right in 75 %<" not in few
    for number in range(16):
        one = await subscribers.write(f"ещё вопрос {number}", str(700 + number))
        intent = "question" if number % 4 else "lead"
        await owner.put(f"/api/v1/messages/{one.message_id}/tags", json={"intent": intent})
    enough = (await browser.get(page_of(company))).text
    assert "right in 75 %<" in enough
    assert "checked so far" not in enough


async def test_the_queue_takes_a_persons_word_and_only_of_its_project(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("ну такое", unsure=["intent"])
    elsewhere = await subscribers.write("и тут", channel=subscribers.second, unsure=["intent"])
    owner = await company.browser_of("owner")
    assert "ну такое" in (await owner.get(page_of(company))).text
    answer = await owner.post(f"{page_of(company)}/queue/{wrote.message_id}", data={"intent": "complaint"})
    assert answer.status_code == 200
    assert "Thank you" in answer.text
    assert "ну такое" not in (await owner.get(page_of(company))).text
    assert (await owner.post(f"{page_of(company)}/queue/{elsewhere.message_id}")).status_code == 404
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        tags = (await session.scalars(select(Tags).where(Tags.message_id == wrote.message_id))).one()
    assert (tags.intent.value, tags.corrected_by_id) == ("complaint", company.people["owner"].agent_id)


async def test_the_queue_holds_what_the_reader_may_read(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("ну такое", unsure=["intent"])
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Conversation).values(assignee_id=company.people["sales"].agent_id))
    for name, found in (("owner", [wrote.message_id]), ("sales", [wrote.message_id]), ("moderator", [])):
        async with company.context.database.session(EVERY_WORKSPACE) as session:
            caller = await load_caller(session, await session.get_one(Agent, company.people[name].agent_id), 0)
            puzzles = await list_puzzles(session, caller, company.workspace_id, company.clock())
        assert [one.message_id for one in puzzles] == found, name


async def test_back_to_the_previous_one_is_one_click(company: Company) -> None:
    older = await add_model(company, company.workspace_id, is_live=False, ago=timedelta(days=3))
    await add_model(company, company.workspace_id, is_live=True, ago=timedelta(days=1))
    foreign = await add_model(company, company.foreign_id, is_live=False, ago=timedelta(days=1))
    owner = await company.browser_of("owner")
    page = (await owner.get(page_of(company))).text
    assert f'name="model_id" value="{older}"' in page
    assert (await owner.post(f"{page_of(company)}/live", data={"model_id": older})).status_code == 303
    assert await live_id(company, company.workspace_id) == older
    assert (await owner.post(f"{page_of(company)}/live", data={"model_id": foreign})).status_code == 404
    assert (await owner.post(f"{page_of(company)}/live")).status_code == 303
    assert await live_id(company, company.workspace_id) is None


async def test_training_is_asked_for_once_and_shown_under_way(company: Company, subscribers: Subscribers) -> None:
    owner = await company.browser_of("owner")
    wrote = await subscribers.write("вопрос")
    await owner.post(f"{page_of(company)}/queue/{wrote.message_id}", data={"intent": "lead"})
    assert (await owner.post(f"{page_of(company)}/train")).status_code == 303
    assert "Learning now" in (await owner.get(page_of(company))).text
    assert (await owner.post(f"{page_of(company)}/train")).status_code == 409


async def test_only_owners_and_administrators_open_it(company: Company) -> None:
    for name in ("moderator", "sales", "viewer"):
        person = await company.browser_of(name)
        assert (await person.get(page_of(company))).status_code == 403
    admin = await company.browser_of("admin")
    assert (await admin.get(page_of(company))).status_code == 200
    assert (await admin.get(page_of(company, company.foreign_id))).status_code == 404


def puzzle(number: int, text: str, doubt: float) -> Puzzle:
    return Puzzle(number, 1, text, "other", "neutral", False, doubt)


def test_the_queue_is_least_sure_first_and_no_two_alike() -> None:
    found = [
        puzzle(1, "ну такое себе обслуживание", 0.6),
        puzzle(2, "ну такое себе обслуживание!", 0.59),
        puzzle(3, "где мой заказ", 0.4),
        puzzle(4, "где мой заказ", 0.3),
    ]
    assert [one.message_id for one in choose(found, 3)] == [1, 3, 2]
    assert [one.message_id for one in choose(found, 9)] == [1, 3, 2]

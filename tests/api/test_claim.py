"""Claiming: one of many gets it, the others are told who."""

import asyncio

import pytest
from sqlalchemy import func, select

from inbox.conversations.models import Activity
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def test_of_many_who_claim_at_once_exactly_one_wins(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Кто возьмёт?")
    path = f"/api/v1/conversations/{wrote.conversation_id}/claim"
    names = ["owner", "admin", "moderator", "colleague"]
    clients = {name: await company.client_of(name) for name in names}
    answers = await asyncio.gather(*(clients[names[number % 4]].post(path) for number in range(24)))
    won = {answer.json()["assignee_id"] for answer in answers if answer.status_code == 200}
    lost = [answer for answer in answers if answer.status_code != 200]
    assert len(won) == 1, "only the winner's own repeats are welcome, too"
    (winner_id,) = won
    winner = next(person for person in company.people.values() if person.agent_id == winner_id)
    assert len(lost) == 18
    assert {(one.status_code, one.json()["assignee"], one.json()["assignee_id"]) for one in lost} == {
        (409, winner.name, winner_id)
    }
    assert (await subscribers.conversation(wrote.conversation_id)).assignee_id == winner_id
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(select(func.count()).select_from(Activity)) == 1


async def test_a_seller_who_comes_second_is_told_who_has_it(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Хочу купить")
    owner, sales = await company.client_of("owner"), await company.client_of("sales")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    assert (await sales.post(f"{path}/claim")).status_code == 404, "not of the seller's team"
    await owner.patch(path, json={"team_id": company.team_ids["sales"]})
    assert (await owner.post(f"{path}/claim")).status_code == 200
    refused = await sales.post(f"{path}/claim")
    assert (refused.status_code, refused.json()["assignee"]) == (409, "Owner")
    assert (await sales.get(path)).status_code == 404


async def test_a_viewer_claims_nothing(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    viewer = await company.client_of("viewer")
    assert (await viewer.post(f"/api/v1/conversations/{wrote.conversation_id}/claim")).status_code == 404

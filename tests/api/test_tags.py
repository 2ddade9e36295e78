"""Correcting tags: kept for learning, and the conversation follows."""

import pytest
from sqlalchemy import select

from inbox.channels.events import ConversationKind
from inbox.conversations.models import Correction
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def test_a_correction_is_kept_and_shows_in_the_list(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Почём?", unsure=["intent"])
    sales, owner = await company.client_of("moderator"), await company.client_of("owner")
    answer = await sales.put(f"/api/v1/messages/{wrote.message_id}/tags", json={"intent": "lead"})
    assert answer.status_code == 200, answer.text
    tags = answer.json()["tags"]
    assert (tags["intent"], tags["sentiment"], tags["unsure"]) == ("lead", "neutral", [])
    assert tags["corrected_by_id"] == company.people["moderator"].agent_id
    (item,) = (await owner.get("/api/v1/conversations", params={"intent": "lead"})).json()["items"]
    assert (item["tags"]["intent"], item["tags"]["unsure"]) == ("lead", False)
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        kept = (await session.scalars(select(Correction))).one()
    assert (kept.before["intent"], kept.after["intent"], kept.model_version) == ("question", "lead", "of the test")


async def test_confirming_is_a_correction_too(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Где вы?", unsure=["intent"])
    owner = await company.client_of("owner")
    answer = await owner.put(f"/api/v1/messages/{wrote.message_id}/tags", json={"intent": "question"})
    assert answer.json()["tags"]["unsure"] == []
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert len(list(await session.scalars(select(Correction)))) == 1


async def test_a_comment_corrected_to_a_lead_needs_an_answer_and_back(
    company: Company, subscribers: Subscribers
) -> None:
    await subscribers.see_post("Пост")
    wrote = await subscribers.write("Мне тоже нужен такой", kind=ConversationKind.COMMENT, intent=Intent.OTHER)
    owner = await company.client_of("owner")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    before = (await owner.get(path)).json()
    assert (before["status"], before["needs_answer_why"]) == ("closed", "talk")
    await owner.put(f"/api/v1/messages/{wrote.message_id}/tags", json={"intent": "lead"})
    after = (await owner.get(path)).json()
    assert (after["status"], after["needs_answer"], after["needs_answer_why"]) == ("open", True, "lead")
    assert after["clocks"]["first_response"]["due_at"] is not None
    await owner.put(f"/api/v1/messages/{wrote.message_id}/tags", json={"intent": "other"})
    assert (await owner.get(path)).json()["needs_answer"] is False


async def test_a_correction_does_not_open_what_a_person_closed(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Заработок", intent=Intent.SPAM)
    owner = await company.client_of("owner")
    path = f"/api/v1/conversations/{wrote.conversation_id}"
    await owner.patch(path, json={"needs_answer": True})
    await owner.patch(path, json={"status": "closed", "outcome": "spam"})
    await owner.put(f"/api/v1/messages/{wrote.message_id}/tags", json={"intent": "lead"})
    assert (await owner.get(path)).json()["outcome"] == "spam"


async def test_only_what_subscribers_write_has_tags(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    made = await owner.post(f"/api/v1/conversations/{wrote.conversation_id}/messages", json={"text": "Ответ"})
    path = f"/api/v1/messages/{made.json()['id']}/tags"
    assert (await owner.put(path, json={"intent": "lead"})).status_code == 409
    path = f"/api/v1/messages/{wrote.message_id}/tags"
    assert (await owner.put(path, json={})).status_code == 422
    assert (await owner.put(path, json={"intent": "gossip"})).json()["field"] == "intent"

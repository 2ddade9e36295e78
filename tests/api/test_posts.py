"""Posts over the API: their numbers, and what a mode does to the comments."""

import pytest

from inbox.channels.events import ConversationKind
from inbox.conversations.tags import Intent
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def test_a_post_shows_how_many_wait_under_it(company: Company, subscribers: Subscribers) -> None:
    post_id = await subscribers.see_post("Розыгрыш")
    await subscribers.write("Участвую", "501", kind=ConversationKind.COMMENT, intent=Intent.OTHER)
    await subscribers.write("Сколько стоит?", "502", kind=ConversationKind.COMMENT)
    owner = await company.client_of("owner")
    (post,) = (await owner.get("/api/v1/posts", params={"channel_id": company.channel_id})).json()["items"]
    assert (post["id"], post["text"], post["mode"]) == (post_id, "Розыгрыш", "normal")
    assert (post["conversations"], post["needs_answer"]) == (2, 1)
    assert (await owner.get(f"/api/v1/posts/{post_id}")).json() == post
    assert (await owner.get("/api/v1/posts", params={"mode": "draw"})).json()["items"] == []


async def test_draw_mode_silences_talk_and_unsure_ones_but_not_questions_and_is_undone(
    company: Company, subscribers: Subscribers
) -> None:
    post_id = await subscribers.see_post("Розыгрыш")
    unsure = await subscribers.write("Хочу этот", "501", kind=ConversationKind.COMMENT, unsure=["intent"])
    asks = await subscribers.write("Когда итоги?", "502", kind=ConversationKind.COMMENT)
    owner = await company.client_of("owner")

    async def waiting() -> set[int]:
        page = (await owner.get("/api/v1/conversations", params={"needs_answer": "true"})).json()
        return {item["id"] for item in page["items"]}

    before = await waiting()
    assert before == {unsure.conversation_id, asks.conversation_id}
    answer = await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": "draw"})
    assert (answer.status_code, answer.json()["mode"], answer.json()["needs_answer"]) == (200, "draw", 1)
    assert await waiting() == {asks.conversation_id}
    quiet = await subscribers.write("И я хочу", "503", kind=ConversationKind.COMMENT, unsure=["intent"])
    assert quiet.conversation_id not in await waiting()
    await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": "normal"})
    assert await waiting() == before | {quiet.conversation_id}


async def test_comments_of_a_telegram_post_are_not_ours_to_close(company: Company, subscribers: Subscribers) -> None:
    post_id = await subscribers.see_post("Пост")
    owner, sales = await company.client_of("owner"), await company.client_of("sales")
    refused = await owner.patch(f"/api/v1/posts/{post_id}", json={"comments_open": False})
    assert (refused.status_code, refused.json()["capability"]) == (409, "open_comments")
    assert "Telegram" in refused.json()["detail"]
    assert (await owner.patch(f"/api/v1/posts/{post_id}", json={"comments_open": True})).status_code == 200
    assert (await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": None})).json()["field"] == "mode"
    assert (await sales.patch(f"/api/v1/posts/{post_id}", json={"mode": "draw"})).status_code == 403

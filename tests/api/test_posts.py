"""Posts over the API: their numbers, and what a mode does to the comments."""

import re
from datetime import timedelta
from typing import Any

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


async def test_what_everybody_says_under_a_draw_folds_and_comes_back_when_somebody_minds_it(
    company: Company, subscribers: Subscribers
) -> None:
    post_id = await subscribers.see_post("Розыгрыш")
    owner = await company.client_of("owner")

    async def say(text: str, who: str, **more: Any) -> int:
        more = {"intent": Intent.OTHER, **more}
        return (await subscribers.write(text, who, kind=ConversationKind.COMMENT, **more)).conversation_id

    async def listed(**query: str) -> set[int]:
        answer = await owner.get("/api/v1/conversations", params=query)
        assert answer.status_code == 200, answer.text
        if query.get("folded"):
            assert all(item["folded"] is (query["folded"] == "true") for item in answer.json()["items"])
        return {item["id"] for item in answer.json()["items"]}

    plus, smile = await say("+", "501"), await say("😍😍", "502")
    asks = await say("Когда итоги?", "503", intent=Intent.QUESTION)
    spam = await say("Заработок тут", "504", intent=Intent.SPAM)
    rude = await say("Ну вы и жулики", "505", toxic=True)
    long = "Хочу этот диван для своей мамы, она мечтала о нём целых десять лет и очень ждёт!"
    first, second = await say(long, "506"), await say(long.upper().replace("!", "…"), "507")
    alone = await say("Расскажу вам, как мы выбирали диван: обошли весь город и всё не то, что хотелось", "508")
    everything = {plus, smile, asks, spam, rude, first, second, alone}
    assert await listed() == await listed(folded="false") == everything
    assert (await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": "draw"})).json()["folded"] == 4
    folded = {plus, smile, first, second}
    assert await listed() == await listed(post_id=str(post_id)) == everything - folded
    assert await listed(folded="true", post_id=str(post_id)) == folded
    assert plus in await listed(q="Person 501")
    assert await say("Участвую", "509") in await listed(folded="true")
    third = await say(long, "510")
    assert third in await listed(folded="true")
    await say("+", "508")
    assert alone not in await listed(folded="true"), "a «+» hides nothing that was said before it"
    await owner.patch(f"/api/v1/conversations/{plus}", json={"needs_answer": True})
    assert plus in await listed(status="open")
    await owner.patch(f"/api/v1/conversations/{smile}", json={"assignee_id": "me"})
    assert smile in await listed(status="closed")
    assert (await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": "normal"})).json()["folded"] == 0
    assert await listed(folded="true") == set()


async def test_the_panel_shows_one_row_for_them_and_who_wrote_behind_it(
    company: Company, subscribers: Subscribers
) -> None:
    post_id = await subscribers.see_post("Розыгрыш дивана")
    asks = await subscribers.write("Когда итоги?", "500", kind=ConversationKind.COMMENT)
    wrote = [
        await subscribers.write(
            "+", str(600 + place), kind=ConversationKind.COMMENT, intent=Intent.OTHER, ago=timedelta(minutes=60 - place)
        )
        for place in range(53)
    ]
    owner, sales = await company.client_of("owner"), await company.browser_of("sales")
    browser, neighbour = await company.browser_of("owner"), await company.browser_of("neighbour")
    ws, fold = company.workspace_id, f"/w/{company.workspace_id}/posts/{post_id}/folded"
    assert "data-fold=" not in (await browser.get(f"/w/{ws}/inbox")).text
    await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": "draw"})
    for place in ("inbox", "inbox?view=automatic", "counts", "inbox?view=closed"):
        assert (await browser.get(f"/w/{ws}/{place}")).text.count("data-fold=") == 1, place
    for place in ("inbox?kind=direct", "inbox?view=leads", "inbox?q=person", "inbox?waiting=1"):
        assert "data-fold=" not in (await browser.get(f"/w/{ws}/{place}")).text, place
    assert "data-row=" not in (await browser.get(f"/w/{ws}/rows?view=automatic")).text
    card = (await browser.get(f"/w/{ws}/inbox/{asks.conversation_id}", headers={"HX-Target": "conversation"})).text
    assert f'href="{fold}"' in card
    first = (await browser.get(fold)).text
    newest = re.findall(r'data-folded-row="(\d+)"', first)
    assert newest == [str(one.conversation_id) for one in wrote[:2:-1]]
    following = re.search(rf'hx-get="({fold}[^"]+cursor=[^"]+)"', first)
    assert following is not None
    rest = (await browser.get(following[1].replace("&amp;", "&"))).text
    assert re.findall(r'data-folded-row="(\d+)"', rest) == [str(one.conversation_id) for one in wrote[2::-1]]
    await subscribers.write("Участвую", "700", kind=ConversationKind.COMMENT, intent=Intent.OTHER)
    count = (await browser.get(f"{fold}/count?shown=53")).text
    assert "54 folded comments" in count
    assert "Show the newest" in count
    assert "data-folded-row" not in (await sales.get(fold)).text
    for address in (fold, f"{fold}/count?shown=1", f"/w/{company.second_id}/posts/{post_id}/folded"):
        assert (await neighbour.get(address)).status_code == 404
    company.clock.advance(timedelta(days=8))
    assert "data-fold=" not in (await browser.get(f"/w/{ws}/inbox")).text
    assert "data-fold=" in (await browser.get(f"/w/{ws}/inbox?view=automatic")).text

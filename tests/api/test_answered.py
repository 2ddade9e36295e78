"""Two who answer one question: the second is asked, unless they have seen the first's answer."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from inbox.conversations.models import Delivery, Direction, Message, MessageKind
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers, Wrote
from tests.company import Company

pytestmark = pytest.mark.outside


def path_of(wrote: Wrote) -> str:
    return f"/api/v1/conversations/{wrote.conversation_id}/messages"


async def count_replies(company: Company) -> int:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        found = await session.scalar(
            select(func.count()).where(Message.direction == Direction.OUTBOUND, Message.kind == MessageKind.MESSAGE)
        )
        return found or 0


async def change_answers(company: Company, **values: object) -> None:
    """What became of all that our side wrote."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Message).where(Message.direction == Direction.OUTBOUND).values(values))


async def test_who_has_not_seen_a_colleagues_answer_is_asked_once(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Где мой заказ?")
    first, second = await company.client_of("admin"), await company.client_of("owner")
    mine = {"text": "Смотрю ваш заказ", "seen_message_id": wrote.message_id}
    answer = (await first.post(path_of(wrote), json={"text": "Добрый день! " + "Ищем. " * 100})).json()
    refused = await second.post(path_of(wrote), json=mine)
    said = refused.json()
    assert (refused.status_code, said["code"], said["message_id"]) == (409, "answered_since", answer["id"])
    assert (said["author"], len(said["answer"])) == (company.people["admin"].name, 300)
    assert await count_replies(company) == 1
    assert (await second.post(path_of(wrote), json=mine | {"seen_message_id": said["message_id"]})).status_code == 201


async def test_of_two_who_answer_at_once_one_is_asked(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Где мой заказ?")
    clients = [await company.client_of(name) for name in ("owner", "admin")]
    mine = {"text": "Здравствуйте!", "seen_message_id": wrote.message_id}
    answers = await asyncio.gather(*(client.post(path_of(wrote), json=mine) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert await count_replies(company) == 1


async def test_notes_and_ones_own_answers_raise_no_question(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Где мой заказ?")
    first, second = await company.client_of("admin"), await company.client_of("owner")
    mine = {"text": "Смотрю", "seen_message_id": wrote.message_id}
    await first.post(path_of(wrote), json={"text": "Кто возьмёт?", "note": True})
    await subscribers.write("Ау?")
    assert (await second.post(path_of(wrote), json=mine)).status_code == 201, "a note and a new question are no answers"
    assert (await second.post(path_of(wrote), json=mine)).status_code == 201, "one's own is known"
    assert (await first.post(path_of(wrote), json=mine | {"note": True})).status_code == 201, "a note is not sent"
    assert (await first.post(path_of(wrote), json={"text": "Смотрю"})).status_code == 201, "who tells nothing"


@pytest.mark.parametrize(
    "became",
    [
        {"delivery": Delivery.FAILED},
        {"delivery": Delivery.CANCELLED},
        {"deleted_at": datetime(2026, 1, 5, tzinfo=UTC)},
        {"kind": MessageKind.AUTO_REPLY},
        {"send_at": datetime(2099, 1, 5, tzinfo=UTC)},
    ],
)
async def test_what_the_subscriber_has_not_got_from_a_colleague_raises_no_question(
    company: Company, subscribers: Subscribers, became: dict[str, object]
) -> None:
    wrote = await subscribers.write("Где мой заказ?")
    first, second = await company.client_of("admin"), await company.client_of("owner")
    await first.post(path_of(wrote), json={"text": "Добрый день!"})
    await change_answers(company, **became)
    mine = {"text": "Смотрю", "seen_message_id": wrote.message_id}
    assert (await second.post(path_of(wrote), json=mine)).status_code == 201


async def test_an_answer_from_the_platforms_own_app_counts(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Где мой заказ?")
    owner, other = await company.client_of("owner"), await company.client_of("admin")
    await owner.post(path_of(wrote), json={"text": "Уже едет"})
    await change_answers(company, author_agent_id=None, outside=True, delivery=Delivery.SENT)
    refused = await other.post(path_of(wrote), json={"text": "Смотрю", "seen_message_id": wrote.message_id})
    assert (refused.status_code, refused.json()["author"], refused.json()["answer"]) == (409, None, "Уже едет")


async def test_the_composers_form_carries_what_was_seen(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Где мой заказ?")
    browser, other = await company.browser_of("admin"), await company.client_of("owner")
    at = f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}"
    page = (await browser.get(at)).text
    assert f'name="seen" value="{wrote.message_id}"' in page
    await other.post(path_of(wrote), json={"text": "Добрый день!"})
    form = {"key": "a-key-of-mine", "text": "Смотрю", "seen": str(wrote.message_id)}
    refused = await browser.post(f"{at}/messages", data=form, headers={"HX-Request": "true"})
    told = json.loads(refused.headers["HX-Trigger"])["toast"]
    assert (refused.status_code, told["code"], told["answer"]) == (409, "answered_since", "Добрый день!")
    form |= {"key": "another-key", "seen": str(told["message_id"])}
    assert (await browser.post(f"{at}/messages", data=form)).status_code == 200
    assert await count_replies(company) == 2

"""Answering over the API: replies, notes, files, repeats, and what becomes of single messages."""

import asyncio
import base64
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, text, update

from inbox.audit.models import AuditEntry
from inbox.channels.models import Channel
from inbox.conversations.models import Attachment, Delivery, Direction, Message
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


async def say(
    client: httpx.AsyncClient, conversation_id: int, words: str, key: str | None = None, **more: object
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    path = f"/api/v1/conversations/{conversation_id}/messages"
    return await client.post(path, json={"text": words, **more}, headers=headers)


async def set_delivery(company: Company, message_id: int, **values: object) -> None:
    """As delivery would leave the row."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Message).where(Message.id == message_id).values(**values))


async def queued_jobs(company: Company) -> list[str]:
    """Names of the jobs that wait."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        return list(await session.scalars(text("select task_name from procrastinate_jobs order by id")))


async def replies(company: Company) -> int:
    """How many messages of ours there are."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        ours = select(func.count()).select_from(Message).where(Message.direction == Direction.OUTBOUND)
        return await session.scalar(ours) or 0


async def test_a_reply_is_queued_and_whoever_answers_first_has_the_conversation(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Сколько стоит?")
    sales, owner = await company.client_of("moderator"), await company.client_of("owner")
    answer = await say(sales, wrote.conversation_id, "От 5 000 ₽")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["delivery"], made["direction"], made["note"], made["text"]) == (
        "queued", "outbound", False, "От 5 000 ₽",
    )  # fmt: skip
    assert (made["workspace_id"], made["author"]["name"]) == (company.workspace_id, "Moderator")
    assert await queued_jobs(company) == ["inbox.replies.deliver"]
    conversation = (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()
    assert conversation["assignee"]["name"] == "Moderator"
    await say(owner, wrote.conversation_id, "И доставка бесплатно")
    conversation = (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()
    assert conversation["assignee"]["name"] == "Moderator"


async def test_a_note_is_for_colleagues_only_and_takes_nothing(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    made = (await say(owner, wrote.conversation_id, "Постоянный клиент", note=True)).json()
    assert (made["note"], made["kind"], made["delivery"]) == (True, "note", None)
    assert await queued_jobs(company) == []
    conversation = (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()
    assert (conversation["assignee"], conversation["last_message"]["text"]) == (None, "Вопрос")


async def test_a_message_for_later_waits_without_a_job(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    later = (company.clock() + timedelta(hours=2)).isoformat()
    made = (await say(owner, wrote.conversation_id, "Напоминаю", send_at=later)).json()
    assert (made["delivery"], made["send_at"]) == ("queued", later.replace("+00:00", "Z"))
    assert await queued_jobs(company) == []


async def test_the_same_key_and_body_make_one_message_however_often_and_at_once(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    first = await asyncio.gather(*(say(owner, wrote.conversation_id, "Ответ", "k1") for _ in range(8)))
    again = await say(owner, wrote.conversation_id, "Ответ", "k1")
    assert {answer.status_code for answer in [*first, again]} == {201}
    assert len({answer.json()["id"] for answer in [*first, again]}) == 1
    assert [answer.json() for answer in first] == [again.json()] * 8
    assert await replies(company) == 1
    assert await queued_jobs(company) == ["inbox.replies.deliver"]


async def test_a_key_that_served_another_request_is_refused(company: Company, subscribers: Subscribers) -> None:
    one, other = await subscribers.write("Раз", "501"), await subscribers.write("Два", "502")
    owner, admin = await company.client_of("owner"), await company.client_of("admin")
    assert (await say(owner, one.conversation_id, "Ответ", "k1")).status_code == 201
    assert (await say(owner, one.conversation_id, "Другой", "k1")).status_code == 409
    assert (await say(owner, other.conversation_id, "Ответ", "k1")).status_code == 409
    assert (await say(admin, one.conversation_id, "Ответ", "k1")).status_code == 201, "keys are a person's own"
    assert await replies(company) == 2


async def test_a_refused_request_does_not_use_its_key_up(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    assert (await say(owner, wrote.conversation_id, "", "k1")).status_code == 422
    assert (await say(owner, wrote.conversation_id, "Ответ", "k1")).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": "x" * 4097}, "text"),
        ({"text": "нуль\x00"}, "text"),
        ({"text": "a", "send_at": "2020-01-01T00:00:00Z"}, "send_at"),
        ({"text": "a", "send_at": "2099-01-01T00:00:00"}, "send_at"),
        ({"text": "a", "canned_response_id": "пять"}, "canned_response_id"),
        ({"text": "a", "attachments": [{"file_name": "a.txt", "content": "***"}]}, "attachments"),
        ({"text": "a", "attachments": [{"file_name": "a.txt", "content": ""}]}, "attachments"),
        ({"text": "a", "attachments": [{"file_name": "a", "content": "YQ=="}] * 11}, "attachments"),
        ({"text": "a", "attachments": [{"file_name": "a", "content": "YQ==", "kind": "poll"}]}, "attachments"),
        ({"text": "a", "to": "everybody"}, "to"),
    ],
)
async def test_what_cannot_be_sent_is_refused_by_field(
    company: Company, subscribers: Subscribers, body: dict[str, object], field: str
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    answer = await owner.post(f"/api/v1/conversations/{wrote.conversation_id}/messages", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"].startswith(field)
    assert await replies(company) == 0


async def test_files_go_with_the_reply_under_harmless_names(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Пришлите прайс")
    owner = await company.client_of("owner")
    files = [
        {"file_name": "../../прайс\n.pdf", "content": base64.b64encode(b"%PDF-").decode()},
        {"file_name": "шкаф.jpg", "content": base64.b64encode(b"\xff\xd8").decode()},
    ]
    made = (await say(owner, wrote.conversation_id, "Вот", attachments=files)).json()
    assert [(one["kind"], one["file_name"], one["mime_type"], one["size"]) for one in made["attachments"]] == [
        ("document", "прайс.pdf", "application/pdf", 5),
        ("photo", "шкаф.jpg", "image/jpeg", 2),
    ]
    fetched = await owner.get(made["attachments"][0]["url"])
    assert (fetched.status_code, fetched.content) == (200, b"%PDF-")
    big = [{"file_name": "a.jpg", "content": base64.b64encode(bytes(10 * 1024 * 1024 + 1)).decode()}]
    refused = await say(owner, wrote.conversation_id, "Вот", attachments=big)
    assert (refused.status_code, refused.json()["field"]) == (422, "attachments")


async def test_a_thread_comes_newest_page_first_and_in_time_order(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос 0", ago=timedelta(minutes=9))
    for number in range(1, 5):
        await subscribers.write(f"Вопрос {number}", ago=timedelta(minutes=9 - number))
    owner = await company.client_of("owner")
    path = f"/api/v1/conversations/{wrote.conversation_id}/messages"
    page = (await owner.get(path, params={"limit": 2})).json()
    assert [one["text"] for one in page["items"]] == ["Вопрос 3", "Вопрос 4"]
    page = (await owner.get(path, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [one["text"] for one in page["items"]] == ["Вопрос 1", "Вопрос 2"]
    page = (await owner.get(path, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert ([one["text"] for one in page["items"]], page["next_cursor"]) == (["Вопрос 0"], None)
    assert page["items"][0]["tags"]["intent"] == "question"
    assert page["items"][0]["author"]["name"] == "Person 501"


async def test_an_edit_goes_to_the_platform_and_keeps_the_earlier_text(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    made = (await say(owner, wrote.conversation_id, "Опечатка")).json()
    path = f"/api/v1/messages/{made['id']}"
    await set_delivery(company, made["id"], delivery=Delivery.SENDING)
    assert (await owner.patch(path, json={"text": "Исправлено"})).status_code == 409
    await set_delivery(company, made["id"], delivery=Delivery.UNCERTAIN)
    assert (await owner.patch(path, json={"text": "Исправлено"})).status_code == 409
    await set_delivery(company, made["id"], delivery=Delivery.SENT, external_id=":501:9")
    edited = (await owner.patch(path, json={"text": "Исправлено"})).json()
    assert (edited["text"], [one["text"] for one in edited["edits"]]) == ("Исправлено", ["Опечатка"])
    assert (await queued_jobs(company))[1:] == ["inbox.replies.edit"]
    subscriber = await owner.patch(f"/api/v1/messages/{wrote.message_id}", json={"text": "Чужое"})
    assert subscriber.status_code == 409


async def test_deleting_cancels_what_waits_and_takes_back_what_was_sent(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    waiting, sent = (await say(owner, wrote.conversation_id, "Раз")).json(), (
        await say(owner, wrote.conversation_id, "Два")
    ).json()  # fmt: skip
    await set_delivery(company, sent["id"], delivery=Delivery.SENT, external_id=":501:9")
    cancelled = (await owner.delete(f"/api/v1/messages/{waiting['id']}")).json()
    assert (cancelled["delivery"], cancelled["deleted_at"] is None) == ("cancelled", False)
    gone = (await owner.delete(f"/api/v1/messages/{sent['id']}")).json()
    assert (gone["text"], gone["deleted_at"] is None) == ("Два", False)
    assert (await queued_jobs(company))[2:] == ["inbox.replies.delete"]
    assert (await owner.delete(f"/api/v1/messages/{sent['id']}")).status_code == 409
    conversation = (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()
    assert conversation["needs_answer"] is True, "the answer is gone"


async def test_what_did_not_arrive_is_cancelled_by_its_author_or_whoever_moderates(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner, sales = await company.client_of("owner"), await company.client_of("sales")
    made = (await say(owner, wrote.conversation_id, "Раз")).json()
    give = {"assignee_id": company.people["sales"].agent_id}
    await owner.patch(f"/api/v1/conversations/{wrote.conversation_id}", json=give)
    await set_delivery(company, made["id"], delivery=Delivery.SENT, external_id=":501:9")
    path = f"/api/v1/messages/{made['id']}"
    await owner.patch(path, json={"text": "Два"})
    assert (await owner.post(f"{path}/cancel-change")).status_code == 409, "it is on its way"
    await set_delivery(company, made["id"], failure="Отказано")
    assert (await sales.post(f"{path}/cancel-change")).status_code == 403
    back = (await owner.post(f"{path}/cancel-change")).json()
    assert (back["text"], back["edited_at"], back["edits"], back["failure"]) == ("Раз", None, [], None)
    await owner.delete(path)
    assert (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()["needs_answer"] is True
    await set_delivery(company, made["id"], failure="Отказано")
    shown = (await owner.post(f"{path}/cancel-change")).json()
    assert (shown["deleted_at"], shown["failure"]) == (None, None)
    conversation = (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()
    assert conversation["needs_answer"] is False, "it is answered again"
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        said = await session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("message.%_cancelled")))
        assert sorted(said) == ["message.deletion_cancelled", "message.edit_cancelled"]


async def test_an_uncertain_reply_is_confirmed_or_sent_again_once(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    made = (await say(owner, wrote.conversation_id, "Раз")).json()
    assert (await owner.post(f"/api/v1/messages/{made['id']}/resend")).status_code == 409
    assert (await owner.post(f"/api/v1/messages/{made['id']}/confirm")).status_code == 409
    await set_delivery(company, made["id"], delivery=Delivery.UNCERTAIN, sending_at=company.clock())
    resend = f"/api/v1/messages/{made['id']}/resend"
    answers = [await owner.post(resend, headers={"Idempotency-Key": "again"}) for _ in range(3)]
    assert [(one.status_code, one.json()["delivery"]) for one in answers] == [(200, "queued")] * 3
    assert await queued_jobs(company) == ["inbox.replies.deliver"] * 2
    await set_delivery(company, made["id"], delivery=Delivery.UNCERTAIN, sending_at=company.clock())
    confirmed = await owner.post(f"/api/v1/messages/{made['id']}/confirm")
    assert (confirmed.status_code, confirmed.json()["delivery"]) == (200, "sent")
    conversation = (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()
    assert (conversation["needs_answer"], conversation["clocks"]["first_response"]["met_at"] is None) == (False, False)
    for refused in (
        await owner.patch(f"/api/v1/messages/{made['id']}", json={"text": "Два"}),
        await owner.delete(f"/api/v1/messages/{made['id']}"),
    ):
        assert refused.status_code == 409
        assert "not known" in refused.json()["detail"]
    kept = (await owner.get(f"/api/v1/messages/{made['id']}")).json()
    assert (kept["text"], kept["deleted_at"]) == ("Раз", None)


async def test_a_colleagues_reply_is_changed_by_those_who_moderate_only(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Хочу купить")
    owner, sales = await company.client_of("owner"), await company.client_of("sales")
    made = (await say(owner, wrote.conversation_id, "Ответ")).json()
    give = {"assignee_id": company.people["sales"].agent_id}
    await owner.patch(f"/api/v1/conversations/{wrote.conversation_id}", json=give)
    assert (await sales.delete(f"/api/v1/messages/{made['id']}")).status_code == 403
    own = (await say(sales, wrote.conversation_id, "Я помогу")).json()
    assert (await owner.delete(f"/api/v1/messages/{own['id']}")).status_code == 200


async def test_a_key_that_cannot_do_it_is_the_answer_with_its_reason(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    cannot = [{"name": "reply", "allowed": False, "reason": "The bot may not write in this chat."}]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).values(capabilities=cannot))
    refused = await say(owner, wrote.conversation_id, "Ответ")
    assert (refused.status_code, refused.json()["detail"]) == (409, "The bot may not write in this chat.")
    assert (await say(owner, wrote.conversation_id, "Заметка", note=True)).status_code == 201


async def test_attachments_of_a_cancelled_request_leave_no_rows(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("Вопрос")
    owner = await company.client_of("owner")
    files = [{"file_name": "a.txt", "content": "YQ=="}]
    refused = await say(owner, wrote.conversation_id, "x" * 1025, attachments=files)
    assert (refused.status_code, refused.json()["field"]) == (422, "text")
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert await session.scalar(select(func.count()).select_from(Attachment)) == 0
    conversation = (await owner.get(f"/api/v1/conversations/{wrote.conversation_id}")).json()
    assert conversation["assignee"] is None, "the take-over is rolled back, too"

"""The queue of suspicious messages: what its rows say, and many deleted or their authors banned at once."""

import re
from datetime import datetime, timedelta
from html import unescape

import httpx
import pytest
from sqlalchemy import select, update

from inbox.audit.models import AuditEntry
from inbox.channels.events import Attachment, AttachmentKind, ConversationKind
from inbox.contacts.models import Identity
from inbox.conversations.models import Correction, Message, ModerationAction, ReviewAction, ReviewState, Status
from inbox.conversations.refresh import refresh
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers, Wrote
from tests.api.test_review import rights, work
from tests.api.test_unsettled import hold, shown
from tests.api.wire import Wire
from tests.company import Company

pytestmark = pytest.mark.outside


async def accuse(company: Company, subscribers: Subscribers, text: str, who: str) -> Wrote:
    """A suspicious comment."""
    wrote = await subscribers.write(text, who, kind=ConversationKind.COMMENT)
    await hold(company, wrote)
    return wrote


async def deed(browser: httpx.AsyncClient, company: Company, *wrote: Wrote, **fields: str) -> httpx.Response:
    """What the dialog sends."""
    ids = ",".join(str(one.message_id) for one in wrote)
    answer = await browser.post(f"/w/{company.workspace_id}/bulk/review", data={"messages": ids, **fields})
    assert answer.status_code == 200, answer.text
    return answer


async def progress(browser: httpx.AsyncClient, answer: httpx.Response) -> str:
    """How the toast says it goes, asked once."""
    (address,) = re.findall(r'data-going hx-get="([^"]+)"', answer.text)
    told = await browser.get(unescape(address))
    assert told.status_code == 200, told.text
    return unescape(told.text)


def way_back(answer: httpx.Response) -> dict[str, str]:
    """The fields of the toast's button."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))


async def english(company: Company, name: str = "moderator") -> httpx.AsyncClient:
    browser = await company.browser_of(name)
    assert (await browser.post("/me", data={"locale": "en"})).status_code == 303
    return browser


async def banning(company: Company, subscribers: Subscribers) -> httpx.AsyncClient:
    """A moderator's browser, where comments come and their authors can be banned."""
    await subscribers.see_post("Пост")
    await rights(company, ["ban"])
    return await english(company)


async def test_a_row_says_what_is_suspicious_and_opens_there_not_what_was_said_last(
    company: Company, subscribers: Subscribers
) -> None:
    browser = await company.browser_of("moderator")
    await subscribers.see_post("Пост")
    await accuse(company, subscribers, "Старая ставка", "601")
    held = await accuse(company, subscribers, "<b>Заработок</b> от 5000 в день прямо сейчас и без вложений", "601")
    company.clock.advance(timedelta(minutes=3))
    await subscribers.write("Всем доброго дня", "601", kind=ConversationKind.COMMENT)
    for address in ("rows", "inbox"):
        page = (await browser.get(f"/w/{company.workspace_id}/{address}", params={"view": "held"})).text
        row = page[page.index('data-row="') :]
        assert ">&lt;b&gt;Заработок&lt;/b&gt; от 5000 в день прямо сейчас и без вложений" in row
        assert "Всем доброго дня" not in row
        assert f"message={held.message_id}" in row
        assert f'data-message="{held.message_id}"' in row
    plain = (await browser.get(f"/w/{company.workspace_id}/rows", params={"view": "open"})).text
    assert "Всем доброго дня" in plain
    assert "data-message" not in plain


async def test_a_suspicious_message_without_words_says_what_it_is(company: Company, subscribers: Subscribers) -> None:
    browser = await english(company)
    photo = Attachment(AttachmentKind.PHOTO, "file-1")
    await hold(company, await subscribers.write("", "601", attachments=(photo,)))
    await subscribers.write("Посмотрите", "601", ago=timedelta())
    row = (await browser.get(f"/w/{company.workspace_id}/rows", params={"view": "held"})).text
    assert "Photo" in row
    assert "Посмотрите" not in row


async def test_many_are_deleted_and_what_cannot_be_is_told_with_its_reason(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser = await english(company)
    await subscribers.see_post("Пост")
    await rights(company, ["delete"])
    first, second, old = [await accuse(company, subscribers, "Ставки", str(601 + one)) for one in range(3)]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        day = company.clock() - timedelta(days=3)
        await session.execute(update(Message).where(Message.id == old.message_id).values(sent_at=day))
    gone = Wrote(0, 10**12)
    done = await deed(browser, company, first, old, second, gone, action="delete", reason="Реклама", offence="spam")
    assert "Being deleted: 2" in done.text
    assert "Could not: 2 (Telegram lets bots delete a message for 48 hours only; this one is older; " in done.text
    assert way_back(done) == {}, "Telegram restores nothing"
    assert await shown(browser, company, "held") == [old.conversation_id]
    assert "Deleted: 0 of 4" in await progress(browser, done)
    telegram.refusals["deleteMessage"] = "message can't be deleted"
    await work(company)
    told = await progress(browser, done)
    assert "Deleted: 0 of 4. The platform refused: 2" in told
    assert "data-going" not in told, "there is nothing more to learn"
    assert sorted(await shown(browser, company, "held")) == sorted(
        one.conversation_id for one in (first, second, old)
    ), "what the platform refused is in the queue again"
    del telegram.refusals["deleteMessage"]
    done = await deed(browser, company, first, second, action="delete")
    await work(company)
    assert "Deleted: 2 of 2" in await progress(browser, done)
    assert await shown(browser, company, "held") == [old.conversation_id]
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "review.delete")))
    assert len(entries) == 4, "each as if it were alone"


async def test_authors_are_banned_together_and_the_undoing_puts_their_messages_back(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser = await banning(company, subscribers)
    wrote = [await accuse(company, subscribers, "Ставки", str(601 + one)) for one in range(2)]
    done = await deed(browser, company, *wrote, action="ban", minutes="60", offence="spam", reason="Реклама")
    assert "Authors being banned: 2" in done.text
    await work(company)
    assert [call["user_id"] for call in telegram.called("banChatMember")] == [601, 602]
    assert all("until_date" in call for call in telegram.called("banChatMember"))
    assert "Authors banned: 2 of 2" in await progress(browser, done)
    assert await shown(browser, company, "held") == []
    fields = way_back(done)
    assert (fields["action"], fields["undo"]) == ("unban", "true")
    undone = await browser.post(f"/w/{company.workspace_id}/bulk/review", data=fields)
    assert "Bans being lifted: 2" in undone.text
    assert way_back(undone) == {}
    assert sorted(await shown(browser, company, "held")) == [one.conversation_id for one in wrote]
    await work(company)
    assert "Bans lifted: 2 of 2" in await progress(browser, undone)
    assert len(telegram.called("unbanChatMember")) == 2
    assert sorted(await shown(browser, company, "held")) == [one.conversation_id for one in wrote]


@pytest.mark.parametrize("is_undo", [True, False])
async def test_a_ban_undone_as_a_slip_settles_nothing_also_what_the_platform_told_of_it(
    company: Company, subscribers: Subscribers, telegram: Wire, is_undo: bool
) -> None:
    browser = await banning(company, subscribers)
    wrote = await accuse(company, subscribers, "Ставки", "601")
    await subscribers.write("А доставка есть?", "601", kind=ConversationKind.COMMENT)
    address = f"/w/{company.workspace_id}/messages/{wrote.message_id}/review"
    await browser.post(address, data={"action": "ban"})
    await work(company)
    told = company.clock().replace(microsecond=0)

    async def tell(**values: datetime) -> None:
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(update(Identity).where(Identity.external_id == "601").values(**values))
            await refresh(session, [wrote.conversation_id])

    await tell(banned_at=told)
    talk = await subscribers.conversation(wrote.conversation_id)
    assert (talk.held, talk.status) == (False, Status.CLOSED)
    company.clock.advance(timedelta(seconds=30))
    await browser.post(address, data={"action": "unban", **({"undo": "true"} if is_undo else {})})
    await work(company)
    await tell(unbanned_at=company.clock())
    talk = await subscribers.conversation(wrote.conversation_id)
    assert (talk.held, talk.needs_answer) == (is_undo, is_undo)
    company.clock.advance(timedelta(minutes=5))
    await tell(banned_at=company.clock())
    assert not (await subscribers.conversation(wrote.conversation_id)).held, "a later ban is no slip"


async def test_what_somebody_decided_meanwhile_stays_decided_when_a_ban_is_undone(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser = await banning(company, subscribers)
    wrote = await accuse(company, subscribers, "Ставки", "601")
    address = f"/w/{company.workspace_id}/messages/{wrote.message_id}/review"
    await browser.post(address, data={"action": "ban"})
    await browser.post(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}/close")
    await browser.post(address, data={"action": "unban", "undo": "true"})
    assert await shown(browser, company, "held") == []


async def test_an_undoing_that_the_platform_refuses_leaves_the_ban_as_it_was(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser = await banning(company, subscribers)
    wrote = await accuse(company, subscribers, "Ставки", "601")
    done = await deed(browser, company, wrote, action="ban")
    await work(company)
    telegram.refusals["unbanChatMember"] = "not enough rights"
    await browser.post(f"/w/{company.workspace_id}/bulk/review", data=way_back(done))
    await work(company)
    assert await shown(browser, company, "held") == []


async def test_only_who_moderates_is_offered_it_and_may_do_it(company: Company, subscribers: Subscribers) -> None:
    await subscribers.see_post("Пост")
    await rights(company, ["delete", "ban"])
    wrote = await accuse(company, subscribers, "Ставки", "601")
    owner, at = await company.client_of("owner"), f"/w/{company.workspace_id}"
    handed = {"assignee_id": company.people["sales"].agent_id}
    assert (await owner.patch(f"/api/v1/conversations/{wrote.conversation_id}", json=handed)).status_code == 200
    dialog, view = {"messages": str(wrote.message_id)}, {"view": "held"}
    sales, moderator = await english(company, "sales"), await company.browser_of("owner")
    assert "/bulk/review" not in (await sales.get(f"{at}/inbox", params=view)).text
    assert "/bulk/review" in (await moderator.get(f"{at}/inbox", params=view)).text
    assert "/bulk/review" not in (await moderator.get(f"{at}/inbox")).text
    assert (await sales.get(f"{at}/bulk/review", params=dialog)).status_code == 404
    assert (await moderator.get(f"{at}/bulk/review", params=dialog)).status_code == 200
    refused = await deed(sales, company, wrote, action="delete")
    assert "Could not: 1 (The role sales may not do this)" in refused.text
    assert "data-going" not in refused.text
    elsewhere = await company.browser_of("neighbour")
    there = await elsewhere.post(f"/w/{company.second_id}/bulk/review", data={**dialog, "action": "delete"})
    assert "data-going" not in there.text
    warned = await moderator.post(f"{at}/bulk/review", data={**dialog, "action": "warn"})
    assert warned.status_code == 422
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert (await session.scalars(select(ModerationAction))).all() == []


async def test_progress_is_told_of_ones_own_deeds_only_and_ends_where_it_takes_long(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser, owner = await english(company), await english(company, "owner")
    await subscribers.see_post("Пост")
    await rights(company, ["delete"])
    wrote = await accuse(company, subscribers, "Ставки", "601")
    done = await deed(browser, company, wrote, action="delete")
    assert "data-going" in await progress(browser, done)
    assert "data-going" not in await progress(owner, done)
    company.clock.advance(timedelta(minutes=3))
    assert "Takes long, and goes on by itself: 1" in await progress(browser, done)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(ModerationAction).values(state=ReviewState.WAITING))
    assert "Waiting for a key: 1" in await progress(browser, done)


async def test_what_waits_for_a_key_is_taken_back_by_the_undoing(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser = await banning(company, subscribers)
    wrote = await accuse(company, subscribers, "Ставки", "601")
    done = await deed(browser, company, wrote, action="ban")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(ModerationAction).values(state=ReviewState.WAITING))
    undone = await browser.post(f"/w/{company.workspace_id}/bulk/review", data=way_back(done))
    assert "Taken back before it was done: 1" in undone.text
    assert await shown(browser, company, "held") == [wrote.conversation_id]
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        rows = list(await session.scalars(select(ModerationAction)))
    assert [(row.action, row.state) for row in rows] == [(ReviewAction.BAN, ReviewState.CANCELLED)]
    assert telegram.calls == []


async def test_of_one_author_who_waits_for_a_key_nothing_new_is_asked_by_the_undoing(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    """The first message's undoing takes back the bans of both: the second one's has nothing left to do."""
    browser = await banning(company, subscribers)
    wrote = [await accuse(company, subscribers, words, "601") for words in ("Ставки", "Казино")]
    messages = ",".join(str(one.message_id) for one in wrote)
    fields = {"messages": messages, "action": "ban", "offence": "spam"}
    said_spam = select(Correction).where(Correction.after["intent"].astext == "spam")
    done = await browser.post(f"/w/{company.workspace_id}/bulk/review", data=fields)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(ModerationAction).values(state=ReviewState.WAITING))
        assert len(list(await session.scalars(said_spam))) == 2
    undone = await browser.post(f"/w/{company.workspace_id}/bulk/review", data=way_back(done))
    assert "Taken back before it was done: 2" in undone.text
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        rows = list(await session.scalars(select(ModerationAction)))
        said = list(await session.scalars(said_spam))
    assert [(row.action, row.state) for row in rows] == [(ReviewAction.BAN, ReviewState.CANCELLED)] * 2
    assert said == [], "what the slip said teaches nothing"


async def test_a_ban_that_stands_is_lifted_whatever_was_taken_back_after_it(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    browser = await banning(company, subscribers)
    wrote = await accuse(company, subscribers, "Ставки", "601")
    done = await deed(browser, company, wrote, action="ban")
    await work(company)
    await deed(browser, company, wrote, action="ban", minutes="60")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        longest = select(ModerationAction.id).order_by(ModerationAction.id.desc()).limit(1).scalar_subquery()
        newer = update(ModerationAction).where(ModerationAction.id == longest)
        await session.execute(newer.values(state=ReviewState.CANCELLED))
    undone = await browser.post(f"/w/{company.workspace_id}/bulk/review", data=way_back(done))
    assert "Bans being lifted: 1" in undone.text
    await work(company)
    assert len(telegram.called("unbanChatMember")) == 1

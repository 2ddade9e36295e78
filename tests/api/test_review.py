"""Reviewing what subscribers write: deleting, banning and muting on the platform, and refusals with their reason."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from inbox.audit.models import AuditEntry
from inbox.channels.events import ConversationKind
from inbox.channels.models import Channel, ChannelChat
from inbox.contacts.models import Identity
from inbox.conversations.jobs import carry_out
from inbox.conversations.models import Activity, Message, ModerationAction, ReviewAction, ReviewState
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import TemporaryRefusalError
from inbox.core.events import ReviewMessage
from inbox.core.pacing import Pacing
from inbox.sla.sweep import tidy
from tests.api.subscribers import GROUP, Subscribers, Wrote
from tests.api.wire import Wire
from tests.company import Company

pytestmark = pytest.mark.outside


async def work(company: Company) -> None:
    """Carry out what was asked, as a worker would."""
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        jobs = list(await session.scalars(text("select args from procrastinate_jobs order by id")))
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("delete from procrastinate_jobs"))
    for job in jobs:
        await carry_out(company.context, Pacing(company.context.redis), ReviewMessage.model_validate(job))


async def rights(company: Company, can_act: Sequence[str]) -> None:
    """What the bot may do in the group, as its last check found."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            ChannelChat(
                workspace_id=company.workspace_id, channel_id=company.channel_id, external_id=GROUP, kind="supergroup",
                can_act=list(can_act),
            )
        )  # fmt: skip


async def comment(subscribers: Subscribers) -> Wrote:
    await subscribers.see_post("Пост")
    return await subscribers.write("Заработок в интернете", kind=ConversationKind.COMMENT)


async def test_a_deleted_comment_is_gone_there_and_readable_here(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    wrote = await comment(subscribers)
    await rights(company, ["delete"])
    moderator = await company.client_of("moderator")
    path = f"/api/v1/messages/{wrote.message_id}"
    answer = await moderator.post(f"{path}/moderate", json={"action": "delete", "reason": "Реклама"})
    assert answer.status_code == 200, answer.text
    assert telegram.calls == [], "the platform is called by a job"
    await work(company)
    assert telegram.called("deleteMessage") == [{"chat_id": int(GROUP), "message_id": 1000}]
    shown = (await moderator.get(path)).json()
    assert (shown["text"], shown["deleted_at"] is None) == ("Заработок в интернете", False)
    assert (await moderator.post(f"{path}/moderate", json={"action": "delete"})).status_code == 409
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        entry = (await session.scalars(select(AuditEntry))).one()
    assert (entry.action, entry.agent_id, entry.row_id) == (
        "review.delete", company.people["moderator"].agent_id, wrote.message_id,
    )  # fmt: skip
    assert entry.before == {"text": "Заработок в интернете", "deleted": False}
    assert entry.after is not None
    assert entry.after["reason"] == "Реклама"


async def test_copies_of_what_was_removed_go_after_their_time_and_the_deed_stays(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    wrote = await comment(subscribers)
    await rights(company, ["delete"])
    owner = await company.client_of("owner")
    path = f"/api/v1/messages/{wrote.message_id}"
    assert (await owner.post(f"{path}/moderate", json={"action": "delete"})).status_code == 200
    await work(company)
    keep = timedelta(days=180)
    for days, words in ((179, "Заработок в интернете"), (181, "")):
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            await tidy(session, company.clock() + timedelta(days=days), keep)
        async with company.context.database.session(EVERY_WORKSPACE) as session:
            action = (await session.scalars(select(ModerationAction))).one()
            entry = (await session.scalars(select(AuditEntry))).one()
            shown = await session.scalar(select(Message.text).where(Message.id == wrote.message_id))
        assert (shown, action.text, action.action) == (words, words, ReviewAction.DELETE)
        assert ("text" in (entry.before or {})) is bool(words)


async def test_authors_are_banned_muted_and_forgiven(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    wrote = await comment(subscribers)
    await rights(company, ["ban", "restrict"])
    owner = await company.client_of("owner")
    for body in (
        {"action": "ban", "reason": "Спам"},
        {"action": "unban"},
        {"action": "mute", "minutes": 60},
        {"action": "unmute"},
    ):
        assert (await owner.post(f"/api/v1/messages/{wrote.message_id}/moderate", json=body)).status_code == 200
    await work(company)
    assert [name for name, _ in telegram.calls] == [
        "banChatMember", "unbanChatMember", "restrictChatMember", "restrictChatMember",
    ]  # fmt: skip
    assert {params["user_id"] for _, params in telegram.calls} == {501}
    assert "until_date" not in telegram.called("banChatMember")[0]
    assert "until_date" in telegram.called("restrictChatMember")[0]


async def test_what_telegram_or_the_key_cannot_do_is_refused_with_the_reason(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await comment(subscribers)
    await rights(company, ["delete"])
    private = await subscribers.write("Вопрос", "777")
    owner = await company.client_of("owner")

    async def refusal(message_id: int, **body: object) -> str:
        answer = await owner.post(f"/api/v1/messages/{message_id}/moderate", json=body)
        assert answer.status_code == 409, answer.text
        return str(answer.json()["detail"])

    assert "Telegram has no" in await refusal(wrote.message_id, action="restore")
    wordless = await owner.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "warn"})
    assert (wordless.status_code, wordless.json()["field"]) == (422, "reason")
    assert "right" in await refusal(wrote.message_id, action="ban")
    assert "right" in await refusal(wrote.message_id, action="mute")
    assert "private talk" in await refusal(private.message_id, action="ban")
    company.clock.advance(timedelta(hours=49))
    assert "48 hours" in await refusal(wrote.message_id, action="delete")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Identity).values(is_ours=True))
    assert "your own people" in await refusal(wrote.message_id, action="mute")
    answer = await owner.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "burn"})
    assert (answer.status_code, answer.json()["field"]) == (422, "action")
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert list(await session.scalars(text("select id from procrastinate_jobs"))) == []


async def test_the_channels_capability_counts_where_the_chats_rights_are_not_known(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await comment(subscribers)
    cannot = [{"name": "ban", "allowed": False, "reason": "The bot is not in any known group."}]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).values(capabilities=cannot))
    owner = await company.client_of("owner")
    refusal = await owner.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "ban"})
    assert (refusal.status_code, refusal.json()["detail"]) == (409, "The bot is not in any known group.")


async def test_a_deletion_that_telegram_refuses_is_taken_back_and_told(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    wrote = await comment(subscribers)
    owner = await company.client_of("owner")
    await owner.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "delete"})
    telegram.refusals["deleteMessage"] = "message can't be deleted"
    await work(company)
    assert (await owner.get(f"/api/v1/messages/{wrote.message_id}")).json()["deleted_at"] is None
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        lines = {line.kind: line.details for line in await session.scalars(select(Activity))}
    assert lines["review_refused"]["action"] == "delete"
    assert lines["review_refused"]["reason"]


async def test_an_answer_that_never_came_is_asked_for_again(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    wrote = await comment(subscribers)
    owner = await company.client_of("owner")
    await owner.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "ban"})
    telegram.dropped.add("banChatMember")
    with pytest.raises(TemporaryRefusalError):
        await work(company)


async def test_the_notices_button_takes_back_what_waits_and_begins_nothing(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    wrote = await comment(subscribers)
    await rights(company, ["ban"])
    moderator, browser = await company.client_of("moderator"), await company.browser_of("moderator")
    await moderator.post(f"/api/v1/messages/{wrote.message_id}/moderate", json={"action": "ban"})
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(ModerationAction).values(state=ReviewState.WAITING))
    page = (await browser.get(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}")).text
    (address,) = re.findall(r'hx-post="([^"]+)" hx-vals=.{"back": "true"}. name="action" value="unban"', page)
    button = {"action": "unban", "back": "true"}
    assert (await browser.post(address, data=button)).status_code == 200
    assert (await browser.post(address, data=button)).status_code == 409
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        assert [row.state for row in await session.scalars(select(ModerationAction))] == [ReviewState.CANCELLED]
    assert telegram.calls == []

"""Two conversations turn out to be one: under a post that is edited, or in a group that moved; nothing hangs loose."""

from collections.abc import AsyncIterator, Sequence
from datetime import date

import pytest
from sqlalchemy import func, select, text

from inbox.conversations.deciding import Wanted, load_seen, set_status
from inbox.conversations.merging import REFERENCE, GivesWay, models_of_conversations, move_to
from inbox.conversations.models import (
    Activity,
    BulkChange,
    BulkStep,
    Conversation,
    ConversationLabel,
    Label,
    Message,
    ModerationAction,
    Outcome,
    Priority,
    ReviewAction,
    Status,
)  # fmt: skip
from inbox.conversations.refresh import refresh
from inbox.core.bulk import table_of
from inbox.core.database import EVERY_WORKSPACE, Base
from inbox.core.events import TellLead
from inbox.replies.service import Draft, compose
from inbox.reports.models import ResponseTime
from routing.alerts.models import Alert, AlertKind
from routing.autoreplies.models import AutoReplyKind, AutoReplyUse
from routing.leads.models import ONE_TALK, Lead, Stage
from routing.leads.service import run_tell_lead
from routing.rules.models import Rule, RuleRun
from routing.webhooks.models import HookEvent, Webhook, WebhookDelivery
from tests.desk import Desk, open_desk
from tests.servers import TestServers

pytestmark = pytest.mark.outside
GROUP, MOVED = "-100777", "-100888"
CHANNEL = {"id": -100555, "type": "channel", "title": "Канал"}
ROOT, ANNA, BORIS = 55, 501, 502
Raw = dict[str, object]


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers) as opened:
        yield opened


def said(desk: Desk, text: str, person: int, answered: Raw | None = None, *, ago: int = 0, chat: str = GROUP) -> Raw:
    """What somebody writes under the post, so many seconds ago."""
    at = int(desk.context.clock().timestamp()) - ago
    message: Raw = {
        "message_id": next(desk.numbers), "date": at, "text": text, "message_thread_id": ROOT,
        "chat": {"id": int(chat), "type": "supergroup", "title": "Обсуждение"},
        "from": {"id": person, "is_bot": False, "first_name": f"Person {person}"},
    }  # fmt: skip
    return message | ({"reply_to_message": answered} if answered else {})


def post(desk: Desk, edited: int | None = None) -> Raw:
    """The channel's post, as it stands in the group; it was written before the bot came."""
    forward = {
        "message_id": ROOT, "sender_chat": CHANNEL, "is_automatic_forward": True,
        "from": {"id": 777000, "first_name": "T"},
        "forward_origin": {"type": "channel", "chat": CHANNEL, "message_id": 7, "date": 1_780_000_000},
    }  # fmt: skip
    root = {key: value for key, value in said(desk, "Новая кухня", 777000, ago=86400).items() if "thread" not in key}
    return root | forward | ({"edit_date": edited} if edited else {})


async def bring(desk: Desk, *messages: Raw) -> None:
    kinds = ["edited_message" if "edit_date" in one else "message" for one in messages]
    await desk.put(*({"update_id": next(desk.numbers), kind: one} for kind, one in zip(kinds, messages, strict=True)))
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.dead() == []


async def say_twice(desk: Desk, nested: str = "какая цена?", first: str = "красиво", *, ago: int = 30) -> None:
    """A nested reply is talk in the group; a comment of the first level is one of the post."""
    other = said(desk, "и мне нравится", BORIS, ago=80000)
    await bring(desk, said(desk, nested, ANNA, other, ago=60))
    await bring(desk, said(desk, first, ANNA, post(desk), ago=ago))


async def edit_post(desk: Desk) -> None:
    await bring(desk, post(desk, edited=int(desk.context.clock().timestamp())))


async def of_anna(desk: Desk) -> list[Conversation]:
    """Her conversations, oldest first."""
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        mine = select(Conversation).where(Conversation.key.endswith(f":{ANNA}"))
        return list(await session.scalars(mine.order_by(Conversation.id)))


async def close(desk: Desk, conversation_id: int) -> None:
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        row = await session.get_one(Conversation, conversation_id, with_for_update=True)
        seen = await load_seen(session, row, desk.context.clock())
        set_status(row, Wanted(Status.CLOSED, Outcome.ANSWERED), seen)
        await session.flush()
        await refresh(session, [row.id])


async def test_a_lead_under_an_old_post_outlives_the_posts_edit(desk: Desk) -> None:
    agent_id = await desk.add_agent("Мария", ["sales"])
    await say_twice(desk)
    stray, home = await of_anna(desk)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        row = await session.get_one(Conversation, stray.id)
        row.assignee_id, row.team_id, row.priority = agent_id, desk.team_ids["sales"], Priority.HIGH
        await compose(session, row, agent_id, Draft("позвоню ей", note=True), desk.context.clock())
    await edit_post(desk)
    (merged,) = await of_anna(desk)
    assert merged.id == home.id
    assert (merged.assignee_id, merged.team_id, merged.priority) == (agent_id, desk.team_ids["sales"], Priority.HIGH)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        (lead,) = await session.scalars(select(Lead))
        texts = set(await session.scalars(select(Message.text).where(Message.conversation_id == home.id)))
    assert (lead.conversation_id, lead.stage) == (home.id, Stage.NEW)
    assert texts == {"какая цена?", "красиво", "позвоню ей"}


async def test_a_group_that_moved_keeps_the_lead_that_came_before_the_news(desk: Desk) -> None:
    await bring(desk, said(desk, "какая цена?", ANNA, ago=60))
    await bring(desk, said(desk, "ау", ANNA, ago=30, chat=MOVED))
    notice = said(desk, "", ANNA) | {"migrate_to_chat_id": int(MOVED)}
    await bring(desk, {key: value for key, value in notice.items() if key not in {"text", "message_thread_id"}})
    (merged,) = await of_anna(desk)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        (lead,) = await session.scalars(select(Lead))
    assert (lead.conversation_id, merged.chat_external_id) == (merged.id, MOVED)


async def test_what_was_settled_stays_settled(desk: Desk) -> None:
    await say_twice(desk)
    await close(desk, (await of_anna(desk))[0].id)
    await edit_post(desk)
    (merged,) = await of_anna(desk)
    assert (merged.status, merged.needs_answer) == (Status.CLOSED, False)


@pytest.mark.parametrize("closed", [0, 1])
async def test_a_question_that_nobody_saw_is_not_settled_by_a_word_on_the_other_talk(desk: Desk, closed: int) -> None:
    await say_twice(desk, first="какая цена стола?", ago=90 if closed == 0 else 30)
    await close(desk, (await of_anna(desk))[closed].id)
    await edit_post(desk)
    (merged,) = await of_anna(desk)
    assert (merged.status, merged.needs_answer) == (Status.OPEN, True)


def hanging(desk: Desk, conversation: Conversation, message_id: int, *, shared: Sequence[int]) -> list[Base]:
    """A row of each table, beside the messages; `shared`: label, bulk change, rule, which both talks have."""
    whole = {"workspace_id": conversation.workspace_id, "conversation_id": conversation.id}
    now, (label_id, bulk_id, rule_id) = desk.context.clock(), shared
    began = now.replace(hour=0, minute=0, second=0, microsecond=0)
    of_channel = {"channel_id": conversation.channel_id}
    return [
        Activity(**whole, kind="closed", occurred_at=now),
        Alert(**whole, kind=AlertKind.NEGATIVE, rule_key="negative", message_id=message_id, occurred_at=now),
        AutoReplyUse(**whole, kind=AutoReplyKind.GREETING, period_at=began, used_at=now),
        BulkStep(**whole, bulk_change_id=bulk_id, before={}, after={}),
        ConversationLabel(**whole, label_id=label_id),
        Lead(**whole, **of_channel, contact_id=conversation.contact_id, stage_at=now, heard_at=now),
        ModerationAction(
            **whole, **of_channel, message_id=message_id, identity_id=conversation.identity_id,
            action=ReviewAction.WARN, asked_at=now,
        ),
        ResponseTime(
            **whole, **of_channel, since_at=began, is_first=True, is_late=False, came_closed=False, is_outside=False,
            day=date(2026, 11, 20), hour=9,
        ),
        RuleRun(**whole, rule_id=rule_id, message_id=message_id, turn_at=now),
    ]  # fmt: skip


async def test_every_table_of_conversations_goes_over_whatever_both_have(desk: Desk) -> None:
    await say_twice(desk, nested="красиво")
    stray, home = await of_anna(desk)
    agent_id = await desk.add_agent("Мария", [])
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        rule_id = await session.scalar(select(func.min(Rule.id)))
        label = Label(workspace_id=desk.workspace_id, name="цена")
        bulk = BulkChange(agent_id=agent_id, changed_at=desk.context.clock())
        session.add_all([label, bulk])
        await session.flush()
        assert rule_id is not None
        tried: set[type[Base]] = {Message}
        for one in (stray, home):
            (message_id,) = await session.scalars(select(Message.id).where(Message.conversation_id == one.id))
            rows = hanging(desk, one, message_id, shared=(label.id, bulk.id, rule_id))
            tried |= {type(row) for row in rows}
            session.add_all(rows)
            await session.flush()
    assert tried == set(models_of_conversations()), "a new table is tried here, too"
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await move_to(session, stray.id, home.id)
    left: dict[str, list[int]] = {}
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        for model in models_of_conversations():
            table = table_of(model)
            left[table.name] = list(await session.scalars(select(table.c[REFERENCE])))
        leads = list(await session.scalars(select(Lead).order_by(Lead.id)))
    once = {"auto_reply_uses", "bulk_steps", "conversation_labels", "response_times"}
    assert left == {name: [home.id] * (1 if name in once else 2) for name in left}
    assert [(one.stage, one.reason) for one in leads] == [(Stage.NOT_A_LEAD, ONE_TALK), (Stage.NEW, "")]


async def test_of_two_open_leads_the_one_that_is_taken_up_stays(desk: Desk) -> None:
    await say_twice(desk, first="какая цена стола?")
    stray, _ = await of_anna(desk)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        first = (await session.scalars(select(Lead).where(Lead.conversation_id == stray.id))).one()
        first.stage = Stage.TAKEN_UP
    await edit_post(desk)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        leads = list(await session.scalars(select(Lead).order_by(Lead.id)))
    assert [one.stage for one in leads] == [Stage.TAKEN_UP, Stage.NOT_A_LEAD]


async def test_webhooks_hear_of_the_lead_that_two_talks_of_one_closed(desk: Desk) -> None:
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            Webhook(
                workspace_id=desk.workspace_id, name="CRM", url="https://crm.example.org",
                events=[HookEvent.LEAD_CHANGED.value], secret_encrypted=desk.context.cipher.encrypt("s"),
            )
        )  # fmt: skip
    await say_twice(desk, first="какая цена стола?")
    _, home = await of_anna(desk)
    await edit_post(desk)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        (closed,) = await session.scalars(select(Lead).where(Lead.stage == Stage.NOT_A_LEAD))
        jobs = text("select args from procrastinate_jobs where task_name = 'routing.leads.tell'")
        (asked,) = await session.scalars(jobs)
    await run_tell_lead(desk.context, TellLead.model_validate(asked))
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        (told,) = await session.scalars(select(WebhookDelivery))
    lead = told.body["lead"]
    assert told.event is HookEvent.LEAD_CHANGED
    assert isinstance(lead, dict)
    assert (lead["id"], lead["stage"], lead["reason"]) == (closed.id, "not_a_lead", ONE_TALK)
    assert lead["conversation_id"] == home.id, "the other is gone"


def test_what_is_unique_among_some_rows_of_a_conversation_gives_way() -> None:
    for model in models_of_conversations():
        partial = [one.name for one in table_of(model).indexes if one.unique and REFERENCE in one.columns]
        assert not partial or issubclass(model, GivesWay), f"{model.__name__} has {partial}"


def test_who_names_a_conversation_is_held_by_it() -> None:
    named = {mapper.class_ for mapper in Base.registry.mappers if REFERENCE in table_of(mapper.class_).c}
    assert named == set(models_of_conversations())

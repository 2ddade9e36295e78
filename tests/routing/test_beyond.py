"""Actions of rules that other features do: on the real path, once each."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, select

from inbox.conversations.models import Message, MessageKind
from inbox.core.database import EVERY_WORKSPACE
from routing.alerts.models import AlertKind
from routing.autoreplies.models import AutoReply, AutoReplyKind
from routing.leads.models import Lead
from routing.rules.actions import ACTIONS, Action, MakeLead, RingAlarm, SendAutoReply, TellWebhook
from routing.rules.models import Rule
from routing.webhooks.models import HookEvent, Webhook, WebhookDelivery
from tests.routing.rung import Rung, open_rung
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def rung(servers: TestServers) -> AsyncIterator[Rung]:
    async with open_rung(servers) as opened:
        yield opened


async def test_a_rule_replies_rings_makes_a_lead_and_tells_a_webhook_once(rung: Rung) -> None:
    context, workspace_id = rung.bridge.desk.context, rung.bridge.desk.workspace_id
    async with context.transaction(EVERY_WORKSPACE) as session:
        reply = AutoReply(workspace_id=workspace_id, name="n", kind=AutoReplyKind.RULE, text="Спасибо, {name}!")
        hook = Webhook(
            workspace_id=workspace_id, name="CRM", url="https://crm.example.org", events=[],
            secret_encrypted=context.cipher.encrypt("s"),
        )  # fmt: skip
        session.add_all([reply, hook])
        await session.flush()
        actions: list[Action] = [
            SendAutoReply(auto_reply_id=reply.id),
            RingAlarm(),
            MakeLead(),
            TellWebhook(webhook_id=hook.id),
        ]
        await session.execute(delete(Rule).where(Rule.workspace_id == workspace_id))
        dumped = ACTIONS.dump_python(actions, mode="json")
        session.add(Rule(workspace_id=workspace_id, name="Всё", position=0, conditions=[], actions=dumped))
    await rung.bridge.say("добрый день")
    await rung.bridge.say("вы тут?")
    async with context.database.session(EVERY_WORKSPACE) as session:
        replies = list(await session.scalars(select(Message.text).where(Message.kind == MessageKind.AUTO_REPLY)))
        leads = list(await session.scalars(select(Lead.text)))
        told = [(one.event, one.body["rule"]) for one in await session.scalars(select(WebhookDelivery))]
    assert replies == ["Спасибо, Анна!"]
    assert leads == ["добрый день"]
    assert told == [(HookEvent.RULE_MATCHED, "Всё")]
    (alert,) = await rung.alerts(AlertKind.RULE)
    assert alert.details == {"rule": "Всё"}

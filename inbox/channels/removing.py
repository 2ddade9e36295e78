"""Removing a channel: what was written stays readable, the key is forgotten, replies that wait for it fail in words."""

import structlog
from sqlalchemy import update

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.channels.access import access_channel
from inbox.channels.account import account_of
from inbox.channels.asking import tell_webhook
from inbox.channels.connecting import describe_for_audit
from inbox.channels.models import ReceiveMode
from inbox.conversations.models import Delivery, Message
from inbox.conversations.refresh import refresh
from inbox.core.context import Context
from inbox.core.errors import InvalidInputError, SetupError
from inbox.core.i18n import N_
from inbox.core.live import announce
from inbox.core.secrets import make_secret

REMOVED = N_("The channel was removed.")

log = structlog.get_logger()


async def remove_channel(context: Context, caller: Caller, channel_id: int) -> None:
    """Soft: the row keeps its history. Its receiver ends by itself; a webhook is taken back as far as possible."""
    now = context.clock()
    async with context.transaction(caller.scope) as session:
        channel = await access_channel(session, caller, channel_id, Permission.MANAGE_CHANNELS, lock=True)
        try:
            account = account_of(channel, context.cipher)
        except SetupError:
            account = None
        record(
            session, channel.workspace_id, caller.agent_id, "channel.removed", channel.id, now,
            before=describe_for_audit(channel), after={},
        )  # fmt: skip
        channel.removed_at, channel.epoch = now, channel.epoch + 1
        channel.credentials_encrypted = context.cipher.encrypt_fields({"token": "", "webhook_secret": make_secret()})
        channel.proxy_encrypted = None
        unsent = await session.scalars(
            update(Message)
            .where(Message.channel_id == channel_id, Message.delivery == Delivery.QUEUED)
            .values(delivery=Delivery.FAILED, failure=REMOVED, failed_at=now)
            .returning(Message.conversation_id)
            .execution_options(synchronize_session=False)
        )
        await refresh(session, set(unsent))
        announce(session, channel.workspace_id, "channel", channel_id=channel.id)
    if channel.mode is ReceiveMode.WEBHOOK and account is not None:
        try:
            await tell_webhook(context, account, ReceiveMode.POLL, "")
        except InvalidInputError as error:
            log.warning("webhook_not_taken_back", channel_id=channel_id, reason=error.detail)

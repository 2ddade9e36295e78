"""Connecting an account: the platform says whose the key is, then the channel is stored, once for all workspaces."""

from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.channels.account import account_of
from inbox.channels.adapter import Account, Checked
from inbox.channels.asking import ask_account, check_mode, check_platform, free_polling, tell_webhook
from inbox.channels.catching_up import begin_receiving
from inbox.channels.checking import describe_capabilities
from inbox.channels.events import Platform
from inbox.channels.models import SERVER, Channel, ChannelStatus, ReceiveMode
from inbox.channels.schemas import ChannelIn, CredentialsIn
from inbox.core.context import Context
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError
from inbox.core.events import CheckChannel
from inbox.core.i18n import N_
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.core.secrets import Cipher, make_secret

CONNECTED = N_("%(name)s is already connected, here or in another project.")


async def create_channel(context: Context, caller: Caller, wanted: ChannelIn) -> Channel:
    """The new channel. InvalidInputError with the platform's reason, ConflictError if the account is connected."""
    caller.require(wanted.workspace_id, Permission.MANAGE_CHANNELS)
    check_platform(context, wanted.platform)
    if wanted.settings.group_id is not None and wanted.platform is not Platform.VK:
        raise InvalidInputError("Only a VK community has a group id.", field="settings.group_id")
    check_mode(context, wanted.platform, wanted.settings.mode)
    account = Account(
        channel_id=0, platform=wanted.platform, external_id="", api_url=wanted.settings.api_url,
        token=wanted.credentials.token.get_secret_value(), user_token=reveal(wanted.credentials.user_token),
        proxy_url=reveal(wanted.settings.proxy_url),
    )  # fmt: skip
    checked = await ask_account(context, account)
    check_group(checked.external_id, wanted.settings.group_id)
    fields = secret_fields(wanted.credentials)
    now = context.clock()
    async with context.transaction(caller.scope) as session:
        channel = await _store(session, context.cipher, wanted, checked, fields, now)
        record(
            session, channel.workspace_id, caller.agent_id, "channel.created", channel.id, now,
            after=describe_for_audit(channel),
        )  # fmt: skip
        announce(session, channel.workspace_id, "channel", channel_id=channel.id)
        if channel.mode is ReceiveMode.WEBHOOK:
            await begin_receiving(session, channel)
        # Should we die before the platform is told, the check tells it.
        await defer(session, [CheckChannel(channel_id=channel.id)])
    # Told only now: an account that is connected already must not lose the webhook that it has.
    if channel.mode is ReceiveMode.WEBHOOK:
        await _open_webhook(context, caller, channel, fields["webhook_secret"])
    else:
        await free_polling(context, account_of(channel, context.cipher))
    return channel


async def _store(
    session: AsyncSession,
    cipher: Cipher,
    wanted: ChannelIn,
    checked: Checked,
    fields: dict[str, str],
    now: datetime,
) -> Channel:
    proxy = reveal(wanted.settings.proxy_url)
    is_hooked = wanted.settings.mode is ReceiveMode.WEBHOOK
    channel_id = await session.scalar(
        insert(Channel)
        .values(
            workspace_id=wanted.workspace_id, platform=wanted.platform, external_id=checked.external_id,
            name=wanted.name or checked.name, username=checked.username, api_url=wanted.settings.api_url,
            credentials_encrypted=cipher.encrypt_fields(fields), key_fingerprint=fields["token"][-4:],
            proxy_encrypted=None if proxy is None else cipher.encrypt(proxy), mode=wanted.settings.mode,
            alert_chat_external_id=wanted.settings.alert_chat_id, capabilities=describe_capabilities(checked),
            status=ChannelStatus.ACTIVE if is_hooked else ChannelStatus.NEW, status_at=now, checked_at=now,
            epoch=0, created_at=now,
        )
        .on_conflict_do_nothing(
            index_elements=[Channel.platform, Channel.external_id, SERVER], index_where=text("removed_at is null")
        )
        .returning(Channel.id)
    )  # fmt: skip
    if channel_id is None:
        shown = f"@{checked.username}" if checked.username else checked.name
        raise ConflictError(CONNECTED, values={"name": shown})
    return (await session.scalars(select(Channel).where(Channel.id == channel_id))).one()


async def _open_webhook(context: Context, caller: Caller, channel: Channel, secret: str) -> None:
    """Without its webhook the channel would be deaf: then it is not connected at all."""
    try:
        await tell_webhook(context, account_of(channel, context.cipher), ReceiveMode.WEBHOOK, secret)
    except InvalidInputError:
        async with context.transaction(caller.scope) as session:
            stored = await session.get(Channel, channel.id)
            if stored is not None:
                await session.delete(stored)
        raise


def check_group(external_id: str, group_id: int | None) -> None:
    """InvalidInputError when the key is of another community than the one that was named."""
    if group_id is not None and str(group_id) != external_id:
        raise InvalidInputError(
            "The key is of community %(its)s, not of %(wanted)s.",
            field="settings.group_id",
            values={"its": external_id, "wanted": group_id},
        )


def secret_fields(credentials: CredentialsIn, webhook_secret: str | None = None) -> dict[str, str]:
    """What is encrypted of the keys; the webhook's secret stays when none is given, or is made up."""
    fields = {
        "token": credentials.token.get_secret_value(),
        "webhook_secret": reveal(credentials.secret) or webhook_secret or make_secret(),
    }
    if credentials.user_token is not None:
        fields["user_token"] = credentials.user_token.get_secret_value()
    return fields


def reveal(secret: SecretStr | None) -> str | None:
    """The secret itself, for storing or using it."""
    return None if secret is None else secret.get_secret_value()


def describe_for_audit(channel: Channel) -> Json:
    """What the journal keeps of a channel: never a key."""
    return {
        "name": channel.name,
        "platform": channel.platform.value,
        "external_id": channel.external_id,
        "key_fingerprint": channel.key_fingerprint,
        "api_url": channel.api_url,
        "has_proxy": channel.proxy_encrypted is not None,
        "mode": channel.mode.value,
        "alert_chat_id": channel.alert_chat_external_id,
    }

"""Changing a channel: a new key is asked whose it is, a new way of receiving is told to the platform."""

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.channels.access import access_channel
from inbox.channels.account import account_of, webhook_secret_of
from inbox.channels.adapter import Account, Checked
from inbox.channels.asking import ask_account, check_mode, free_polling, tell_webhook
from inbox.channels.checking import ANOTHER_ACCOUNT, describe_capabilities, store_chat
from inbox.channels.connecting import CONNECTED, check_group, describe_for_audit, reveal, secret_fields
from inbox.channels.models import Channel, ChannelStatus, ReceiveMode
from inbox.channels.schemas import ChannelPatch, CredentialsIn
from inbox.channels.status import set_status
from inbox.core.context import Context
from inbox.core.errors import ConflictError, InvalidInputError
from inbox.core.events import CheckChannel
from inbox.core.i18n import N_
from inbox.core.jobs import defer
from inbox.core.live import announce

KEYS_WANTED = N_(
    "Another server or proxy will see the keys: give them together with its address. "
    "Those that are stored are not sent there."
)


@dataclass(frozen=True, slots=True)
class _Keys:
    """What is to be used from now on; None stays as it is."""

    token: SecretStr | None
    user_token: SecretStr | None

    def joined_with(self, account: Account) -> CredentialsIn:
        """Both, as they will be."""
        kept = SecretStr(account.user_token) if account.user_token else None
        return CredentialsIn(token=self.token or SecretStr(account.token), user_token=self.user_token or kept)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the channel is to become. `credentials_before` tells whether somebody else changed it meanwhile."""

    account: Account
    fields: dict[str, str] | None
    mode_before: ReceiveMode
    mode: ReceiveMode
    credentials_before: bytes
    webhook_secret: str

    @property
    def must_tell(self) -> bool:
        """Whether the platform must learn something of how we receive."""
        return self.mode is not self.mode_before or (self.fields is not None and self.mode is ReceiveMode.WEBHOOK)


async def change_channel(context: Context, caller: Caller, channel_id: int, patch: ChannelPatch) -> Channel:
    """The changed channel; InvalidInputError with the platform's reason when it does not accept the change."""
    return await _change(context, caller, channel_id, patch, patch.credentials)


async def change_keys(
    context: Context, caller: Caller, channel_id: int, token: SecretStr | None, user_token: SecretStr | None
) -> Channel:
    """The same for keys alone: the one that is left out stays. InvalidInputError with none at all."""
    if token is None and user_token is None:
        raise InvalidInputError("Paste the key that is to be used from now on.", field="token")
    return await _change(context, caller, channel_id, ChannelPatch(), _Keys(token, user_token))


async def _change(
    context: Context, caller: Caller, channel_id: int, patch: ChannelPatch, keys: CredentialsIn | _Keys | None
) -> Channel:
    plan = await _plan(context, caller, channel_id, patch, keys)
    checked = await _ask_again(context, plan, patch)
    now = context.clock()
    async with context.transaction(caller.scope) as session:
        channel = await access_channel(session, caller, channel_id, Permission.MANAGE_CHANNELS, lock=True)
        if channel.credentials_encrypted != plan.credentials_before:
            raise ConflictError("Somebody else has just changed this channel. Load it again.")
        before = describe_for_audit(channel)
        _write(context, channel, plan, patch)
        await _claim(session, channel)
        await _write_state(session, channel, plan, checked, now)
        record(
            session, channel.workspace_id, caller.agent_id, "channel.changed", channel.id, now,
            before=before, after=describe_for_audit(channel),
        )  # fmt: skip
        announce(session, channel.workspace_id, "channel", channel_id=channel.id)
    if plan.must_tell and plan.mode is ReceiveMode.WEBHOOK:
        await _open_webhook(context, caller, channel_id, plan)
    elif plan.must_tell:
        await free_polling(context, plan.account)
    return channel


async def _plan(
    context: Context, caller: Caller, channel_id: int, patch: ChannelPatch, keys: CredentialsIn | _Keys | None
) -> _Plan:
    async with context.transaction(caller.scope) as session:
        channel = await access_channel(session, caller, channel_id, Permission.MANAGE_CHANNELS)
    stored = account = account_of(channel, context.cipher)
    secret = webhook_secret_of(channel, context.cipher)
    mode, fields = channel.mode, None
    if keys is not None:
        # The key that stays is read together with `credentials_before`: a colleague who changes it now is noticed.
        fields = secret_fields(keys.joined_with(account) if isinstance(keys, _Keys) else keys, secret)
        secret = fields["webhook_secret"]
        account = replace(account, token=fields["token"], user_token=fields.get("user_token"))
    if patch.settings is not None:
        given = patch.settings.model_fields_set
        if "api_url" in given:
            account = replace(account, api_url=patch.settings.api_url)
        if "proxy_url" in given:
            account = replace(account, proxy_url=reveal(patch.settings.proxy_url))
        mode = patch.settings.mode if "mode" in given else mode
    if keys is None and (account.api_url, account.proxy_url) != (stored.api_url, stored.proxy_url):
        # Keys are written, never read: who has none must not have them sent to an address of their own.
        raise InvalidInputError(KEYS_WANTED, field="credentials")
    if mode is not channel.mode:
        check_mode(context, channel.platform, mode)
    return _Plan(account, fields, channel.mode, mode, channel.credentials_encrypted, secret)


async def _ask_again(context: Context, plan: _Plan, patch: ChannelPatch) -> Checked | None:
    """A new key, or a new way to the platform, must lead to the same account."""
    ways = {"api_url", "proxy_url"} & (patch.settings.model_fields_set if patch.settings else set())
    if plan.fields is None and not ways:
        return None
    checked = await ask_account(context, plan.account)
    if patch.settings is not None:
        check_group(checked.external_id, patch.settings.group_id)
    if checked.external_id != plan.account.external_id:
        raise InvalidInputError(ANOTHER_ACCOUNT, field="credentials.token")
    return checked


def _write(context: Context, channel: Channel, plan: _Plan, patch: ChannelPatch) -> None:
    channel.name = patch.name or channel.name
    if plan.fields is not None:
        channel.credentials_encrypted = context.cipher.encrypt_fields(plan.fields)
        channel.key_fingerprint = plan.fields["token"][-4:]
    if patch.settings is not None:
        given = patch.settings.model_fields_set
        proxy_url = plan.account.proxy_url
        channel.api_url = plan.account.api_url
        if "proxy_url" in given:
            channel.proxy_encrypted = None if proxy_url is None else context.cipher.encrypt(proxy_url)
        if "alert_chat_id" in given:
            channel.alert_chat_external_id = patch.settings.alert_chat_id


async def _claim(session: AsyncSession, channel: Channel) -> None:
    """ConflictError when the account is connected by the new server already."""
    name = channel.name
    try:
        await session.flush()
    except IntegrityError:
        raise ConflictError(CONNECTED, values={"name": name}) from None


async def _write_state(
    session: AsyncSession, channel: Channel, plan: _Plan, checked: Checked | None, now: datetime
) -> None:
    if plan.mode is not plan.mode_before:
        # A receiver that still runs for the old mode no longer has a say.
        channel.mode, channel.epoch = plan.mode, channel.epoch + 1
        is_hooked = plan.mode is ReceiveMode.WEBHOOK
        await set_status(session, channel, ChannelStatus.ACTIVE if is_hooked else ChannelStatus.NEW, None, now)
    if checked is not None or plan.must_tell:
        # The chats are asked for by a job: a person does not wait for all of them. It also tells the platform how we
        # receive, should we die before we do.
        await defer(session, [CheckChannel(channel_id=channel.id)])
    if checked is None:
        return
    channel.username, channel.checked_at = checked.username, now
    channel.capabilities = describe_capabilities(checked)
    for chat in checked.chats:
        await store_chat(session, channel, chat, now)
    if channel.status is ChannelStatus.ATTENTION:
        await set_status(session, channel, ChannelStatus.ACTIVE, None, now)


async def _open_webhook(context: Context, caller: Caller, channel_id: int, plan: _Plan) -> None:
    """The platform is told when we are ready to be called; a refusal takes the change of mode back."""
    try:
        await tell_webhook(context, plan.account, plan.mode, plan.webhook_secret)
    except InvalidInputError:
        async with context.transaction(caller.scope) as session:
            channel = await access_channel(session, caller, channel_id, Permission.MANAGE_CHANNELS, lock=True)
            channel.mode, channel.epoch = plan.mode_before, channel.epoch + 1
            announce(session, channel.workspace_id, "channel", channel_id=channel.id)
        raise

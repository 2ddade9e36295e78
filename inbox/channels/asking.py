"""Asking a platform on behalf of a person who connects a channel: refusals come back in words, with the field."""

import structlog

from inbox.channels.adapter import Account, Checked
from inbox.channels.events import Platform
from inbox.channels.models import ReceiveMode
from inbox.core.addresses import PRIVATE_SERVER, leads_inside
from inbox.core.context import Context
from inbox.core.errors import InvalidInputError, KeyRefusedError, PlatformError, SetupError

WEBHOOKS = {Platform.TELEGRAM: "/webhooks/telegram/{channel_id}", Platform.VK: "/webhooks/vk/{channel_id}"}
NO_ADDRESS = "The platform must know our address: set OTKLIK_BASE_URL, or receive by polling."

log = structlog.get_logger()


async def ask_account(context: Context, account: Account) -> Checked:
    """Who the key is; InvalidInputError with the platform's reason. Call it outside any transaction."""
    if not context.settings.channels_private:
        await _check_ways(account)
    try:
        return await context.adapters[account.platform].check(account)
    except PlatformError as error:
        raise _refused(account, error) from None
    except SetupError as error:
        raise InvalidInputError(str(error), field="settings.proxy_url") from None


async def free_polling(context: Context, account: Account) -> None:
    """Have the platform call nobody, as far as it can be reached; what waits there is not dropped.

    The check that the channel's change asked for repeats what failed here.
    """
    try:
        await tell_webhook(context, account, ReceiveMode.POLL, "")
    except InvalidInputError as error:
        log.warning("webhook_not_taken_back", channel_id=account.channel_id, reason=error.detail)


async def tell_webhook(context: Context, account: Account, mode: ReceiveMode, secret: str) -> None:
    """Have the platform call us, or stop calling anybody; InvalidInputError with its reason."""
    url = webhook_url(context, account) if mode is ReceiveMode.WEBHOOK else None
    try:
        await context.adapters[account.platform].set_webhook(account, url, secret)
    except PlatformError as error:
        if isinstance(error, KeyRefusedError):
            raise _refused(account, error) from None
        raise InvalidInputError(
            f"The platform did not accept the webhook: {error.reason}", field="settings.mode"
        ) from None
    except SetupError as error:
        raise InvalidInputError(str(error), field="settings.proxy_url") from None


def check_mode(context: Context, platform: Platform, mode: ReceiveMode) -> None:
    """A webhook needs a route of ours for the platform, and to know our own address."""
    if mode is not ReceiveMode.WEBHOOK:
        return
    if platform not in WEBHOOKS:
        raise InvalidInputError("This platform is received by polling only.", field="settings.mode")
    if not context.settings.base_url:
        raise InvalidInputError(NO_ADDRESS, field="settings.mode")


def check_platform(context: Context, platform: Platform) -> None:
    """Only what this build has an adapter for can be connected."""
    if platform not in context.adapters:
        known = ", ".join(sorted(context.adapters))
        raise InvalidInputError(f"{platform.value} cannot be connected here; there is: {known}.", field="platform")


def webhook_url(context: Context, account: Account) -> str:
    """Where the platform is to call."""
    base = str(context.settings.base_url).rstrip("/")
    return base + WEBHOOKS[account.platform].format(channel_id=account.channel_id)


async def _check_ways(account: Account) -> None:
    """A server or proxy in a private network is refused before a key goes there. Connections look again."""
    for field, url in (("settings.api_url", account.api_url), ("settings.proxy_url", account.proxy_url)):
        if url is not None and await leads_inside(url):
            raise InvalidInputError(PRIVATE_SERVER, field=field)


def _refused(account: Account, error: PlatformError) -> InvalidInputError:
    is_key = isinstance(error, KeyRefusedError) or not account.api_url
    return InvalidInputError(error.reason, field="credentials.token" if is_key else "settings.api_url")

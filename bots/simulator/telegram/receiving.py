"""getUpdates, webhooks and files: how a bot gets what was written."""

import re
from urllib.parse import urlsplit

from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.params import Params
from bots.simulator.telegram.refusals import WEBHOOK_IS_ACTIVE, WEBHOOK_SET_MEANWHILE, BotApiError, Json, bad_request
from bots.simulator.telegram.updates import MAX_BATCH
from bots.simulator.telegram.webhook import WebhookSetting

LONGEST_POLL = 50
DEFAULT_CONNECTIONS = 40
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


async def get_updates(bot: Bot, params: Params) -> list[Json]:
    """getUpdates."""
    if bot.webhook.setting is not None:
        raise BotApiError(WEBHOOK_IS_ACTIVE.code, WEBHOOK_IS_ACTIVE.description)
    bot.queue.want(params.find_list("allowed_updates"))
    limit = params.find_int("limit") or MAX_BATCH
    timeout = params.find_int("timeout") or 0
    return await bot.queue.poll(
        params.find_int("offset") or 0,
        min(max(limit, 1), MAX_BATCH),
        min(max(timeout, 0), LONGEST_POLL),
    )


def set_webhook(bot: Bot, params: Params) -> bool:
    """setWebhook; an empty address removes it. Any http address will do here."""
    url = (params.find_text("url") or "").strip()
    if not url:
        return delete_webhook(bot, params)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad_request("bad webhook: invalid webhook URL specified")
    secret = params.find_text("secret_token") or None
    if secret is not None and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    connections = params.find_int("max_connections") or DEFAULT_CONNECTIONS
    bot.queue.want(params.find_list("allowed_updates"))
    bot.queue.interrupt(WEBHOOK_SET_MEANWHILE)
    _drop(bot, params)
    bot.webhook.set(WebhookSetting(url, secret, min(max(connections, 1), 100)))
    return True


def delete_webhook(bot: Bot, params: Params) -> bool:
    """deleteWebhook."""
    bot.webhook.remove()
    _drop(bot, params)
    return True


def _drop(bot: Bot, params: Params) -> None:
    if params.is_set("drop_pending_updates"):
        bot.webhook.forget()
        bot.queue.forget()


def get_webhook_info(bot: Bot, params: Params) -> Json:
    """getWebhookInfo."""
    return bot.webhook.shown(bot.queue.allowed)


def get_file(bot: Bot, params: Params) -> Json:
    """getFile."""
    return bot.files.shown(params.find_text("file_id"))

"""Finding the chat, message and person that a call names, or the refusal that Telegram gives instead."""

from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.chats import Chat, Message
from bots.simulator.telegram.params import Params
from bots.simulator.telegram.refusals import BotApiError, bad_request, forbidden


def chat_of(bot: Bot, params: Params) -> Chat:
    """The chat that a call is about; @username for a channel or group."""
    chat_id = params.find_int("chat_id")
    if chat_id is not None:
        chat = bot.world.chats.get(chat_id)
    else:
        name = params.find_text("chat_id") or ""
        if not name:
            raise bad_request("chat_id is empty")
        chat = next(
            (
                one
                for one in bot.world.chats.values()
                if one.username and f"@{one.username}" == name and one.kind != "private"
            ),
            None,
        )
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to is not None:
        raise BotApiError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to=chat.migrated_to,
        )
    if chat.kind != "private" and not is_in(bot, chat):
        kind = "channel" if chat.kind == "channel" else chat.kind
        raise forbidden(f"bot was kicked from the {kind} chat")
    return chat


def writable_chat(bot: Bot, params: Params) -> Chat:
    """The chat that a call writes to."""
    chat_id = params.find_int("chat_id")
    if chat_id is not None and chat_id in bot.world.people and chat_id not in bot.world.chats:
        raise forbidden("bot can't initiate conversation with a user")
    chat = chat_of(bot, params)
    if chat.kind == "private" and chat.chat_id in bot.world.blocked_by:
        raise forbidden("bot was blocked by the user")
    if chat.kind == "channel" and not is_administrator(bot, chat):
        raise bad_request("need administrator rights in the channel chat")
    return chat


def is_in(bot: Bot, chat: Chat) -> bool:
    """Whether the bot is in a chat."""
    return chat.standing(bot.bot_id, bot.world.timestamp).status in {"administrator", "member"}


def is_administrator(bot: Bot, chat: Chat) -> bool:
    """Whether the bot has an administrator's rights in a chat."""
    return chat.standing(bot.bot_id, bot.world.timestamp).status == "administrator"


def message_in(chat: Chat, params: Params, refusal: str) -> Message:
    """The message of a chat that a call names."""
    message_id = params.get_int("message_id", "message identifier is not specified")
    message = chat.find(message_id)
    if message is None:
        raise bad_request(refusal)
    return message

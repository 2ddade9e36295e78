"""Editing and deleting messages, as Telegram allows it to bots."""

from datetime import timedelta

from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.buttons import keyboard_of
from bots.simulator.telegram.chats import Chat, Message
from bots.simulator.telegram.content import words
from bots.simulator.telegram.entities import length_of
from bots.simulator.telegram.params import Params
from bots.simulator.telegram.people import WORDLESS
from bots.simulator.telegram.places import chat_of, is_administrator, message_in, writable_chat
from bots.simulator.telegram.refusals import Json, bad_request
from bots.simulator.telegram.sending import MAX_TEXT, caption_of, marked_up

DELETABLE = timedelta(hours=48)
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


def edit_message_text(bot: Bot, params: Params) -> Json:
    """editMessageText."""
    message = _editable(bot, params)
    text, entities = marked_up(params, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if length_of(text) > MAX_TEXT:
        raise bad_request("message is too long")
    if "text" not in message.raw:
        raise bad_request("there is no text in the message to edit")
    return _replace(bot, message, {**words(text, "text", entities), **keyboard_of(params)})


def edit_message_caption(bot: Bot, params: Params) -> Json:
    """editMessageCaption."""
    message = _editable(bot, params)
    text, entities = caption_of(params)
    if "text" in message.raw or {one.kind for one in message.media} & WORDLESS:
        raise bad_request("there is no caption in the message to edit")
    return _replace(bot, message, {**words(text, "caption", entities), **keyboard_of(params)})


def _editable(bot: Bot, params: Params) -> Message:
    message = message_in(writable_chat(bot, params), params, "message to edit not found")
    if not message.is_ours:
        raise bad_request("message can't be edited")
    return message


def _replace(bot: Bot, message: Message, new_words: Json) -> Json:
    names = {"text", "entities", "caption", "caption_entities", "reply_markup"}
    old_words = {name: value for name, value in message.raw.items() if name in names}
    if old_words == new_words:
        raise bad_request(_NOT_MODIFIED)
    kept = {name: value for name, value in message.raw.items() if name not in names}
    message.raw = {**kept, **new_words, "edit_date": bot.world.timestamp}
    message.edited_at = bot.world.now
    return message.raw


def edit_message_reply_markup(bot: Bot, params: Params) -> Json:
    """editMessageReplyMarkup: the words stay."""
    message = _editable(bot, params)
    names = {"text", "entities", "caption", "caption_entities"}
    kept = {name: value for name, value in message.raw.items() if name in names}
    return _replace(bot, message, {**kept, **keyboard_of(params)})


def delete_message(bot: Bot, params: Params) -> bool:
    """deleteMessage."""
    chat = chat_of(bot, params)
    message = message_in(chat, params, "message to delete not found")
    if not _may_delete(bot, chat, message):
        raise bad_request("message can't be deleted")
    message.is_deleted = True
    return True


def delete_messages(bot: Bot, params: Params) -> bool:
    """deleteMessages: what cannot be found or deleted is passed over."""
    chat = chat_of(bot, params)
    numbers = params.find_list("message_ids") or []
    if not 1 <= len(numbers) <= 100:
        raise bad_request("message identifiers are not specified" if not numbers else "too many message identifiers")
    for number in numbers:
        message = chat.find(number) if isinstance(number, int) else None
        if message is not None and _may_delete(bot, chat, message):
            message.is_deleted = True
    return True


def delete_business_messages(bot: Bot, params: Params) -> bool:
    """deleteBusinessMessages: no business account is connected here."""
    raise bad_request("business connection not found")


def _may_delete(bot: Bot, chat: Chat, message: Message) -> bool:
    """Others' messages in a group want rights; whatever is older than two days stays, but for administrators."""
    if chat.kind != "private" and is_administrator(bot, chat):
        return True
    is_young = bot.world.now - message.sent_at < DELETABLE
    return is_young and (message.is_ours or chat.kind == "private")

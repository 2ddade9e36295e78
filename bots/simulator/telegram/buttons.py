"""Inline keyboards: as calls bring them, as phones show them, and what a press does."""

from bots.simulator.schemas import PressBody
from bots.simulator.shown import PressAnswer, ShownButton
from bots.simulator.telegram.bot import Bot, Press
from bots.simulator.telegram.chats import Message
from bots.simulator.telegram.params import Params
from bots.simulator.telegram.refusals import Json, bad_request
from inbox.core.errors import NotFoundError

MAX_DATA = 64
"""bytes"""
MAX_ANSWER = 200


def keyboard_of(params: Params) -> Json:
    """The reply_markup of a call as its message carries it; nothing when there is none."""
    markup = params.find_object("reply_markup")
    rows = None if markup is None else markup.get("inline_keyboard")
    if not isinstance(rows, list) or not rows:
        return {}
    return {"reply_markup": {"inline_keyboard": [_row(row) for row in rows]}}


def _row(row: object) -> list[Json]:
    if not isinstance(row, list):
        raise bad_request("can't parse inline keyboard: expected an Array of InlineKeyboardButton")
    return [_button(button) for button in row]


def _button(button: object) -> Json:
    given = Params(button if isinstance(button, dict) else {}, {})
    text, data, url = given.find_text("text"), given.find_text("callback_data"), given.find_text("url")
    if not text:
        raise bad_request("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
    if url is not None:
        return {"text": text, "url": url}
    if not data or len(data.encode()) > MAX_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    return {"text": text, "callback_data": data}


def shown_buttons(message: Message) -> list[list[ShownButton]]:
    """The buttons that can be pressed here."""
    markup = message.raw.get("reply_markup")
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    return [
        [ShownButton(text=one["text"], value=one["callback_data"]) for one in row if "callback_data" in one]
        for row in (rows if isinstance(rows, list) else [])
    ]


def press(bot: Bot, body: PressBody) -> str:
    """A press reaches the bot; returns its id."""
    world = bot.world
    author = world.meet(body.author.id, body.author.name, body.author.username)
    for chat in world.chats.values():
        message = chat.find(body.message_id) if body.chat in {None, chat.chat_id} else None
        values = [button.value for row in shown_buttons(message) for button in row] if message is not None else []
        if message is None or body.value not in values:
            continue
        press_id = str(bot.chance.randrange(10**17, 10**18))
        bot.presses[press_id] = Press()
        update: Json = {
            "id": press_id, "from": author.user(), "message": message.raw, "data": body.value,
            "chat_instance": str(abs(chat.chat_id)),
        }  # fmt: skip
        world.queue.put("callback_query", update)
        return press_id
    raise NotFoundError("No message of the bot's has such a button.", field="value")


def answer_callback_query(bot: Bot, params: Params) -> bool:
    """answerCallbackQuery."""
    found = bot.presses.get(params.find_text("callback_query_id") or "")
    if found is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = params.find_text("text") or ""
    if len(text) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    found.text, found.aloud = text, params.is_set("show_alert")
    return True


def answer_to(bot: Bot, press_id: str) -> PressAnswer:
    """What the bot said to a press."""
    found = bot.presses.get(press_id)
    if found is None:
        raise NotFoundError("There was no such press.", field="press_id")
    return PressAnswer(text=found.text, aloud=found.aloud)

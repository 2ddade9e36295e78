"""Messages with inline buttons for colleagues, and answers to presses."""

from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters

from bots.fields import as_object, get_instant, get_int
from bots.telegram import reasons
from bots.telegram.addresses import read_chat, read_message
from bots.telegram.calls import call, call_repeatable
from bots.telegram.send import MAX_TEXT
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account, Sent
from inbox.channels.ringing import Ring
from inbox.core.errors import PermanentRefusalError, UnknownOutcomeError, UnparsableEventError

MAX_ANSWER = 200
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


async def ring(wires: Wires, account: Account, wanted: Ring) -> Sent:
    """sendMessage with an inline keyboard."""
    chat = read_chat(wanted.chat_external_id)
    reply = None
    if wanted.parent_external_id is not None:
        message_id = read_message(wanted.parent_external_id).message_id
        reply = ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
    method = SendMessage(
        chat_id=chat.chat_id, text=wanted.text[:MAX_TEXT], reply_markup=_keyboard(wanted), reply_parameters=reply,
        link_preview_options=_NO_PREVIEW, parse_mode=None,
    )  # fmt: skip
    result = await call(wires, account, method)
    try:
        message = as_object(result, "result")
        return Sent(chat.message(get_int(message, "message_id")), get_instant(message, "date"))
    except UnparsableEventError:
        pass
    raise UnknownOutcomeError(reasons.NO_ANSWER)


async def change_ring(wires: Wires, account: Account, external_id: str, wanted: Ring) -> None:
    """editMessageText: text and buttons together."""
    address = read_message(external_id)
    method = EditMessageText(
        chat_id=address.chat.chat_id, message_id=address.message_id, text=wanted.text[:MAX_TEXT],
        reply_markup=_keyboard(wanted), link_preview_options=_NO_PREVIEW, parse_mode=None,
    )  # fmt: skip
    try:
        await call_repeatable(wires, account, method)
    except PermanentRefusalError as refusal:
        if refusal.reason not in {reasons.MESSAGE_GONE, reasons.NOT_MODIFIED}:
            raise


async def answer_press(wires: Wires, account: Account, press_id: str, text: str, *, aloud: bool) -> None:
    """answerCallbackQuery; Telegram forgets presses within minutes, and then nobody waits for the answer."""
    method = AnswerCallbackQuery(callback_query_id=press_id, text=text[:MAX_ANSWER], show_alert=aloud)
    try:
        await call_repeatable(wires, account, method)
    except PermanentRefusalError:
        return


def _keyboard(wanted: Ring) -> InlineKeyboardMarkup | None:
    if not wanted.buttons:
        return None
    rows = [
        [InlineKeyboardButton(text=button.text, callback_data=button.value) for button in row] for row in wanted.buttons
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)

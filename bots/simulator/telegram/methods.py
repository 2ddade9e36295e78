"""The Bot API's methods that are served, by name in lower case."""

from collections.abc import Callable, Mapping

from bots.simulator.schemas import MediaKind
from bots.simulator.telegram import buttons, changing, membership, receiving, sending
from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.params import Params
from bots.simulator.telegram.places import chat_of

Method = Callable[[Bot, Params], object]


def _agree(bot: Bot, params: Params) -> bool:
    """Settings of a bot's profile, which nobody here looks at."""
    return True


def _act(bot: Bot, params: Params) -> bool:
    """sendChatAction: shown for a moment only."""
    chat_of(bot, params)
    return True


METHODS: Mapping[str, Method] = {
    "getme": membership.get_me,
    "setwebhook": receiving.set_webhook,
    "deletewebhook": receiving.delete_webhook,
    "getwebhookinfo": receiving.get_webhook_info,
    "getfile": receiving.get_file,
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_file(MediaKind.PHOTO),
    "sendvideo": sending.send_file(MediaKind.VIDEO),
    "senddocument": sending.send_file(MediaKind.DOCUMENT),
    "sendaudio": sending.send_file(MediaKind.AUDIO),
    "sendvoice": sending.send_file(MediaKind.VOICE),
    "sendsticker": sending.send_file(MediaKind.STICKER),
    "sendanimation": sending.send_file(MediaKind.ANIMATION),
    "sendvideonote": sending.send_file(MediaKind.VIDEO_NOTE),
    "sendmediagroup": sending.send_media_group,
    "editmessagetext": changing.edit_message_text,
    "editmessagecaption": changing.edit_message_caption,
    "editmessagereplymarkup": changing.edit_message_reply_markup,
    "answercallbackquery": buttons.answer_callback_query,
    "deletemessage": changing.delete_message,
    "deletemessages": changing.delete_messages,
    "deletebusinessmessages": changing.delete_business_messages,
    "getchat": membership.get_chat,
    "getchatmember": membership.get_chat_member,
    "getchatmembercount": membership.get_chat_member_count,
    "getchatadministrators": membership.get_chat_administrators,
    "leavechat": membership.leave_chat,
    "banchatmember": membership.ban_chat_member,
    "unbanchatmember": membership.unban_chat_member,
    "restrictchatmember": membership.restrict_chat_member,
    "banchatsenderchat": membership.ban_chat_sender_chat,
    "unbanchatsenderchat": membership.unban_chat_sender_chat,
    "sendchataction": _act,
    "setmycommands": _agree,
    "deletemycommands": _agree,
    "logout": _agree,
    "close": _agree,
}

FLOODED = frozenset(name for name in METHODS if name.startswith(("send", "edit"))) - {"sendchataction"}
"""Methods that flood limits count."""

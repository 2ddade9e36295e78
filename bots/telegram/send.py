"""One Outgoing as one call, so that a lost answer leaves one question open; and what Telegram made of it."""

from aiogram.methods import (
    SendAnimation,
    SendAudio,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVideo,
    SendVideoNote,
    SendVoice,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    Message,
    ReplyParameters,
)

from bots.fields import RawObject, as_object, get_instant, get_int, get_object
from bots.telegram import reasons
from bots.telegram.addresses import ChatAddress, read_chat, read_message, read_topic
from bots.telegram.calls import call
from bots.telegram.wire import CALL_LIMITS, FILE_LIMITS, Wires
from inbox.channels.adapter import Account, Outgoing, Sent, Upload
from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.core.errors import PermanentRefusalError, UnknownOutcomeError, UnparsableEventError

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_FILES = 10
MAX_FILE_BYTES = 50 * 1024 * 1024

_SINGLE: dict[AttachmentKind, tuple[type[TelegramMethod[Message]], str]] = {
    AttachmentKind.PHOTO: (SendPhoto, "photo"),
    AttachmentKind.VIDEO: (SendVideo, "video"),
    AttachmentKind.VOICE: (SendVoice, "voice"),
    AttachmentKind.VIDEO_NOTE: (SendVideoNote, "video_note"),
    AttachmentKind.AUDIO: (SendAudio, "audio"),
    AttachmentKind.ANIMATION: (SendAnimation, "animation"),
}
_VISUAL = {AttachmentKind.PHOTO: InputMediaPhoto, AttachmentKind.VIDEO: InputMediaVideo}


async def send(wires: Wires, account: Account, outgoing: Outgoing) -> Sent:
    """Send one message. Too long, too many, empty: PermanentRefusalError before anything is asked."""
    _check_limits(outgoing)
    chat = read_chat(outgoing.chat_external_id)
    target = _target(outgoing, chat)
    try:
        return await _send_to(wires, account, outgoing, chat, target)
    except PermanentRefusalError as refusal:
        if refusal.reason != reasons.MESSAGE_GONE or "reply_parameters" not in target:
            raise
    # Some chats refuse a reply to what is gone although we allow it without: nothing was sent, so without it.
    del target["reply_parameters"]
    return await _send_to(wires, account, outgoing, chat, target)


async def _send_to(
    wires: Wires, account: Account, outgoing: Outgoing, chat: ChatAddress, target: dict[str, object]
) -> Sent:
    uploads = outgoing.uploads
    if not uploads:
        method: TelegramMethod[Message] = SendMessage.model_validate({**target, "text": outgoing.text})
        return _sent(chat, [await call(wires, account, method, CALL_LIMITS)])
    if len(uploads) == 1:
        method = _single(uploads[0], outgoing.text, target)
        return _sent(chat, [await call(wires, account, method, FILE_LIMITS)])
    album = SendMediaGroup.model_validate({**target, "media": _album(uploads, outgoing.text)})
    return _sent(chat, await call(wires, account, album, FILE_LIMITS))


def _check_limits(outgoing: Outgoing) -> None:
    uploads, text = outgoing.uploads, outgoing.text
    reason = None
    if not uploads and not text.strip():
        reason = reasons.EMPTY_TEXT
    elif not uploads and len(text) > MAX_TEXT:
        reason = reasons.TEXT_TOO_LONG
    elif uploads and len(text) > MAX_CAPTION:
        reason = reasons.CAPTION_TOO_LONG
    elif len(uploads) > MAX_FILES:
        reason = reasons.TOO_MANY_FILES
    elif any(len(upload.content) > MAX_FILE_BYTES for upload in uploads):
        reason = reasons.FILE_TOO_BIG
    if reason is not None:
        raise PermanentRefusalError(reason)


def _target(outgoing: Outgoing, chat: ChatAddress) -> dict[str, object]:
    """The fields that say where: the chat, the business account, the topic, and what is answered."""
    target: dict[str, object] = {"chat_id": chat.chat_id}
    if chat.business:
        target["business_connection_id"] = chat.business
    if outgoing.topic_external_id is not None:
        topic = read_topic(outgoing.topic_external_id)
        target["direct_messages_topic_id" if topic.is_direct else "message_thread_id"] = topic.topic_id
    answered = _answered_message_id(outgoing, chat)
    if answered is not None:
        # Gone meanwhile, the message is sent without its quote rather than refused.
        target["reply_parameters"] = ReplyParameters(message_id=answered, allow_sending_without_reply=True)
    return target


def _answered_message_id(outgoing: Outgoing, chat: ChatAddress) -> int | None:
    """What to answer: the parent if it stands in this chat, else the post whose comments this is about."""
    if outgoing.parent_external_id is not None:
        parent = read_message(outgoing.parent_external_id)
        if parent.chat.chat_id == chat.chat_id:
            return parent.message_id
    if outgoing.kind is ConversationKind.COMMENT and outgoing.thread_external_id is not None:
        return read_topic(outgoing.thread_external_id).topic_id
    return None


def _single(upload: Upload, text: str, target: dict[str, object]) -> TelegramMethod[Message]:
    method, field = _SINGLE.get(upload.kind, (SendDocument, "document"))
    if method is SendVideoNote and text:
        # A round video carries no text.
        method, field = SendVideo, "video"
    caption: dict[str, object] = {"caption": text} if text else {}
    return method.model_validate({**target, field: _file(upload), **caption})


def _album(uploads: tuple[Upload, ...], text: str) -> list[object]:
    """Photos and videos mix; audio stands by itself; all else goes as documents. The first one carries the text."""
    kinds = {upload.kind for upload in uploads}
    if kinds <= _VISUAL.keys():
        return [
            _VISUAL[upload.kind](media=_file(upload), caption=_caption(text, place))
            for place, upload in enumerate(uploads)
        ]
    item = InputMediaAudio if kinds == {AttachmentKind.AUDIO} else InputMediaDocument
    return [item(media=_file(upload), caption=_caption(text, place)) for place, upload in enumerate(uploads)]


def _caption(text: str, place: int) -> str | None:
    return text or None if place == 0 else None


def _file(upload: Upload) -> BufferedInputFile:
    return BufferedInputFile(upload.content, filename=upload.file_name)


def _sent(chat: ChatAddress, result: object) -> Sent:
    """The messages that Telegram made; an answer that does not show them tells nothing about the outcome."""
    try:
        messages = [as_object(entry, "result") for entry in result] if isinstance(result, list) else []
        external_ids = [_external_id(chat, message) for message in messages]
        if external_ids:
            return Sent(external_ids[0], get_instant(messages[0], "date"), tuple(external_ids[1:]))
    except UnparsableEventError:
        external_ids = []
    raise UnknownOutcomeError(reasons.NO_ANSWER)


def _external_id(chat: ChatAddress, message: RawObject) -> str:
    made_in = ChatAddress(get_int(get_object(message, "chat"), "id"), chat.business)
    return made_in.message(get_int(message, "message_id"))

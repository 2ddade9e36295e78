"""The sendX methods: what a bot writes, with the refusals of the place it writes to."""

from collections.abc import Callable
from dataclasses import dataclass

from bots.simulator.media import Sample
from bots.simulator.schemas import MediaKind
from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.buttons import keyboard_of
from bots.simulator.telegram.chats import Chat, Message
from bots.simulator.telegram.content import Content, of_file, words
from bots.simulator.telegram.entities import length_of, read_html
from bots.simulator.telegram.params import Params
from bots.simulator.telegram.people import publish
from bots.simulator.telegram.places import writable_chat
from bots.simulator.telegram.refusals import BotApiError, Json, bad_request
from bots.simulator.telegram.world import Post

MAX_TEXT = 4096
MAX_CAPTION = 1024
_MAX_BYTES = {MediaKind.PHOTO: 10 * 1024 * 1024}
_MAX_OTHER_BYTES = 50 * 1024 * 1024
_ALBUM_KINDS = {
    "photo": MediaKind.PHOTO,
    "video": MediaKind.VIDEO,
    "document": MediaKind.DOCUMENT,
    "audio": MediaKind.AUDIO,
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes and what it answers."""

    chat: Chat
    answered: Message | None
    post: Post | None


def send_message(bot: Bot, params: Params) -> Json:
    """sendMessage."""
    target = _target(bot, params)
    text, entities = marked_up(params, "text", "entities")
    if not text.strip():
        raise bad_request("message text is empty")
    if length_of(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return _put(bot, target, Content({**words(text, entities=entities), **keyboard_of(params)})).raw


def send_file(kind: MediaKind) -> Callable[[Bot, Params], Json]:
    """sendPhoto and its like: the method of a kind of media."""

    def send(bot: Bot, params: Params) -> Json:
        target = _target(bot, params)
        content = _file_content(bot, params, kind, params.find_text(kind.value), kind.value)
        caption = _caption(params) if kind not in {MediaKind.STICKER, MediaKind.VIDEO_NOTE} else {}
        return _put(bot, target, Content({**content.fields, **caption}, content.media)).raw

    return send


def send_media_group(bot: Bot, params: Params) -> list[Json]:
    """sendMediaGroup: several messages at once."""
    target = _target(bot, params)
    entries = params.find_list("media") or []
    if not 2 <= len(entries) <= 10:
        raise bad_request("there must be 2-10 messages in the album" if entries else "media is not specified")
    contents = [_album_content(bot, params, entry) for entry in entries]
    album: Json = {"media_group_id": str(bot.chance.randrange(10**16, 10**17))}
    return [_put(bot, target, Content({**content.fields, **album}, content.media)).raw for content in contents]


def _album_content(bot: Bot, params: Params, entry: object) -> Content:
    item = Params(entry, {}) if isinstance(entry, dict) else None
    kind = None if item is None else _ALBUM_KINDS.get(item.find_text("type") or "")
    if item is None or kind is None:
        raise bad_request("can't parse InputMedia: unsupported type")
    content = _file_content(bot, params, kind, item.find_text("media"), "media")
    return Content({**content.fields, **_caption(item)}, content.media)


def marked_up(params: Params, name: str, entities_name: str) -> tuple[str, list[Json] | None]:
    """A text and its entities: named, from HTML, or to be found (None). Markdown is taken for plain text."""
    text = (params.find_text(name) or "").strip()
    given = params.find_list(entities_name)
    if given is not None:
        return text, [entity for entity in given if isinstance(entity, dict)]
    mode = (params.find_text("parse_mode") or "").lower()
    if mode == "html":
        return read_html(text)
    if mode not in {"", "markdown", "markdownv2"}:
        raise bad_request("unsupported parse_mode")
    return text, None


def caption_of(params: Params) -> tuple[str, list[Json] | None]:
    """A caption within its limit."""
    text, entities = marked_up(params, "caption", "caption_entities")
    if length_of(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities


def _caption(params: Params) -> Json:
    text, entities = caption_of(params)
    return words(text, "caption", entities)


def _file_content(bot: Bot, params: Params, kind: MediaKind, named: str | None, field: str) -> Content:
    """The file that a call brings in the field itself or as attach://, or one that is known by its id."""
    part = named.removeprefix("attach://") if named is not None and named.startswith("attach://") else field
    upload = params.uploads.get(part)
    if upload is None:
        if not named:
            raise bad_request(f"there is no {field.replace('_', ' ')} in the request")
        known = bot.files.find(named)
        if known is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return of_file(kind, known, bot.files)
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > _MAX_BYTES.get(kind, _MAX_OTHER_BYTES):
        raise BotApiError(413, "Request Entity Too Large")
    sample = Sample(
        upload.file_name,
        upload.mime_type,
        upload.content,
        width=params.find_int("width") or params.find_int("length") or 0,
        height=params.find_int("height") or params.find_int("length") or 0,
        duration=params.find_int("duration") or 0,
    )
    return of_file(kind, bot.files.keep(kind, sample), bot.files)


def _target(bot: Bot, params: Params) -> Target:
    chat = writable_chat(bot, params)
    thread_id = params.find_int("message_thread_id")
    answered = _answered(chat, params)
    if chat is bot.world.discussion:
        root_id = thread_id if answered is None else answered.thread_id or answered.message_id
        post = None if root_id is None else bot.world.threads.get(root_id)
        if thread_id is not None and post is None:
            raise bad_request("message thread not found")
        if answered is None and post is not None:
            answered = chat.find(post.thread_id)
        return Target(chat, answered, post)
    if thread_id is not None and chat.kind != "private":
        raise bad_request("message thread not found")
    return Target(chat, answered, None)


def _answered(chat: Chat, params: Params) -> Message | None:
    reply = params.find_object("reply_parameters")
    wanted = Params(reply, {}) if reply is not None else None
    message_id = params.find_int("reply_to_message_id") if wanted is None else wanted.find_int("message_id")
    if message_id is None:
        return None
    answered = chat.find(message_id)
    if answered is None and not (wanted or params).is_set("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return answered


def _put(bot: Bot, target: Target, content: Content) -> Message:
    """The message takes its place, and those who see it hear it."""
    world, chat = bot.world, target.chat
    if chat is world.channel:
        made = publish(bot, content, bot.bot_id)
        return chat.messages[made.post_id]
    number = chat.counter.next()
    raw: Json = {"message_id": number, "from": world.me.user(), "chat": chat.shown(), "date": world.timestamp}
    if target.post is not None:
        raw["message_thread_id"] = target.post.thread_id
    if target.answered is not None:
        raw["reply_to_message"] = target.answered.quoted()
    message = Message(
        chat_id=chat.chat_id,
        message_id=number,
        sender_id=bot.bot_id,
        raw={**raw, **content.fields},
        sent_at=world.now,
        is_ours=True,
        thread_id=None if target.post is None else target.post.thread_id,
        reply_to=None if target.answered is None else target.answered.message_id,
        media=content.media,
    )
    world.let_hear(message, _hearers(bot, target))
    return world.add(chat, message)


def _hearers(bot: Bot, target: Target) -> list[int]:
    """Whom a message of ours is for: whose chat it is, whose words it answers, else who takes part there."""
    world, chat, answered = bot.world, target.chat, target.answered
    if chat.kind == "private":
        return [chat.chat_id]
    if answered is not None and answered.sender_id in world.people:
        return [answered.sender_id]
    if target.post is not None:
        return list(target.post.commenters)
    return [person_id for person_id in chat.members if person_id in world.people]

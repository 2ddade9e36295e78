"""Telegram's refusals in the inbox's words: wait, give up, the key, the contact, the chat."""

from bots.telegram import reasons
from bots.telegram.wire import Answer
from inbox.core.errors import (
    ChatMigratedError,
    KeyRefusedError,
    PermanentRefusalError,
    PlatformError,
    TemporaryRefusalError,
    UnknownOutcomeError,
    UnreachableContactError,
)

_FORBIDDEN = (
    ("kicked", reasons.NOT_IN_CHAT),
    ("not a member", reasons.NOT_IN_CHAT),
    ("rights to send", reasons.NO_RIGHT_TO_WRITE),
    ("chat_write_forbidden", reasons.NO_RIGHT_TO_WRITE),
)
"""403 of a chat, where the contact itself is not to be blamed."""

_PERMANENT = (
    ("message to edit not found", reasons.MESSAGE_GONE),
    ("message to delete not found", reasons.MESSAGE_GONE),
    ("message_id_invalid", reasons.MESSAGE_GONE),
    ("message to be replied not found", reasons.MESSAGE_GONE),
    ("can't be deleted", reasons.CANNOT_DELETE),
    ("message_delete_forbidden", reasons.CANNOT_DELETE),
    ("can't be edited", reasons.CANNOT_EDIT),
    ("message is not modified", reasons.NOT_MODIFIED),
    ("no text in the message to edit", reasons.HAS_NO_TEXT),
    ("no caption in the message to edit", reasons.HAS_NO_TEXT),
    ("thread not found", reasons.TOPIC_CLOSED),
    ("topic_closed", reasons.TOPIC_CLOSED),
    ("topic_deleted", reasons.TOPIC_CLOSED),
    ("message is too long", reasons.TEXT_TOO_LONG),
    ("caption is too long", reasons.CAPTION_TOO_LONG),
    ("text is empty", reasons.EMPTY_TEXT),
    ("text must be non-empty", reasons.EMPTY_TEXT),
    ("business_connection_invalid", reasons.BUSINESS_GONE),
    ("business connection not found", reasons.BUSINESS_GONE),
    ("business_", reasons.BUSINESS_WINDOW_CLOSED),
    ("voice_messages_forbidden", reasons.VOICE_FORBIDDEN),
    ("user is an administrator", reasons.PERSON_IS_ADMINISTRATOR),
    ("chat owner", reasons.PERSON_IS_ADMINISTRATOR),
    ("user_admin_invalid", reasons.PERSON_IS_ADMINISTRATOR),
    ("participant_id_invalid", reasons.PERSON_NOT_FOUND),
    ("user_id_invalid", reasons.PERSON_NOT_FOUND),
    ("invalid user_id", reasons.PERSON_NOT_FOUND),
    ("user not found", reasons.PERSON_NOT_FOUND),
    ("supergroup and channel chats only", reasons.ONLY_GROUPS),
    ("available only for supergroups", reasons.ONLY_GROUPS),
    ("rights to send", reasons.NO_RIGHT_TO_WRITE),
    ("chat_write_forbidden", reasons.NO_RIGHT_TO_WRITE),
    ("chat_restricted", reasons.NO_RIGHT_TO_WRITE),
    ("not enough rights", reasons.NO_RIGHT),
    ("need administrator rights", reasons.NO_RIGHT),
    ("chat_admin_required", reasons.NO_RIGHT),
    ("chat not found", reasons.CHAT_NOT_FOUND),
    ("peer_id_invalid", reasons.CHAT_NOT_FOUND),
    ("group chat was deactivated", reasons.CHAT_NOT_FOUND),
    ("file is too big", reasons.TOO_BIG_TO_FETCH),
    ("wrong file", reasons.FILE_GONE),
    ("invalid file", reasons.FILE_GONE),
    ("file_reference", reasons.FILE_GONE),
    ("photo_invalid", reasons.FILE_REFUSED),
    ("image_process_failed", reasons.FILE_REFUSED),
    ("file must be non-empty", reasons.FILE_REFUSED),
    ("entity too large", reasons.FILE_TOO_BIG),
)
"""Pieces of Telegram's descriptions and what they mean; the first that fits is taken."""


def refusal_of(answer: Answer) -> PlatformError:
    """The error that a refusal means; its reason is one of ours, or Telegram's own words when we know no better."""
    if answer.migrate_to_chat_id is not None:
        return ChatMigratedError(reasons.CHAT_MIGRATED, new_chat_external_id=str(answer.migrate_to_chat_id))
    if answer.code == 429 or answer.retry_after is not None:
        return TemporaryRefusalError(reasons.TOO_MANY_CALLS, retry_after=answer.retry_after, whole_key=True)
    if answer.code == 401 or _is_unknown_bot(answer):
        return KeyRefusedError(reasons.KEY_REVOKED)
    if answer.code == 409:
        return TemporaryRefusalError(conflict_reason(answer))
    if answer.code == 413:
        return PermanentRefusalError(reasons.FILE_TOO_BIG)
    if answer.code >= 500:
        return UnknownOutcomeError(reasons.NO_ANSWER)
    return _refusal_of_chat(answer)


def conflict_reason(answer: Answer) -> str:
    """Why getUpdates is refused with 409: a webhook, or a second poller."""
    return reasons.WEBHOOK_IS_SET if "webhook" in answer.description.lower() else reasons.ANOTHER_POLLER


def _refusal_of_chat(answer: Answer) -> PlatformError:
    description = answer.description.lower()
    known = _meaning(description, _FORBIDDEN if answer.code == 403 else _PERMANENT)
    if answer.code == 403 and known is None:
        return UnreachableContactError(reasons.DEACTIVATED if "deactivated" in description else reasons.BLOCKED)
    return PermanentRefusalError(known or answer.description or f"HTTP {answer.code}")


def _meaning(description: str, meanings: tuple[tuple[str, str], ...]) -> str | None:
    return next((reason for piece, reason in meanings if piece in description), None)


def _is_unknown_bot(answer: Answer) -> bool:
    """Telegram answers 404 without further words when no bot has such a token."""
    return answer.code == 404 and answer.description.lower() in {"", "not found"}

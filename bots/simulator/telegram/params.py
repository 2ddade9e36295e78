"""A call's parameters, however they were sent: in the query, as JSON, as a form with or without files."""

import json
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.requests import Request

from bots.simulator.telegram.refusals import Json, bad_request

_INTEGERS = frozenset(
    {
        "chat_id", "from_chat_id", "sender_chat_id", "user_id", "message_id", "message_thread_id",
        "direct_messages_topic_id", "offset", "limit", "timeout", "until_date", "max_connections", "duration", "width",
        "height", "length", "reply_to_message_id",
    }
)  # fmt: skip
_FLAGS = frozenset(
    {
        "drop_pending_updates", "only_if_banned", "revoke_messages", "use_independent_chat_permissions",
        "disable_notification", "protect_content", "disable_web_page_preview", "disable_content_type_detection",
        "has_spoiler", "supports_streaming", "show_caption_above_media", "allow_sending_without_reply",
        "allow_paid_broadcast", "show_alert",
    }
)  # fmt: skip
_JSON = frozenset(
    {
        "allowed_updates", "reply_parameters", "reply_markup", "entities", "caption_entities", "media", "permissions",
        "link_preview_options", "message_ids", "commands", "scope", "suggested_post_parameters",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    file_name: str
    mime_type: str
    content: bytes = field(repr=False)


class Params:
    """Parameters by name, read by the types that the Bot API gives them; what is unknown is let pass."""

    def __init__(self, values: Json, uploads: dict[str, Upload]) -> None:
        self.values = values
        self.uploads = uploads

    def find_text(self, name: str) -> str | None:
        """A text; a number stands for its digits, as in a form."""
        value = self.values.get(name)
        if isinstance(value, str):
            return value
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None

    def find_int(self, name: str) -> int | None:
        """A whole number."""
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def get_int(self, name: str, refusal: str) -> int:
        """A whole number, or the refusal that its lack means."""
        value = self.find_int(name)
        if value is None:
            raise bad_request(refusal)
        return value

    def is_set(self, name: str) -> bool:
        """A flag; absent is false."""
        return self.values.get(name) is True

    def find_object(self, name: str) -> Json | None:
        """A JSON object."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object")
        return value

    def find_list(self, name: str) -> list[object] | None:
        """A JSON array."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, list):
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON array")
        return value

    def recorded(self) -> Json:
        """For the record of calls: files by name and size."""
        files: Json = {
            name: {"file_name": upload.file_name, "mime_type": upload.mime_type, "size": len(upload.content)}
            for name, upload in self.uploads.items()
        }
        return {**self.values, **files}


async def read_params(request: Request) -> Params:
    """Everything that a request says; a body overrides the query."""
    values: Json = {name: _plain(name, value) for name, value in request.query_params.items()}
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        values |= _json_values(await request.body())
    elif kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        async with request.form(max_fields=1000) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    mime_type = value.content_type or "application/octet-stream"
                    uploads[name] = Upload(value.filename or name, mime_type, await value.read())
                else:
                    values[name] = _plain(name, value)
    return Params(values, uploads)


def _json_values(body: bytes) -> Json:
    if not body.strip():
        return {}
    try:
        parsed: object = json.loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise bad_request("can't parse request body JSON object")
    return {name: _plain(name, value) if isinstance(value, str) else value for name, value in parsed.items()}


def _plain(name: str, value: str) -> object:
    """A form's text as the value that it stands for; what does not fit stays a text."""
    if name in _INTEGERS:
        digits = value.strip().removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else value
    if name in _FLAGS:
        return value.strip().lower() in {"true", "1", "yes", "t", "y"}
    if name in _JSON and value.lstrip()[:1] in {"[", "{"}:
        try:
            parsed: object = json.loads(value)
        except ValueError:
            return value
        return parsed
    return value

"""Opening an attachment for reading, through us: the link to it holds the token."""

import mimetypes

from aiogram.methods import GetFile

from bots.fields import as_object, find_int, find_text
from bots.telegram.calls import call_repeatable, reading_answers
from bots.telegram.reasons import FILE_GONE, TOO_BIG_TO_FETCH
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account, RemoteFile
from inbox.core.errors import PermanentRefusalError

MAX_FETCH_BYTES = 20 * 1024 * 1024
_MIME_TYPES = {"oga": "audio/ogg", "tgs": "application/x-tgsticker", "webp": "image/webp"}
"""Telegram's own file name endings, where Python does not know them everywhere."""


async def fetch(wires: Wires, account: Account, file_id: str) -> RemoteFile:
    """The file's chunks, type and size in bytes. PermanentRefusalError when it is gone or bigger than 20 MB."""
    with reading_answers():
        file = as_object(await call_repeatable(wires, account, GetFile(file_id=file_id)), "result")
        size, path = find_int(file, "file_size"), find_text(file, "file_path")
    if size is not None and size > MAX_FETCH_BYTES:
        raise PermanentRefusalError(TOO_BIG_TO_FETCH)
    if not path:
        raise PermanentRefusalError(FILE_GONE)
    return RemoteFile(wires.wire(account).read(account, path), mime_type_of(path), size)


def mime_type_of(path: str) -> str:
    """The type that a file's name tells."""
    ending = path.rpartition(".")[2].lower()
    return _MIME_TYPES.get(ending) or mimetypes.guess_type(path)[0] or "application/octet-stream"

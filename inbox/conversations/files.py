"""Attachments' bytes, through us: kept here when we sent them, else asked of the platform, whose link holds a key."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from inbox.agents.caller import Caller
from inbox.channels.account import account_of
from inbox.channels.adapter import Account
from inbox.channels.models import Channel
from inbox.conversations.access import access_attachment
from inbox.conversations.models import Attachment, Message
from inbox.core.context import Context
from inbox.core.errors import GoneError, NotFoundError, PermanentRefusalError

INLINE = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "audio/mpeg",
        "audio/mp4",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
        "video/mp4",
        "video/webm",
        "video/quicktime",
    }
)
"""What a browser may show in place; anything else (SVG and HTML hold scripts) is offered for saving."""
_UNKNOWN = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+\Z")
"""A sender may state anything."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file on its way to a person. `size` in bytes, None when the platform does not say."""

    chunks: AsyncIterator[bytes]
    mime_type: str
    size: int | None
    file_name: str
    is_inline: bool


async def open_file(context: Context, caller: Caller, attachment_id: int) -> OpenedFile:
    """Open it outside any transaction.

    NotFoundError: not the caller's, or no file at all; GoneError: the platform does not give it; other PlatformErrors.
    """
    async with context.transaction(caller.scope) as session:
        attachment = await access_attachment(session, caller, attachment_id)
        message = await session.get_one(Message, attachment.message_id)
        channel = await session.get_one(Channel, message.channel_id)
    if attachment.content is not None:
        return _opened(attachment, _one_chunk(attachment.content), None, len(attachment.content))
    if attachment.external_id is None:
        raise NotFoundError("This attachment has no file.")
    if channel.removed_at is not None:
        raise GoneError("The channel is not connected any more, and its platform keeps the file.")
    return await _fetch(context, attachment, account_of(channel, context.cipher))


async def _fetch(context: Context, attachment: Attachment, account: Account) -> OpenedFile:
    try:
        remote = await context.adapters[account.platform].fetch(account, attachment.external_id or "")
    except PermanentRefusalError as error:
        raise GoneError(error.reason) from None
    return _opened(attachment, remote.chunks, remote.mime_type, remote.size)


def _opened(
    attachment: Attachment, chunks: AsyncIterator[bytes], fetched_type: str | None, size: int | None
) -> OpenedFile:
    stated = [one.partition(";")[0].strip().lower() for one in (attachment.mime_type, fetched_type) if one]
    mime_type = next((one for one in stated if one != _UNKNOWN and _TYPE.match(one)), _UNKNOWN)
    ending = mime_type.partition("/")[2] if mime_type in INLINE else ""
    fallback = f"{attachment.kind.value}-{attachment.id}" + (f".{ending}" if ending else "")
    return OpenedFile(chunks, mime_type, size, attachment.file_name or fallback, mime_type in INLINE)


async def _one_chunk(content: bytes) -> AsyncIterator[bytes]:
    yield content

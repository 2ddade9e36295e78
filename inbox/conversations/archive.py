"""A copy of a message's files before it is deleted: the platform will not show them again."""

import asyncio

import structlog
from sqlalchemy import select

from inbox.channels.adapter import Account, RemoteFile
from inbox.conversations.models import Attachment
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import PlatformError

LARGEST = 20 * 1024 * 1024
"""Bytes of one file; a bigger one goes with its message."""
SECONDS = 60

log = structlog.get_logger()


async def keep_files(context: Context, account: Account, message_id: int) -> None:
    """Fetch and keep what is not kept yet. What cannot be had does not hold up the deletion."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.execute(
            select(Attachment.id, Attachment.external_id).where(
                Attachment.message_id == message_id,
                Attachment.external_id.is_not(None),
                Attachment.content.is_(None),
                Attachment.size.is_(None) | (Attachment.size <= LARGEST),
            )
        )
        missing = [(attachment_id, external_id or "") for attachment_id, external_id in rows]
    for attachment_id, external_id in missing:
        try:
            async with asyncio.timeout(SECONDS):
                file = await context.adapters[account.platform].fetch(account, external_id)
                content = await _read(file)
        except (PlatformError, TimeoutError) as error:
            log.info("file_not_kept", attachment_id=attachment_id, error=str(error))
            continue
        if content is not None:
            await _keep(context, attachment_id, content, file.mime_type)


async def _read(file: RemoteFile) -> bytes | None:
    """None when it is too big after all; it is then read no further."""
    content = bytearray()
    async for chunk in file.chunks:
        content += chunk
        if len(content) > LARGEST:
            return None
    return bytes(content)


async def _keep(context: Context, attachment_id: int, content: bytes, mime_type: str) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        attachment = await session.get(Attachment, attachment_id)
        if attachment is not None:
            attachment.content, attachment.size = content, len(content)
            attachment.mime_type = attachment.mime_type or mime_type

"""`otklik report rebuild`: facts and rollups of response times made anew from what is stored."""

import asyncio

from rich.progress import Progress
from sqlalchemy import func, select

from inbox.cli.build import find_cipher, open_context, reach_servers
from inbox.conversations.models import Conversation
from inbox.conversations.refresh import refresh
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.schema import migrate
from inbox.core.settings import Settings
from inbox.reports.rollups import mark_everything, roll_up

PAGE = 200


async def rebuild(settings: Settings) -> None:
    """Page by page, beside a running worker."""
    with reach_servers(settings) as addresses:
        await asyncio.to_thread(migrate, addresses.database_url)
        async with open_context(settings, addresses, find_cipher(settings, None)) as context:
            await rebuild_in(context)


async def rebuild_in(context: Context) -> None:
    """What was told of answered waits stays as it was told; what is missing is written."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        total = await session.scalar(select(func.count()).select_from(Conversation)) or 0
    after = 0
    with Progress() as progress:
        task = progress.add_task("conversations", total=total)
        while True:
            async with context.transaction(EVERY_WORKSPACE) as session:
                found = list(
                    await session.scalars(
                        select(Conversation.id).where(Conversation.id > after).order_by(Conversation.id).limit(PAGE)
                    )
                )
                await refresh(session, found)
            progress.advance(task, len(found))
            if len(found) < PAGE:
                break
            after = found[-1]
        async with context.transaction(EVERY_WORKSPACE) as session:
            await mark_everything(session)
        days = 1
        while days:
            async with context.transaction(EVERY_WORKSPACE) as session:
                days = await roll_up(session)

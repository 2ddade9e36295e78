"""Where a reader of live events stands: the last number seen of each workspace, as one word `{workspace}-{seq},…`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.core.live import last_numbers
from inbox.core.models import LiveEvent

_CURSOR = re.compile(r"\d{1,18}-\d{1,18}(,\d{1,18}-\d{1,18}){0,999}")


@dataclass(frozen=True, slots=True)
class Start:
    """Where to go on reading; `is_reset`: something was missed that is no longer kept, so the reader must load anew."""

    seen: Mapping[int, int]
    is_reset: bool


def encode_seen(seen: Mapping[int, int]) -> str:
    """The word for `id:`."""
    return ",".join(f"{workspace_id}-{seq}" for workspace_id, seq in sorted(seen.items()))


def decode_seen(word: str) -> dict[int, int] | None:
    """The numbers again; None for what is not such a word."""
    if not _CURSOR.fullmatch(word):
        return None
    pairs = (pair.split("-") for pair in word.split(","))
    return {int(workspace_id): int(seq) for workspace_id, seq in pairs}


async def find_start(session: AsyncSession, caller: Caller, word: str | None) -> Start:
    """From the newest on without a word; after it with one, unless what came since is no longer kept."""
    last = await last_numbers(session, caller.scope)
    if not word:
        return Start(last, is_reset=False)
    seen = decode_seen(word)
    if seen is None or not seen.keys() >= last.keys():
        return Start(last, is_reset=True)
    rows = await session.execute(
        select(LiveEvent.workspace_id, func.min(LiveEvent.seq))
        .where(LiveEvent.workspace_id.in_(sorted(last)))
        .group_by(LiveEvent.workspace_id)
    )
    oldest = dict(rows.all())
    for workspace_id, newest in last.items():
        is_kept = seen[workspace_id] + 1 >= oldest.get(workspace_id, newest + 1)
        if seen[workspace_id] > newest or not is_kept:
            return Start(last, is_reset=True)
    return Start({workspace_id: seen[workspace_id] for workspace_id in last}, is_reset=False)

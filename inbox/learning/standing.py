"""How often tags are right, by what people made of them: the owner's figure, and its trend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox.conversations.models import Correction, Direction, Message, Tags

TASKS = ("intent", "sentiment", "toxic")
WEEKS = 8
RECENT = timedelta(days=28)
FEWEST = 20
"""Of fewer messages a share would be chance."""


@dataclass(frozen=True, slots=True)
class Week:
    """Tagged messages that people had before their eyes in one week, and by task how many tags they changed."""

    begins: datetime
    looked: int
    changed: Mapping[str, int]

    def right(self, task: str) -> float | None:
        """Share of right tags, None when nobody looked."""
        return 1 - self.changed[task] / self.looked if self.looked else None


@dataclass(frozen=True, slots=True)
class Standing:
    """`right` task → share of right tags in the last four weeks, None when nobody looked."""

    looked: int
    right: Mapping[str, float | None]
    weeks: Sequence[Week]

    @property
    def is_telling(self) -> bool:
        """Whether shares can be shown; else how many messages people looked at."""
        return self.looked >= FEWEST


async def load_standing(session: AsyncSession, workspace_id: int, zone: str, now: datetime) -> Standing:
    """Counted are messages that somebody answered or checked: an unread message's tag is neither right nor wrong."""
    begins = _week_of(now, zone) - timedelta(weeks=WEEKS - 1)
    week = func.date_trunc("week", Tags.tagged_at, zone).label("week")
    recent = Tags.tagged_at >= now - RECENT
    changed = {task: _is_changed(task) for task in TASKS}
    rows = await session.execute(
        select(
            week,
            func.count(),
            func.count().filter(recent),
            *(func.count().filter(changed[task]) for task in TASKS),
            *(func.count().filter(and_(changed[task], recent)) for task in TASKS),
        )
        .join(Message, Message.id == Tags.message_id)
        .where(Tags.workspace_id == workspace_id, Tags.tagged_at >= begins, _is_looked_at())
        .group_by("week")
        .order_by("week")
    )
    looked, wrong, weeks = 0, dict.fromkeys(TASKS, 0), dict[datetime, Week]()
    for begun, count, lately, *counts in rows.all():
        weeks[begun] = Week(begun, count, dict(zip(TASKS, counts[: len(TASKS)], strict=True)))
        looked += lately
        for task, some in zip(TASKS, counts[len(TASKS) :], strict=True):
            wrong[task] += some
    nothing = dict.fromkeys(TASKS, 0)
    all_weeks = [begins + timedelta(weeks=number) for number in range(WEEKS)]
    return Standing(
        looked,
        {task: 1 - wrong[task] / looked if looked else None for task in TASKS},
        [weeks.get(one, Week(one, 0, nothing)) for one in all_weeks],
    )


def _week_of(now: datetime, zone: str) -> datetime:
    """Monday's midnight where the project is."""
    local = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return local - timedelta(days=local.weekday())


def _is_changed(task: str) -> ColumnElement[bool]:
    """Whether the last word of people differs from what triage said first."""
    return exists().where(Correction.message_id == Tags.message_id, Correction.before[task] != Correction.after[task])


def _is_looked_at() -> ColumnElement[bool]:
    answer = aliased(Message)
    answered = exists().where(
        answer.conversation_id == Message.conversation_id,
        answer.direction == Direction.OUTBOUND,
        answer.author_agent_id.is_not(None),
        answer.sent_at >= Message.sent_at,
    )
    return or_(Tags.corrected_at.is_not(None), answered)

"""The SLA report over the API; lengths in seconds."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field

from inbox.reports.figures import Figures, Pair
from inbox.reports.service import Period, Report


class GroupBy(StrEnum):
    """What a row of the report is."""

    AGENT = "agent"
    TEAM = "team"
    CHANNEL = "channel"
    HOUR = "hour"
    WORKSPACE = "workspace"


class LengthsOut(BaseModel):
    """Half, nine and nineteen of twenty answers came faster (seconds); null without answers."""

    p50: int | None
    p90: int | None
    p95: int | None

    @classmethod
    def of(cls, figures: Figures, *, wall: bool) -> Self:
        """From the histogram."""
        p50, p90, p95 = (_seconds(figures.length(share, wall=wall)) for share in (0.5, 0.9, 0.95))
        return cls(p50=p50, p90=p90, p95=p95)


class FiguresOut(BaseModel):
    """First or next responses. `met_share`: in time among all waits that were answered or are late."""

    answered: int
    met: int
    late: int
    met_share: float | None
    outside: int = Field(description="Answered right in VK or Telegram.")
    came_closed: int = Field(description="Came while closed: they have a goal of their own.")
    closed_met: int
    left_out: int = Field(description="Fell into a lost connection: in no other figure.")
    working: LengthsOut
    wall: LengthsOut

    @classmethod
    def of(cls, figures: Figures) -> Self:
        """As numbers."""
        return cls(
            **figures.counts,
            met_share=figures.met_share,
            working=LengthsOut.of(figures, wall=False),
            wall=LengthsOut.of(figures, wall=True),
        )


class RowOut(BaseModel):
    """A channel, a team, a person (id 0: none), an hour of the day, or a workspace."""

    workspace_id: int
    id: int
    name: str
    first: FiguresOut
    next: FiguresOut

    @classmethod
    def of(cls, workspace_id: int, number: int, name: str, pair: Pair) -> Self:
        """From the report."""
        return cls(
            workspace_id=workspace_id, id=number, name=name, first=FiguresOut.of(pair.first),
            next=FiguresOut.of(pair.next),
        )  # fmt: skip


class SlaReportOut(BaseModel):
    """Figures of a time: in all, and by what was asked."""

    first_day: date
    last_day: date
    group_by: GroupBy
    first: FiguresOut
    next: FiguresOut
    items: list[RowOut]

    @classmethod
    def of(cls, report: Report, period: Period, group_by: GroupBy) -> Self:
        """From the report."""
        if group_by is GroupBy.WORKSPACE:
            rows = [((one, "workspace", one), pair) for one, pair in sorted(report.workspaces.items())]
        else:
            rows = report.group(group_by.value)
        return cls(
            first_day=period.first,
            last_day=period.last,
            group_by=group_by,
            first=FiguresOut.of(report.total.first),
            next=FiguresOut.of(report.total.next),
            items=[RowOut.of(group[0], group[2], report.names.get(group, ""), pair) for group, pair in rows],
        )


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())

"""The SLA page's drawings as numbers: points of a line, cells of a week. The page draws them as SVG without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil

from inbox.reports.service import Period, Report, Week

WIDTH, HEIGHT = 720, 290
LEFT, BOTTOM = 34, 28
LEVELS = 8
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A day on the line: minutes in working time, and its place (`y`: of the median)."""

    day: date
    median: float | None
    p90: float | None
    answered: int
    x: float
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """First responses by day. `top`: minutes at the upper edge; paths are SVG's; `goal_y` None: out of sight."""

    points: tuple[Point, ...]
    top: int
    ticks: tuple[tuple[int, float], ...]
    median_path: str
    median_area: str
    p90_path: str
    goal_y: float | None
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of a weekday: minutes within which nine of ten first answers came; `level` 0 (none) to LEVELS."""

    hour: int
    minutes: int | None
    level: int


def draw_line(report: Report, period: Period, goal: timedelta | None) -> Line:
    """The days of the period from left to right."""
    days = [period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1)]
    step = (WIDTH - LEFT - 8) / max(len(days) - 1, 1)
    points = tuple(_point(report, day, LEFT + n * step) for n, day in enumerate(days))
    highest = max((point.p90 or 0 for point in points), default=0)
    top = _round_up(max(highest, (goal / MINUTE if goal else 0) * 1.15, 4))
    points = tuple(replace(point, y=_y(point.median, top)) for point in points)
    ticks = tuple((round(top * n / 4), _y(top * n / 4, top)) for n in range(5))
    median = [(point.x, _y(point.median, top)) for point in points if point.median is not None]
    p90 = [(point.x, _y(point.p90, top)) for point in points if point.p90 is not None]
    floor = HEIGHT - BOTTOM
    area = f"{_path(median)}L{median[-1][0]:.1f},{floor}L{median[0][0]:.1f},{floor}Z" if median else ""
    return Line(points, top, ticks, _path(median), area, _path(p90), _y(goal / MINUTE, top) if goal else None)


def draw_week(found: Week) -> list[list[Cell]]:
    """Seven rows of the same hours: those in which anybody ever wrote."""
    hours = sorted({hour for _, hour in found})
    shown = range(hours[0], hours[-1] + 1) if hours else range(0)
    most = max((length / MINUTE for length in found.values()), default=0)
    return [[_cell(hour, found.get((day, hour)), most) for hour in shown] for day in range(7)]


def _point(report: Report, day: date, x: float) -> Point:
    pair = report.days.get(day)
    if pair is None:
        return Point(day, None, None, 0, x)
    median, p90 = pair.first.length(0.5), pair.first.length(0.9)
    return Point(
        day, median / MINUTE if median else None, p90 / MINUTE if p90 else None, pair.first.counts["answered"], x
    )


def _cell(hour: int, length: timedelta | None, most: float) -> Cell:
    if length is None or not most:
        return Cell(hour, None, 0)
    minutes = length / MINUTE
    return Cell(hour, ceil(minutes), max(1, round(minutes / most * LEVELS)))


def _round_up(minutes: float) -> int:
    for step in (4, 8, 12, 20, 40, 60, 80, 120, 240, 480, 960, 1440):
        if minutes <= step:
            return step
    return ceil(minutes / 1440) * 1440


def _y(minutes: float | None, top: int) -> float:
    return round(8 + (HEIGHT - BOTTOM - 8) * (1 - (minutes or 0) / top), 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "".join(f"{'L' if n else 'M'}{x:.1f},{y}" for n, (x, y) in enumerate(points))

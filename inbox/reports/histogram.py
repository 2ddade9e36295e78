"""Lengths of time in classes: medians and deciles of many days come from few rows, and PostgreSQL finds them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    SQLColumnExpression,
    Subquery,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import Label

from inbox.reports.models import SlaRollupBucket

_MINUTES = (
    *range(1, 31), *range(32, 61, 2), *range(65, 121, 5), *range(135, 241, 15), *range(270, 481, 30),
    *range(540, 1441, 60), *(days * 1440 for days in (2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 60, 120)),
)  # fmt: skip
BOUNDS: tuple[int, ...] = tuple(minutes * 60 for minutes in _MINUTES)
"""Upper bounds in seconds: to 30 minutes by the minute, then ever wider; what is longer is the last class."""

Measure = tuple[float, bool]
"""A share of answers, and whether by the wall clock: the length within which this share came."""


def select_lengths(
    keys: Sequence[SQLColumnExpression[object]],
    where: Sequence[SQLColumnExpression[bool]],
    measures: Sequence[Measure],
    grouping: Sequence[SQLColumnExpression[object]] = (),
) -> Select[*tuple[Any, ...]]:
    """A row a group: its keys, then seconds for each measure, spread evenly within the class; null without answers.

    `grouping`: the sets by which rows are grouped, each with the class; without it, by all keys.
    """
    one = SlaRollupBucket
    counted = {"wall" if wall else "working": one.wall if wall else one.working for _, wall in measures}
    groups: list[Label[Any]] = [key.label(f"key_{n}") for n, key in enumerate(keys)]
    classes = (
        select(*groups, one.bucket, *(cast(added(count), Double).label(name) for name, count in counted.items()))
        .where(*where)
        .group_by(*(grouping or (*keys, one.bucket)))
        .subquery()
    )
    running = _run(classes, [label.name for label in groups], list(counted))
    found = [running.c[label.name] for label in groups]
    return select(*found, *(_length(running, *measure) for measure in measures)).group_by(*found)


def added(column: SQLColumnExpression[int]) -> ColumnElement[int]:
    """The sum of a rollup's column: each is small, and sums of bigint would be of PostgreSQL's slow `numeric`."""
    return func.sum(cast(column, Integer))


def _run(classes: Subquery, keys: Sequence[str], counted: Sequence[str]) -> Subquery:
    """The classes with their bounds, how many answers came up to each, and how many in all of the group."""
    groups = [classes.c[key] for key in keys]
    bounds = select(literal(list(BOUNDS), ARRAY(Integer))).scalar_subquery()
    sums = {name: func.sum(classes.c[name]) for name in counted}
    return select(
        *classes.c,
        *(
            one.over(partition_by=groups, order_by=classes.c.bucket, rows=(None, 0)).label(f"{name}_upto")
            for name, one in sums.items()
        ),
        *(one.over(partition_by=groups).label(f"{name}_all") for name, one in sums.items()),
        func.coalesce(bounds[classes.c.bucket], 0).label("lower"),
        func.coalesce(bounds[classes.c.bucket + 1], BOUNDS[-1] * 2).label("upper"),
    ).subquery()


def _length(running: Subquery, share: float, wall: bool) -> ColumnElement[int]:
    name = "wall" if wall else "working"
    count, upto = running.c[name], running.c[f"{name}_upto"]
    before, wanted = upto - count, running.c[f"{name}_all"] * share
    seconds = running.c.lower + (running.c.upper - running.c.lower) * (wanted - before) / func.nullif(count, 0)
    return cast(func.round(func.max(seconds).filter(before < wanted, wanted <= upto)), Integer)

"""Medians and deciles that PostgreSQL finds in rollups, against a slow reference over the facts themselves."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from inbox.core.database import EVERY_WORKSPACE
from inbox.reports.figures import Pair
from inbox.reports.histogram import BOUNDS
from inbox.reports.models import ResponseTime
from inbox.reports.rollups import mark_everything, roll_up
from inbox.reports.service import MEASURES, Period, load_report, load_week
from tests.api.subscribers import Subscribers
from tests.company import Company

DAYS = 9
LAST = date(2026, 3, 8)
PERIOD = Period(LAST - timedelta(days=DAYS - 2), LAST)
"""A day less than there are facts of."""


def bucket_of(seconds: int) -> int:
    """The class of a length, as PostgreSQL's width_bucket(seconds, BOUNDS)."""
    return bisect_right(BOUNDS, seconds)


def slow_percentile(lengths: Sequence[int], share: float) -> timedelta | None:
    """The length below which this share lies, to the class, spread evenly within it."""
    left = share * len(lengths)
    buckets = [bucket_of(length) for length in lengths]
    for bucket in sorted(set(buckets)):
        count = buckets.count(bucket)
        if count >= left:
            lower = BOUNDS[bucket - 1] if bucket else 0
            upper = BOUNDS[bucket] if bucket < len(BOUNDS) else BOUNDS[-1] * 2
            return timedelta(seconds=round(lower + (upper - lower) * left / count))
        left -= count
    return None


@given(st.lists(st.integers(0, 3 * 24 * 3600), min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_reference_lies_in_the_class_of_the_true_percentile(lengths: list[int], share: float) -> None:
    true = sorted(lengths)[ceil(share * len(lengths)) - 1]
    found = slow_percentile(lengths, share)
    assert found is not None
    bucket = bucket_of(true)
    assert (BOUNDS[bucket - 1] if bucket else 0) <= found.total_seconds() <= BOUNDS[bucket]


def invent(company: Company, workspace_id: int, conversation_id: int, chance: Random, n: int) -> list[ResponseTime]:
    """Waits of some days: most are short, some take weeks; some are late without an answer."""
    people = [one.agent_id for one in company.people.values()]
    found = []
    for number in range(n):
        day = LAST - timedelta(days=chance.randrange(DAYS))
        hour = chance.choice((0, 9, 9, 10, 10, 10, 17, 23))
        working = int(chance.expovariate(1 / chance.choice((300, 3_000, 400_000, 4_000_000))))
        answered = chance.random() < 0.9
        since = datetime(day.year, day.month, day.day, hour, tzinfo=company.clock().tzinfo) + timedelta(seconds=number)
        found.append(
            ResponseTime(
                workspace_id=workspace_id, conversation_id=conversation_id, since_at=since, day=day, hour=hour,
                is_first=chance.random() < 0.6, is_late=working > 900 or not answered, came_closed=False,
                is_outside=chance.random() < 0.1, channel_id=chance.choice((1, 2)), due_at=None,
                answered_at=since + timedelta(seconds=working) if answered else None,
                team_id=chance.choice((None, *company.team_ids.values())), agent_id=chance.choice((None, *people)),
                working_seconds=working if answered else None,
                wall_seconds=working * chance.choice((1, 3)) if answered else None,
            )
        )  # fmt: skip
    return found


async def settle(company: Company, subscribers: Subscribers) -> list[ResponseTime]:
    """Facts of two projects, rolled up."""
    chance = Random(4)  # nothing secret: the same waits at each run
    own = await subscribers.write("Где заказ?", "801", ago=timedelta(minutes=1))
    second = await subscribers.write("Есть кофе?", "802", ago=timedelta(minutes=1), channel=subscribers.second)
    facts = [
        *invent(company, company.workspace_id, own.conversation_id, chance, 700),
        *invent(company, company.second_id, second.conversation_id, chance, 90),
    ]
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        session.add_all(facts)
        await session.flush()
        await mark_everything(session)
        await roll_up(session)
    return facts


def agree(pair: Pair, facts: Iterable[ResponseTime]) -> bool:
    """Whether counts and all lengths are those of the facts."""
    waits = list(facts)
    for is_first in (True, False):
        figures, own = pair.of(is_first=is_first), [one for one in waits if one.is_first is is_first]
        for share, wall in MEASURES:
            lengths = [one.wall_seconds if wall else one.working_seconds for one in own]
            expected = slow_percentile([length for length in lengths if length is not None], share)
            if figures.length(share, wall=wall) != expected:
                return False
        if (figures.counts["answered"], figures.counts["late"]) != (
            sum(one.answered_at is not None for one in own), sum(one.is_late for one in own),
        ):  # fmt: skip
            return False
    return True


def group_of(fact: ResponseTime, dimension: str) -> int:
    """The key of the fact's row in a dimension."""
    keys = {"channel": fact.channel_id, "team": fact.team_id, "agent": fact.agent_id, "hour": fact.hour}
    return keys[dimension] or 0


async def test_all_figures_are_those_of_the_facts(company: Company, subscribers: Subscribers) -> None:
    facts = await settle(company, subscribers)
    projects = {company.workspace_id, company.second_id}
    async with company.context.database.session(frozenset(projects)) as session:
        report = await load_report(session, projects, PERIOD)
        week = await load_week(session, projects, PERIOD)
    within = [fact for fact in facts if PERIOD.first <= fact.day <= PERIOD.last]
    assert agree(report.total, within)
    for workspace_id in projects:
        assert agree(report.workspaces[workspace_id], (one for one in within if one.workspace_id == workspace_id))
    assert len(report.days) == DAYS - 1
    for day, pair in report.days.items():
        assert agree(pair, (one for one in within if one.day == day))
    assert {dimension for _, dimension, _ in report.groups} == {"channel", "team", "agent", "hour"}
    for (workspace_id, dimension, key), pair in report.groups.items():
        own = [one for one in within if one.workspace_id == workspace_id and group_of(one, dimension) == key]
        assert agree(pair, own), (workspace_id, dimension, key)
    assert week == slow_week(within)


def slow_week(facts: Sequence[ResponseTime]) -> dict[tuple[int, int], timedelta]:
    """Within which nine of ten first answers came, by weekday and hour."""
    firsts: dict[tuple[int, int], list[int]] = {}
    for one in facts:
        if one.is_first and one.working_seconds is not None:
            firsts.setdefault((one.day.weekday(), one.hour), []).append(one.working_seconds)
    return {at: length for at, lengths in firsts.items() if (length := slow_percentile(lengths, 0.9)) is not None}


async def test_a_project_alone_counts_nothing_of_its_neighbour(company: Company, subscribers: Subscribers) -> None:
    facts = await settle(company, subscribers)
    async with company.context.database.session(frozenset({company.second_id})) as session:
        # The session's fence narrows what is asked, also below the windows.
        report = await load_report(session, {company.workspace_id, company.second_id}, PERIOD)
        week = await load_week(session, {company.workspace_id, company.second_id}, PERIOD)
    own = [one for one in facts if one.workspace_id == company.second_id and one.day >= PERIOD.first]
    assert agree(report.total, own)
    assert week == slow_week(own)
    assert set(report.workspaces) == {company.second_id}

"""Two thousand messages over the turn of a year: every due time, breach, auto-reply, alert and assignment is as the
slow reference has it.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import pytest

from tests.servers import TestServers
from tests.week.desk import open_week
from tests.week.found import Finder
from tests.week.plan import MESSAGES, Key, key_of, messages, moments, turns_of_shifts
from tests.week.reference import Reference, Seen
from tests.week.talks import Clock

Place = TypeVar("Place", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Played:
    """What the product says, in the words of the plan."""

    seen: Mapping[tuple[datetime, Key], Seen]
    talks: Mapping[Key, tuple[Seen, str, Clock]]
    handed: Sequence[tuple[Key, datetime, str | None]]
    replies: Sequence[tuple[Key, datetime, str]]
    alerts: Sequence[tuple[str, str, Key, str, datetime, datetime | None, str]]
    leads: Mapping[Key, tuple[str | None, datetime | None, datetime | None, int]]


async def play(servers: TestServers, reference: Reference) -> Played:
    """The same plan on the real path: phones, pipeline, rows, jobs and sweeps, moment by moment."""
    said, shifts = messages(), list(turns_of_shifts())
    seen: dict[tuple[datetime, Key], Seen] = {}
    async with open_week(servers) as desk:
        finder = Finder(desk)
        for now in moments():
            batch = [one for one in said if one.heard_at == now]
            for one in batch:
                await desk.say(one)
            desk.clock.now = now
            for at, name, comes in shifts:
                if at == now:
                    await desk.change_shift(name, comes=comes)
            await desk.hear()
            await finder.learn()
            seen |= {(now, key): found for key, found in (await finder.seen({key_of(x) for x in batch})).items()}
            await desk.work()
            await desk.do([deed for deed in reference.deeds if deed.at == now])
            await desk.pass_time()
        assert desk.astray == []
        return Played(
            seen, await finder.talks(), await finder.handed(), await finder.replies(), await finder.alerts(),
            await finder.leads(),
        )  # fmt: skip


def differences(what: str, expected: Mapping[Place, object], found: Mapping[Place, object]) -> list[str]:
    """The first ones in words; no more than can be read."""
    keys = [*expected, *(key for key in found if key not in expected)]
    wrong = [key for key in keys if expected.get(key) != found.get(key)]
    shown = [f"{key}\n  expected {expected.get(key)}\n  found    {found.get(key)}" for key in wrong[:5]]
    return [f"{what}: {len(wrong)} of {len(keys)}", *shown] if wrong else []


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference().play()


@pytest.mark.timeout(1500)
async def test_the_desk_keeps_its_word_over_a_week_as_the_reference_does(
    servers: TestServers, reference: Reference
) -> None:
    assert len(messages()) == MESSAGES
    played = await play(servers, reference)
    wrong = [
        *differences("when heard", reference.seen, played.seen),
        *differences("in the end", _ends(reference), played.talks),
        *differences("assignments", _by_key(reference.handed), _by_key(played.handed)),
        *differences("auto-replies", _by_key(reference.replies), _by_key(played.replies)),
        *differences("leads", _leads(reference), played.leads),
        *differences("alerts", _alerts(reference), _alerts_of(played)),
        *differences("rings", _rings(reference), _rings_of(played)),
    ]
    assert wrong == [], "\n".join(wrong)


def _ends(reference: Reference) -> dict[Key, tuple[Seen, str, Clock]]:
    return {
        key: (
            Seen(talk.assignee, talk.team, talk.priority, talk.first_clock(), talk.next_clock()), talk.status,
            talk.case_clock(),
        )
        for key, talk in reference.talks.items()
    }  # fmt: skip


def _by_key(rows: Sequence[tuple[Key, datetime, str | None]]) -> dict[Key, list[tuple[datetime, str | None]]]:
    found: dict[Key, list[tuple[datetime, str | None]]] = {}
    for key, at, what in rows:
        found.setdefault(key, []).append((at, what))
    return found


def _leads(reference: Reference) -> dict[Key, tuple[str | None, datetime | None, datetime | None, int]]:
    return {key: (lead.owner, lead.due, lead.taken_up, lead.missed) for key, lead in reference.leads.items()}


def _alerts(reference: Reference) -> Counter[Hashable]:
    rung = [one for bell in reference.bells.values() for one in bell.alerts]
    return Counter((one.project, one.kind, one.key, one.mark, one.occurred) for one in rung)


def _alerts_of(played: Played) -> Counter[Hashable]:
    return Counter(one[:5] for one in played.alerts)


def _rings(reference: Reference) -> Counter[Hashable]:
    """How many rang by themselves at which moment, and how many were told together."""
    rung = [one for bell in reference.bells.values() for one in bell.alerts]
    states = {True: "told", False: "held"}
    return Counter((one.project, one.kind, one.rang or states[one.is_told]) for one in rung)


def _rings_of(played: Played) -> Counter[Hashable]:
    return Counter((project, kind, rang or state) for project, kind, _, _, _, rang, state in played.alerts)

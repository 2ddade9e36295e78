"""The ready rules as the reference reads them: in order, the first that matches acts, spam is only marked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tests.week.plan import Said
from tests.week.talks import Talk

if TYPE_CHECKING:
    from tests.week.reference import Reference

RISING = ("low", "normal", "high", "urgent")


@dataclass(frozen=True, slots=True)
class Rule:
    """`team` None: nobody gets it by turns. `to`: on_shift or owner."""

    name: str
    holds: Callable[["Reference", Talk, Said], bool]
    priority: str | None = None
    team: str | None = None
    to: str | None = None
    by_turns: bool = True
    stops: bool = True


def _asks(talk: Talk, said: Said) -> bool:
    from tests.week.reference import needs_answer

    return needs_answer(said) and talk.wait is not None


def _wants(intent: str) -> Callable[["Reference", Talk, Said], bool]:
    """Surely: what is unsure goes to a person."""
    return lambda _, talk, said: said.meaning.intent == intent and not said.meaning.is_unsure and _asks(talk, said)


def _complains_at_night(reference: "Reference", talk: Talk, said: Said) -> bool:
    is_closed = not reference.calendars[said.project]["project"].is_open(said.at)
    return is_closed and _wants("complaint")(reference, talk, said)


RULES = (
    Rule("spam", lambda _, __, said: said.meaning.intent == "spam" and not said.meaning.is_unsure, stops=False),
    Rule(
        "toxic", lambda _, __, said: said.meaning.is_toxic and not said.meaning.is_unsure, priority="high",
        team="moderators",
    ),
    Rule("night", _complains_at_night, priority="urgent", team="support", by_turns=False, to="on_shift"),
    Rule("complaint", _wants("complaint"), priority="high", team="support"),
    Rule("lead", _wants("lead"), team="sales"),
    Rule("partnership", _wants("partnership"), to="owner"),
    Rule("praise", _wants("praise"), priority="low", team="moderators"),
    Rule("unsure", lambda _, talk, said: said.meaning.is_unsure and _asks(talk, said), team="moderators"),
    Rule("rest", lambda _, talk, said: _asks(talk, said), team="moderators"),
)  # fmt: skip


def act(reference: "Reference", talk: Talk, said: Said, now: datetime) -> None:
    """Try the rules on one message. A rule acts once a turn; only marking is done for each message."""
    may_hand, turn = not talk.is_routed, talk.turn
    is_further = any(turn in turns for turns in talk.acted.values())
    for rule in RULES:
        if not rule.holds(reference, talk, said):
            continue
        marks = rule.name in {"spam", "toxic"}
        is_due = turn not in talk.acted.get(rule.name, ())
        if is_due:
            _do(reference, talk, rule, now, may_hand=may_hand, is_further=is_further)
        if is_due or marks:
            talk.acted.setdefault(rule.name, set()).add(turn)
            may_hand, is_further = not talk.is_routed, True
        if rule.stops:
            return


def _do(reference: "Reference", talk: Talk, rule: Rule, now: datetime, *, may_hand: bool, is_further: bool) -> None:
    if rule.priority is not None and (
        not is_further or RISING.index(rule.priority) > RISING.index(talk.priority)
    ):  # fmt: skip
        talk.priority = rule.priority
    if not may_hand:
        return
    if rule.team is not None:
        talk.team = rule.team
        talk.routed = talk.waits[-1].since if talk.wait else now
        name = _choose(reference, talk, rule) if talk.wait is not None else None
        if name is not None:
            reference.give(talk, name, now)
    if rule.to is not None and talk.wait is not None:
        name = talk.project.owner if rule.to == "owner" else _freest(reference, talk)
        if name is not None:
            talk.routed = talk.waits[-1].since
            reference.give(talk, name, now)


def _choose(reference: "Reference", talk: Talk, rule: Rule) -> str | None:
    team = rule.team or ""
    if not rule.by_turns:
        return None
    if rule.name != "rest" or not talk.project.rest_goes_to_the_freest:
        return reference.next_of(talk.project, team)
    line = reference.turns[talk.project.name, team]
    free = [name for name in line if reference.rooms.get(name, 0) > 0]
    found = max(free, key=lambda name: (reference.rooms[name], -line.index(name)), default=None)
    if found is not None:
        line.remove(found)
        line.append(found)
    return found


def _freest(reference: "Reference", talk: Talk) -> str | None:
    """Of all on shift in the project whoever has most room; of equals whoever was here first."""
    from tests.week.plan import PEOPLE

    names = {name for team in talk.project.teams.values() for name in team}
    known = [person.name for person in PEOPLE if person.name in names and reference.rooms.get(person.name, 0) > 0]
    return max(known, key=lambda name: (reference.rooms[name], -known.index(name)), default=None)

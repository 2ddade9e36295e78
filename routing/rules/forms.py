"""The editor's form and back: parts of a rule as fields of HTML, in the order in which they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.datastructures import FormData

from inbox.core.database import Json
from inbox.core.errors import InvalidInputError
from inbox.core.i18n import N_, Words
from routing.rules.actions import ACTIONS, Action
from routing.rules.conditions import CONDITIONS, Condition

_LISTS = {"words", "label", "contact", "contact_label"}
"""Conditions whose values people type, apart by commas or lines."""
_BOOLEANS = {"toxic", "unsure", "needs_answer", "first_message"}
_SURE = {"intent", "sentiment", "toxic"}
MOST_PARTS = 40
_ONE_FIELD = {
    "priority": "value", "note": "text", "auto_reply": "auto_reply_id", "webhook": "webhook_id",
    "policy": "policy_id",
}  # fmt: skip
"""Actions with one field."""


@dataclass(frozen=True, slots=True)
class Parts:
    """As typed: dictionaries like those that are stored, possibly with mistakes."""

    conditions: Sequence[Json]
    actions: Sequence[Json]

    def checked(self, words: Words) -> tuple[list[Condition], list[Action]]:
        """What they mean; InvalidInputError says in words what is wrong."""
        try:
            return CONDITIONS.validate_python(list(self.conditions)), ACTIONS.validate_python(list(self.actions))
        except ValidationError as error:
            raise InvalidInputError(_explain(error, words)) from error


def read_parts(form: FormData) -> Parts:
    """`part` fields name the parts in order, `{c|a}:{number}:{field}`; the rest is `{number}.{name}`."""
    conditions: list[Json] = []
    actions: list[Json] = []
    for named in form.getlist("part")[:MOST_PARTS]:
        role, number, name = [*str(named).split(":", 2), "", ""][:3]
        given = _Given(form, number)
        if form.get(f"{number}.gone") == "1":
            continue
        if role == "c":
            conditions.append(_read_condition(name, given))
        elif role == "a":
            actions.append(_read_action(name, given))
    return Parts(conditions, actions)


@dataclass(frozen=True, slots=True)
class _Given:
    """The fields of one part."""

    form: FormData
    number: str

    def one(self, name: str) -> str:
        value = self.form.get(f"{self.number}.{name}", "")
        return value.strip() if isinstance(value, str) else ""

    def many(self, name: str) -> list[str]:
        return [value for value in self.form.getlist(f"{self.number}.{name}") if isinstance(value, str)]

    def lines(self, name: str) -> list[str]:
        return [part.strip() for line in self.one(name).splitlines() for part in line.split(",") if part.strip()]


def _read_condition(name: str, given: _Given) -> Json:
    part: Json = {"field": name, "negate": given.one("negate") == "1"}
    if name in _LISTS:
        part["any_of"] = given.lines("any_of")
    elif name in _BOOLEANS:
        part["value"] = given.one("value") != "no"
    elif name == "hours":
        part["value"] = given.one("value")
    elif name == "expression":
        part["pattern"] = given.one("pattern")
    else:
        part["any_of"] = given.many("any_of")
    if name == "contact":
        part["name"] = given.one("name")
    if name in _SURE:
        part["sure"] = given.one("sure") == "1"
        percent = given.one("percent")
        part["min_probability"] = int(percent) / 100 if percent.isdigit() else None
    return part


def _read_action(name: str, given: _Given) -> Json:
    part: Json = {"do": name}
    match name:
        case "team":
            part |= {"team_id": given.one("team_id"), "choose": given.one("choose") or "round_robin"}
        case "assign":
            to = given.one("to")
            part |= {"to": "agent", "agent_id": to} if to.isdigit() else {"to": to}
        case "label":
            part["names"] = given.lines("names")
        case "snooze":
            part |= (
                {"until": "hours", "hours": given.one("hours")}
                if given.one("until") == "hours"
                else {"until": "opening"}
            )
        case "mention":
            part |= {"agent_id": given.one("agent_id"), "text": given.one("text")}
        case _:
            part |= {_ONE_FIELD[name]: given.one(_ONE_FIELD[name])} if name in _ONE_FIELD else {}
    return part


_NEEDED: Mapping[str, str] = {
    "any_of": N_("Say at least one value for each condition."),
    "names": N_("Say at least one label."),
    "team_id": N_("Choose the team."),
    "agent_id": N_("Choose the person."),
    "to": N_("Choose the person."),
    "auto_reply_id": N_("Choose the auto-reply."),
    "webhook_id": N_("Choose the webhook."),
    "policy_id": N_("Choose the promise."),
    "hours": N_("Say for how many hours to snooze, from 1 to 720."),
    "text": N_("Write the note."),
    "pattern": N_("Write the regular expression."),
}


def _explain(error: ValidationError, words: Words) -> str:
    """The first mistake as a sentence."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        reason = str(first["msg"]).removeprefix("Value error, ")
        return words.gettext("A condition or action cannot be used: %(reason)s", reason=words.gettext(reason))
    field = next((str(one) for one in reversed(first["loc"]) if str(one) in _NEEDED), "")
    return words.gettext(_NEEDED.get(field, N_("A condition or action is not complete.")))

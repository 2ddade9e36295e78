"""The form of a promise: what a person typed, as it is, and as the API's PolicyIn or what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import ValidationError
from starlette.datastructures import FormData

from inbox.conversations.models.states import Priority
from inbox.core.i18n import N_
from inbox.sla.models import SlaPolicy
from inbox.sla.schemas import PolicyIn, PolicyOut

OTHERS = (Priority.URGENT, Priority.HIGH, Priority.LOW)
FIELDS = ("first", "next", "resolution")
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PromiseForm:
    """`goals`: priority → first, next, resolution as typed (minutes; hours for the resolution); empty: as normal."""

    name: str = ""
    goals: Mapping[Priority, Row] = field(default_factory=dict)
    after_closed: str = "2"
    warn_before: str = "5"
    head_id: str = ""
    is_default: bool = False

    @classmethod
    def of_policy(cls, policy: SlaPolicy) -> Self:
        """What is stored."""
        out = PolicyOut.of(policy)
        goals = {Priority.NORMAL: _row(out.first_response_minutes, out.next_response_minutes, out.resolution_minutes)}
        for one in out.goals:
            goals[one.priority] = _row(
                one.first_response_minutes, one.next_response_minutes, one.resolution_minutes
            )  # fmt: skip
        return cls(
            out.name, goals, _hours(out.after_closed_minutes), str(out.warn_before_minutes),
            str(out.head_id or ""), out.is_default,
        )  # fmt: skip

    @classmethod
    def of_form(cls, sent: FormData) -> Self:
        """What was typed."""
        goals = {
            priority: {name: _text(sent, f"{name}_{priority.value}") for name in FIELDS} for priority in Priority
        }  # fmt: skip
        return cls(
            _text(sent, "name"), goals, _text(sent, "after_closed"), _text(sent, "warn_before"),
            _text(sent, "head_id"), _text(sent, "is_default") == "on",
        )  # fmt: skip

    def read(self, workspace_id: int) -> PolicyIn:
        """As the API takes it; ValueError with a sentence for people."""
        if not self.name.strip():
            raise ValueError(N_("Give this promise a name."))
        normal = self.goals.get(Priority.NORMAL, {})
        if not normal.get("first") or not normal.get("next"):
            raise ValueError(N_("Say how soon a first and a next answer come."))
        special = []
        for priority in OTHERS:
            row = self.goals.get(priority, {})
            if any(row.values()):
                merged = {name: row.get(name) or normal.get(name, "") for name in FIELDS}
                special.append({"priority": priority, **_goals(merged)})
        try:
            return PolicyIn.model_validate(
                {
                    "workspace_id": workspace_id, "name": self.name.strip(), **_goals(normal), "goals": special,
                    "after_closed_minutes": _minutes(self.after_closed, 60),
                    "warn_before_minutes": _minutes(self.warn_before or "0", 1),
                    "head_id": int(self.head_id) if self.head_id.isdigit() else None, "is_default": self.is_default,
                }
            )  # fmt: skip
        except ValidationError as error:
            raise ValueError(N_("A goal is at least a minute and at most sixty days.")) from error


def _goals(row: Row) -> dict[str, int | None]:
    resolution = row.get("resolution", "")
    return {
        "first_response_minutes": _minutes(row["first"], 1),
        "next_response_minutes": _minutes(row["next"], 1),
        "resolution_minutes": _minutes(resolution, 60) if resolution else None,
    }


def _minutes(text: str, unit: int) -> int:
    try:
        return round(float(text.replace(",", ".")) * unit)
    except (ValueError, OverflowError):
        raise ValueError(N_("Write goals as numbers.")) from None


def _row(first: int, following: int, resolution: int | None) -> Row:
    return {"first": str(first), "next": str(following), "resolution": _hours(resolution) if resolution else ""}


def _hours(minutes: int) -> str:
    return f"{minutes / 60:g}"


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""

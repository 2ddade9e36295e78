"""What a canned response may leave open, and how it is filled: pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from inbox.core.errors import InvalidInputError
from inbox.core.i18n import N_

VARIABLES: Mapping[str, str] = {
    "name": N_("the contact's first name"),
    "full_name": N_("the contact's whole name"),
    "agent": N_("your name"),
    "project": N_("the project"),
    "channel": N_("the channel"),
}
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands for each variable in one conversation."""

    full_name: str
    agent: str
    project: str
    channel: str

    def values(self) -> Mapping[str, str]:
        """Variable → words. An unnamed contact (a bare number) is not called by it."""
        full_name = "" if self.full_name.isdecimal() else self.full_name.strip()
        return {
            "name": full_name.split()[0] if full_name else "", "full_name": full_name, "agent": self.agent,
            "project": self.project, "channel": self.channel,
        }  # fmt: skip


def fill(text: str, filling: Filling) -> str:
    """Each known variable replaced; where a name is not known its comma goes, too."""
    values = filling.values()
    for name, value in values.items():
        if not value:
            text = re.sub(rf"(,\s*|(?<!\s)\s+)?\{{{name}\}}", "", text)
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def check_variables(text: str) -> None:
    """InvalidInputError for a variable that nobody can fill: the contact would see it in braces."""
    for name in _PLACE.findall(text):
        if name not in VARIABLES:
            raise InvalidInputError("There is no variable {%(name)s}.", field="text", values={"name": name})

"""A call's parameters: VK takes them from the address and the form alike, all as text."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from bots.simulator.vk.refusals import invalid, missing

_FALSE = frozenset({"", "0", "false"})


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters by name, without the key and the version."""

    values: Mapping[str, str]

    def find_text(self, name: str) -> str | None:
        """The text under a name."""
        return self.values.get(name)

    def find_int(self, name: str) -> int | None:
        """The number under a name; None when it is absent or empty."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            return int(value)
        except ValueError:
            raise invalid(name) from None

    def get_int(self, name: str) -> int:
        """The number under a name, which must be there."""
        value = self.find_int(name)
        if value is None:
            raise missing(name)
        return value

    def list_ints(self, name: str) -> list[int]:
        """Numbers between commas; none when absent."""
        try:
            return [int(part) for part in (self.values.get(name) or "").split(",") if part]
        except ValueError:
            raise invalid(name) from None

    def is_set(self, name: str) -> bool:
        """Whether a flag is on."""
        return self.values.get(name, "").lower() not in _FALSE


async def read_params(request: Request) -> dict[str, str]:
    """All parameters of a request, the key among them."""
    values = dict(request.query_params)
    async with request.form() as form:
        values |= {name: value for name, value in form.items() if isinstance(value, str)}
    bearer = request.headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        values["access_token"] = bearer[7:]
    return values

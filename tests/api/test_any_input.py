"""Whatever the description allows, and much that it does not, is answered without a fault of ours: schemathesis."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.core.result import Ok

from tests.api.furnished import Fields, furnish_all
from tests.api.subscribers import Subscribers
from tests.company import Company, serve

EXAMPLES = 8
ENDLESS = {"/api/v1/live"}
"""A stream of events has no end that could be waited for."""
AWAY = "Telegram could not be reached."
"""The channels' platform is nowhere: what is asked of it is answered by 503, in these words."""
QUICKLY = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)  # fmt: skip


def operations(described: dict[str, Any]) -> Iterator[Any]:
    """All of them, deeds that take something away last."""
    schema = schemathesis.openapi.from_dict(described)
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    yield from sorted(
        (one for one in found if one.path not in ENDLESS), key=lambda one: (one.method == "delete", "auth" in one.path)
    )


class Trial:
    """Calls of one person, on rows that exist as often as not."""

    def __init__(self, url: str, headers: Mapping[str, str], fields: Fields, workspace_id: int) -> None:
        self.url = url
        self.headers = dict(headers)
        self.fields = fields
        self.workspace_id = workspace_id
        self.broken: list[str] = []
        self.statuses: dict[int, int] = {}

    def try_all(self, described: dict[str, Any]) -> None:
        """Some examples of each operation."""
        for operation in operations(described):
            self.try_one(operation)

    def try_one(self, operation: Any) -> None:
        """What is right and what is wrong by the description."""

        @QUICKLY
        @given(case=operation.as_strategy(), exists=st.booleans(), place=st.integers(0, 3))
        def run(case: Case[Any], *, exists: bool, place: int) -> None:
            if exists:
                self._point_at_rows(case, place)
            answer = case.call(base_url=self.url, headers=self.headers, timeout=20)
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
            if answer.status_code >= 500 and AWAY not in answer.text:
                self.broken.append(f"{case.as_curl_command()}\n{answer.status_code} {answer.text[:300]}")

        run()

    def _point_at_rows(self, case: Case[Any], place: int) -> None:
        for name in case.path_parameters or {}:
            known = self.fields.own.get(name)
            if known:
                case.path_parameters[name] = known[place % len(known)]
        if isinstance(case.body, dict) and "workspace_id" in case.body:
            case.body["workspace_id"] = self.workspace_id


@pytest.mark.timeout(400)
async def test_no_input_whatever_brings_a_fault_of_ours(company: Company) -> None:
    fields = await furnish_all(company, Subscribers(company))
    described = company.app.openapi()
    headers = {"Authorization": f"Bearer {company.people['owner'].token}"}
    async with serve(company.app) as url:
        trial = Trial(url, headers, fields, company.workspace_id)
        await asyncio.to_thread(trial.try_all, described)
    assert trial.broken == [], "\n\n".join(trial.broken[:10])
    assert {200, 404, 422} <= trial.statuses.keys()

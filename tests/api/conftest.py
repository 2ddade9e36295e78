"""A company on a database of its own, with subscribers who write to it."""

from collections.abc import AsyncIterator

import pytest

from tests.api.subscribers import Subscribers
from tests.api.wire import Wire, wired
from tests.company import Company


@pytest.fixture
def subscribers(company: Company) -> Subscribers:
    """Whoever writes to the company's channels."""
    return Subscribers(company)


@pytest.fixture
async def telegram(company: Company) -> AsyncIterator[Wire]:
    """Telegram at the wire, to which the company's channels speak."""
    async with wired(company) as wire:
        yield wire

"""Whoever writes to the company whose figures are counted."""

import pytest

from tests.api.subscribers import Subscribers
from tests.company import Company


@pytest.fixture
def subscribers(company: Company) -> Subscribers:
    """Whoever writes to the company's channels."""
    return Subscribers(company)

"""Kinds of values that every API call shares: row ids in paths, queries and bodies, and times in UTC."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, Field

MAX_ID = 2**63 - 1

RowId = Annotated[int, Path(ge=1, le=MAX_ID)]
"""In a path."""
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
"""In a query or a body."""


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""RFC 3339 with an offset; answered in UTC."""


def refuse_null(value: object) -> object:
    """For fields of a PATCH that may be left out but have no empty value."""
    if value is None:
        raise ValueError("may be left out, but not be null")
    return value

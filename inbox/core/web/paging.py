"""Pages of a list: items and an opaque cursor of the next page (keyset, so that new rows shift nothing)."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, TypeAdapter, ValidationError

from inbox.core.errors import InvalidInputError

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Key = str | int | float | bool | None
Item = TypeVar("Item")

_KEYS = TypeAdapter(list[Key])

CursorParam = Annotated[str | None, Query(description="`next_cursor` of the page before; none: the first page.")]
LimitParam = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items in a page.")]


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None


def encode_cursor(keys: Sequence[Key]) -> str:
    """The sort keys of a page's last row, as one opaque word."""
    return base64.urlsafe_b64encode(_KEYS.dump_json(list(keys))).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Key]:
    """The keys again; InvalidInputError for what `encode_cursor` did not make with so many keys."""
    try:
        keys = _KEYS.validate_json(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, ValidationError, binascii.Error):
        keys = []
    if len(keys) != length:
        raise InvalidInputError("This cursor is not from an earlier page of this list.", field="cursor")
    return keys


def id_after(cursor: str | None) -> int:
    """The row id that a list ordered by id goes on after; 0 from the beginning."""
    if cursor is None:
        return 0
    (last_id,) = decode_cursor(cursor, 1)
    if not isinstance(last_id, int) or not 0 <= last_id < 2**63:
        raise InvalidInputError("This cursor is not from an earlier page of this list.", field="cursor")
    return last_id

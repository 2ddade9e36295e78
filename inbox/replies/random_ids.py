"""The number that makes a repeated send harmless: from our row, the same at each attempt, and found back by an echo.

VK compares it with everything that the community ever sent, so that row ids alone would clash with those of an earlier
installation: each channel begins at a place of its own.
"""

from datetime import datetime
from hashlib import sha256

_SPACE = 2_147_483_647
_ROUNDS = 4
"""Row ids up to so many times _SPACE are found back."""


def random_id_of(message_id: int, channel_id: int, connected_at: datetime) -> int:
    """A non-zero int32."""
    return (message_id + _start(channel_id, connected_at)) % _SPACE + 1


def message_ids_of(random_id: int, channel_id: int, connected_at: datetime) -> list[int]:
    """The rows of the channel that would have been sent with it."""
    first = (random_id - 1 - _start(channel_id, connected_at)) % _SPACE
    return [first + _SPACE * turn for turn in range(_ROUNDS)]


def _start(channel_id: int, connected_at: datetime) -> int:
    seed = f"{channel_id}:{connected_at.timestamp():.6f}"
    return int.from_bytes(sha256(seed.encode()).digest()[:4], "big") % _SPACE

"""Time zones that a calendar may name."""

from functools import lru_cache
from zoneinfo import available_timezones

COMMON = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk",
    "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
    "Europe/Minsk", "Asia/Almaty", "Asia/Tashkent", "Asia/Tbilisi", "Asia/Yerevan", "Asia/Baku", "Europe/Istanbul",
    "Asia/Dubai", "Europe/Berlin", "Europe/London", "UTC",
)  # fmt: skip
"""What the settings offer first."""
COUNTRIES = ("RU", "BY", "KZ", "UZ", "AM", "GE", "AZ", "TR", "DE", "GB")
"""Whose public holidays the settings offer."""


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Whether this machine knows it."""
    return name in _known()

"""Typed reading of a raw object of a platform; what we need and find malformed raises UnparsableEventError."""

from collections.abc import Mapping
from datetime import UTC, datetime

from inbox.core.errors import UnparsableEventError

RawObject = Mapping[str, object]


def find_object(raw: RawObject, name: str) -> RawObject | None:
    """The object under `name`, None when it is absent."""
    value = raw.get(name)
    if value is None or isinstance(value, Mapping):
        return value
    raise UnparsableEventError(f"{name} is not an object")


def get_object(raw: RawObject, name: str) -> RawObject:
    """The object under `name`, which must be there."""
    value = find_object(raw, name)
    if value is None:
        raise UnparsableEventError(f"{name} is missing")
    return value


def find_objects(raw: RawObject, name: str) -> tuple[RawObject, ...]:
    """The objects of the list under `name`, none when it is absent."""
    value = raw.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise UnparsableEventError(f"{name} is not a list")
    return tuple(as_object(entry, name) for entry in value)


def as_object(value: object, name: str) -> RawObject:
    """The value itself, which must be an object."""
    if not isinstance(value, Mapping):
        raise UnparsableEventError(f"{name} is not an object")
    return value


def find_int(raw: RawObject, name: str) -> int | None:
    """The integer under `name`, None when it is absent."""
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise UnparsableEventError(f"{name} is not an integer")


def get_int(raw: RawObject, name: str) -> int:
    """The integer under `name`, which must be there."""
    value = find_int(raw, name)
    if value is None:
        raise UnparsableEventError(f"{name} is missing")
    return value


def get_ints(raw: RawObject, name: str) -> tuple[int, ...]:
    """The integers of the list under `name`, which must be there."""
    value = raw.get(name)
    if not isinstance(value, list) or not all(type(entry) is int for entry in value):
        raise UnparsableEventError(f"{name} is not a list of integers")
    return tuple(value)


def find_text(raw: RawObject, name: str) -> str | None:
    """The text under `name`, None when it is absent."""
    value = raw.get(name)
    if value is None or isinstance(value, str):
        return value
    raise UnparsableEventError(f"{name} is not a text")


def get_text(raw: RawObject, name: str) -> str:
    """The text under `name`, which must be there."""
    value = find_text(raw, name)
    if value is None:
        raise UnparsableEventError(f"{name} is missing")
    return value


def is_set(raw: RawObject, name: str) -> bool:
    """Whether the flag under `name` is there and true."""
    return raw.get(name) is True


def find_instant(raw: RawObject, name: str) -> datetime | None:
    """The Unix time under `name` as an aware instant, None when it is absent."""
    seconds = find_int(raw, name)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise UnparsableEventError(f"{name} is not a time") from None


def get_instant(raw: RawObject, name: str) -> datetime:
    """The Unix time under `name`, which must be there."""
    instant = find_instant(raw, name)
    if instant is None:
        raise UnparsableEventError(f"{name} is missing")
    return instant

"""A checker of Bot API objects and calls against the published schema: names, types, what is required, nothing else."""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

_FILE = Path(__file__).resolve().parents[3] / "shared" / "platform" / "telegram-bot-api-10.3.json"
_VARIANT = re.compile(r"^ - (\w+)$", re.MULTILINE)
_CONSTANT = re.compile(r"(?:always|must be) '?(\w+)'?$")
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "String": (str,),
    "Boolean": (bool,),
    "True": (bool,),
}
_ATTACHED = "attach://"

Field = Mapping[str, object]


class SchemaError(AssertionError):
    """An object is not as the Bot API says."""


@cache
def _schema() -> Mapping[str, tuple[str, list[Field]]]:
    """Description and fields of each type and method, by name."""
    if not _FILE.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{_FILE.name} is missing: CI must have the folder of shared files beside the checkout")
        pytest.skip(f"{_FILE.name} is not there: the folder of shared files is not beside the checkout")
    sections = json.loads(_FILE.read_text(encoding="utf-8"))["items"]
    return {
        entry["name"]: (entry["description"], entry["annotations"])
        for section in sections
        for entry in section["children"]
    }


def check_object(name: str, value: object) -> None:
    """Raise SchemaError unless the value is a valid object of a type of the Bot API."""
    _check(name, value, name)


def check_call(method: str, params: Mapping[str, object]) -> None:
    """Raise SchemaError unless the parameters are those of a method, complete and of the right types."""
    attached = set(_attached(params))
    given = {name: value for name, value in params.items() if name not in attached}
    _check_fields(_schema()[method][1], given, method)


def _attached(value: object) -> list[str]:
    """The names of all file parts that are spoken of."""
    if isinstance(value, str):
        return [value.removeprefix(_ATTACHED)] if value.startswith(_ATTACHED) else []
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [name for part in parts for name in _attached(part)]


def _check(kind: str, value: object, path: str) -> None:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            raise SchemaError(f"{path}: {value!r} is no array")
        for place, entry in enumerate(value):
            _check(kind.removeprefix("Array of "), entry, f"{path}[{place}]")
        return
    variants = re.split(r" or |, | and ", kind)
    if len(variants) > 1:
        _check_any(variants, value, path)
    elif kind in _PLAIN:
        _check_plain(kind, value, path)
    elif kind == "InputFile":
        _check_upload(value, path)
    else:
        _check_type(kind, value, path)


def _check_any(variants: list[str], value: object, path: str) -> None:
    refusals: list[str] = []
    for variant in variants:
        try:
            _check(variant, value, path)
        except SchemaError as refusal:
            refusals.append(str(refusal))
        else:
            return
    raise SchemaError(f"{path} fits none of {', '.join(variants)}: {'; '.join(refusals)}")


def _check_plain(kind: str, value: object, path: str) -> None:
    is_right = isinstance(value, _PLAIN[kind]) and isinstance(value, bool) == (kind in {"Boolean", "True"})
    if not is_right or (kind == "True" and value is not True):
        raise SchemaError(f"{path}: {value!r} is no {kind}")


def _check_upload(value: object, path: str) -> None:
    """A file, as the record of calls shows it."""
    if not isinstance(value, Mapping) or set(value) != {"file_name", "mime_type", "size"}:
        raise SchemaError(f"{path}: {value!r} is no file")


def _check_type(kind: str, value: object, path: str) -> None:
    description, fields = _schema()[kind]
    if not fields and (variants := _VARIANT.findall(description)):
        _check_any(variants, value, path)
        return
    if not isinstance(value, Mapping):
        raise SchemaError(f"{path}: {value!r} is no {kind}")
    _check_fields(fields, value, path)


def _check_fields(fields: list[Field], value: Mapping[object, object] | Mapping[str, object], path: str) -> None:
    known = {str(field["name"]): field for field in fields}
    for name, part in value.items():
        field = known.get(str(name))
        if field is None:
            raise SchemaError(f"{path}.{name} is unknown")
        _check(str(field["type"]), part, f"{path}.{name}")
        constant = _CONSTANT.search(str(field["description"]))
        if constant and isinstance(part, str) and part != constant[1]:
            raise SchemaError(f"{path}.{name}: {part!r} is not {constant[1]!r}")
    missing = [name for name, field in known.items() if field["required"] and name not in value]
    if missing:
        raise SchemaError(f"{path}: {', '.join(missing)} missing")

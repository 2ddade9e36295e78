"""VK's API schema as a judge: whether a call names a real method, known parameters, fitting values, the right key."""

import json
import os
import re
from functools import cache
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "platform"
NAMES_OF_ALL_CALLS = frozenset({"v", "access_token"})

Raw = dict[str, object]


def require_shared() -> None:
    """Skip with a reason where VK's schema and samples are not at hand; in CI they must be."""
    if SHARED.is_dir():
        return
    reason = "VK's schema and samples are not beside the checkout"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def methods() -> dict[str, Raw]:
    """All methods by name; none where the schema is not at hand."""
    files = sorted(SHARED.glob("vk-api-schema/*/methods.json"))
    return {method["name"]: method for file in files for method in json.loads(file.read_text())["methods"]}


@cache
def error_texts() -> dict[int, str]:
    """VK's words by error code."""
    errors = json.loads((SHARED / "vk-api-schema" / "errors.json").read_text())["errors"]
    return {error["code"]: error.get("description", "") for error in errors.values()}


def samples() -> list[Raw]:
    """Recorded payloads."""
    file = SHARED / "vk-samples.json"
    found: list[Raw] = json.loads(file.read_text()) if file.is_file() else []
    return found


def flaws(name: str, params: dict[str, str], key: str) -> list[str]:
    """What is wrong with a call by a `group` or `user` key; nothing where the schema is not at hand."""
    if not methods():
        return []
    method = methods().get(name)
    if method is None:
        return [f"no method {name}"]
    allowed = method["access_token_type"]
    known = _by_name(method)
    wrong = [] if isinstance(allowed, list) and key in allowed else [f"{name} is not for a {key} key"]
    given = {param: value for param, value in params.items() if param not in NAMES_OF_ALL_CALLS}
    wrong += [f"{name} knows no {param}" for param in given if param not in known]
    wrong += [f"{name} needs {param}" for param, rule in known.items() if rule.get("required") and param not in given]
    for param, value in given.items():
        if param in known:
            wrong += [f"{name}.{param}: {flaw}" for flaw in _flaws_of_value(known[param], value)]
    return wrong


def _by_name(method: Raw) -> dict[str, Raw]:
    rules = method.get("parameters", [])
    assert isinstance(rules, list)
    return {rule["name"]: rule for rule in rules}


def _flaws_of_value(rule: Raw, value: str) -> list[str]:
    if rule["type"] == "array":
        entries = value.split(",")
        items = rule.get("items")
        assert isinstance(items, dict)
        most = rule.get("maxItems")
        too_many = isinstance(most, int) and len(entries) > most
        wrong = [flaw for entry in entries for flaw in _flaws_of_value(items, entry)] if "type" in items else []
        return [*wrong, *([f"more than {most}"] if too_many else [])]
    types = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    wrong = [] if any(_fits(str(kind), value) for kind in types) else [f"{value!r} is not {types}"]
    longest, least, known = rule.get("maxLength"), rule.get("minimum"), rule.get("enum")
    if isinstance(longest, int) and len(value) > longest:
        wrong.append("too long")
    if isinstance(least, int) and _fits("integer", value) and int(value) < least:
        wrong.append(f"{value} is less than {least}")
    if isinstance(known, list) and value not in map(str, known):
        wrong.append(f"{value!r} is none of {known}")
    return wrong


def _fits(kind: str, value: str) -> bool:
    match kind:
        case "integer":
            return re.fullmatch(r"-?\d+", value) is not None
        case "number":
            return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
        case "boolean":
            return value in {"0", "1"}
        case _:
            return True

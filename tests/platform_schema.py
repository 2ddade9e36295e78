"""The Bot API's schema: our calls and the updates that tests feed are checked for names, types and what is required.

The file lies beside the checkout and is not ours to ship; without it nothing is checked, but in CI that is an error.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "shared" / "platform" / "telegram-bot-api-10.3.json"
PRIMITIVES: Mapping[str, tuple[type, ...]] = {
    "Integer": (int,), "Float": (int, float), "Boolean": (bool,), "True": (bool,), "String": (str,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, or one parameter of a method."""

    name: str
    type: str
    required: bool


Shape = Mapping[str, Field]


@lru_cache(maxsize=1)
def load_shapes() -> Mapping[str, Shape]:
    """Objects and methods by name; empty when the schema is absent."""
    if not SCHEMA.exists():
        assert os.environ.get("CI") != "true", f"{SCHEMA} is missing"
        return {}
    sections = json.loads(SCHEMA.read_text(encoding="utf-8"))["items"]
    return {
        child["name"]: {
            one["name"]: Field(one["name"], one["type"], bool(one["required"])) for one in child.get("annotations", ())
        }
        for section in sections
        for child in section["children"]
    }


def check_call(method: str, params: Mapping[str, object]) -> None:
    """A call of ours: a form, in which every value came as text, and files beside it."""
    shapes = load_shapes()
    if not shapes:
        return
    assert method in shapes, f"no method {method}"
    _check_fields(method, shapes[method], params, is_form=True)


def check_object(kind: str, value: Mapping[str, object]) -> None:
    """An object as Telegram sends it, and all objects inside."""
    shapes = load_shapes()
    if shapes:
        _check_fields(kind, shapes[kind], value, is_form=False)


def _check_fields(where: str, shape: Shape, value: Mapping[str, object], *, is_form: bool) -> None:
    unknown = value.keys() - shape.keys()
    assert not unknown, f"{where} has no {sorted(unknown)}"
    for field in shape.values():
        if field.name in value:
            _check_value(f"{where}.{field.name}", field.type, value[field.name], is_form=is_form)
        else:
            is_file = is_form and "InputFile" in field.type
            assert is_file or not field.required, f"{where} lacks {field.name}"


def _check_value(where: str, kind: str, value: object, *, is_form: bool) -> None:
    if " or " in kind:
        return
    if kind.startswith("Array of "):
        assert isinstance(value, list), f"{where} is not a list"
        for one in value:
            _check_value(where, kind.removeprefix("Array of "), one, is_form=is_form)
    elif kind in PRIMITIVES:
        # A form's text that looks like a number was read as one.
        wanted = (str, int, float, bool, list, dict) if is_form and kind == "String" else PRIMITIVES[kind]
        is_bool = isinstance(value, bool) and bool not in wanted
        assert isinstance(value, wanted), f"{where} is no {kind}: {value!r}"
        assert not is_bool, f"{where} is no {kind}: {value!r}"
    elif isinstance(value, dict) and load_shapes().get(kind):
        _check_fields(where, load_shapes()[kind], value, is_form=is_form)

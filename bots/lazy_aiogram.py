"""aiogram with its types built when they are first used: all at once cost seconds and 100 MB, and we send a few.

Its models are declared with `defer_build`, but its package completes every one of them as it is imported, because
their annotations name types that only type checkers import. Here the import leaves them be, and their modules get those
names, so that pydantic completes by itself what is used. An aiogram that was imported before stays as it is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Optional, Union

from pydantic import BaseModel


def import_aiogram() -> None:
    """Import the library; call it before anything else does."""
    with _building_later():
        from aiogram import types
        from aiogram.client.default import Default
    names = {"List": list, "Optional": Optional, "Union": Union, "Literal": Literal, "Default": Default}
    names |= {name: getattr(types, name) for name in types.__all__}
    for name, module in list(sys.modules.items()):
        if name.startswith("aiogram.types."):
            vars(module).update({**names, **vars(module)})


@contextmanager
def _building_later() -> Iterator[None]:
    """aiogram's models are not completed within the block; those of other threads are, as ever."""
    own = BaseModel.__dict__["model_rebuild"]

    def rebuild(cls: type[BaseModel], /, *, _parent_namespace_depth: int = 2, **asked: object) -> bool | None:
        if cls.__module__.startswith("aiogram."):
            return None
        done: bool | None = own.__func__(cls, _parent_namespace_depth=_parent_namespace_depth + 1, **asked)
        return done

    type.__setattr__(BaseModel, "model_rebuild", classmethod(rebuild))
    try:
        yield
    finally:
        type.__setattr__(BaseModel, "model_rebuild", own)

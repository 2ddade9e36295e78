"""What a start waits for: the heavy libraries of platforms come after the panel answers."""

import subprocess
import sys

from bots.adapters import LazyAdapters
from inbox.channels.events import Platform


def test_the_program_starts_without_the_platforms_libraries() -> None:
    asked = "import sys, inbox.cli.demo, inbox.cli.up, inbox.cli.apart; print('aiogram' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() == "False"


def test_of_the_platforms_types_those_are_built_that_are_used() -> None:
    """In a process of its own: what the tests before this one used is built."""
    program = """
from pydantic import BaseModel
rebuild = BaseModel.__dict__["model_rebuild"]
import bots.telegram.adapter
from aiogram import methods, types
models = [found for name in types.__all__ if hasattr(found := getattr(types, name), "model_rebuild")]
button = types.InlineKeyboardButton(text="Взять", callback_data="take")
methods.SendMessage(chat_id=1, text="—", reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[[button]]))
built = {one.__name__ for one in models if one.__pydantic_complete__}
print("InlineKeyboardMarkup" in built, len(models) > 300, len(built) < 100)
print(BaseModel.__dict__["model_rebuild"] is rebuild)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.split() == ["True"] * 4


async def test_each_platform_has_one_adapter_that_is_made_when_asked_for() -> None:
    adapters = LazyAdapters()
    assert list(adapters) == list(Platform)
    adapters.load()
    assert all(adapters[platform] is adapters[platform] for platform in Platform)
    await adapters.close()

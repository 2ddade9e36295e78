"""What a start waits for: the heavy libraries of platforms come after the panel answers."""

import subprocess
import sys

from bots.adapters import LazyAdapters
from inbox.channels.events import Platform


def test_the_program_starts_without_the_platforms_libraries() -> None:
    asked = "import sys, inbox.cli.demo, inbox.cli.up, inbox.cli.apart; print('aiogram' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() == "False"


async def test_each_platform_has_one_adapter_that_is_made_when_asked_for() -> None:
    adapters = LazyAdapters()
    assert list(adapters) == list(Platform)
    adapters.load()
    assert all(adapters[platform] is adapters[platform] for platform in Platform)
    await adapters.close()

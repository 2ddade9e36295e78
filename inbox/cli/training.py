"""`otklik model train`: a project's model, made here and now."""

import asyncio

from rich.console import Console

from inbox.cli.build import find_cipher, open_context, reach_servers
from inbox.core.schema import migrate
from inbox.core.settings import Settings
from inbox.learning.models import LearnedModel, ModelState
from moderation.learning.teaching import train_now

SAID = {
    ModelState.READY: "better, and live from the next message on",
    ModelState.REFUSED: "not better than what tags now, so it does not go live",
    ModelState.FAILED: "broken off",
    ModelState.TRAINING: "still under way",
}


async def train(settings: Settings, workspace: str) -> None:
    """Train, and say what came of it."""
    console = Console(stderr=True)
    cipher = find_cipher(settings, None)
    with reach_servers(settings) as addresses:
        await asyncio.to_thread(migrate, addresses.database_url)
        async with open_context(settings, addresses, cipher) as context:
            with console.status(f"Learning from the corrections of {workspace}…"):
                model = await train_now(context, workspace)
    console.print(f"{model.examples} corrected messages: {SAID[model.state]}. {model.failure or ''}")
    for task, words in _list_figures(model):
        console.print(f"  {task}: {words}")


def _list_figures(model: LearnedModel) -> list[tuple[str, str]]:
    """Macro-F1 before and after, by task."""
    found = []
    for task, figures in model.figures.items():
        if isinstance(figures, dict):
            said = "{before:.3f} → {after:.3f} on corrections, {test_before:.3f} → {test_after:.3f} on the test trades"
            found.append((task, said.format(**figures)))
    return found

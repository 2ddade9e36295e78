"""The panel listens to every kind of live event that is announced."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTENING = ROOT / "panel" / "src" / "live-source.ts"


def announced_kinds(tree: ast.AST) -> Iterator[str]:
    """The third argument of each `announce`, both ends of a choice."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "announce":
            for part in ast.walk(node.args[2]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_the_panel_hears_what_is_announced() -> None:
    announced = {
        kind
        for package in ("inbox", "routing", "moderation", "bots")
        for path in (ROOT / package).rglob("*.py")
        for kind in announced_kinds(ast.parse(path.read_text(encoding="utf-8")))
    }
    found = re.search(r"const KINDS = \[(.*?)\]", LISTENING.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    assert len(announced) > 5
    assert announced == set(re.findall(r"'(\w+)'", found[1])), "kinds announced, and kinds heard"

"""Sizes, names, docs and layers of the whole tree."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox.core.database import OVER_ALL

ROOT = Path(__file__).parents[2]
PACKAGES = ("inbox", "moderation", "routing", "bots", "migrations", "tests")
LONGEST_FILE = 400
LONGEST_TEMPLATE = 120
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
FOREIGN = ("/" + "work/main", "/" + "work/shared", "registry.npmjs" + ".org", "pypi" + ".org/simple")
"""Put together here, so that this file does not hold them."""
COMMITTING = {"inbox/core/database.py", "inbox/core/schema.py"}
"""Modules that may commit."""
OVER_ALL_IN = {
    "inbox/core/database.py": "it is defined here",
    "inbox/conversations/bulk.py": "how many conversations a person's own deed changed",
    "routing/assignment/service.py": "how much people have to do, wherever they work",
}
"""Modules whose sums may look over the fence between projects."""


def python_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [path for path in python_files() if "versions" not in path.parts], ids=name_of)
def test_a_file_is_not_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize(
    "path", sorted([*(ROOT / "inbox").rglob("*.html"), *(ROOT / "routing").rglob("*.html")]), ids=name_of
)
def test_a_template_is_not_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_TEMPLATE


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [name_of(path) for path in python_files() if {path.stem, *path.relative_to(ROOT).parts} & FORBIDDEN_NAMES]
    assert named == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = []
    for path in python_files():
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if not words.strip():
            silent.append(name_of(path))
    assert silent == []


def test_only_the_edges_commit() -> None:
    committing = {
        name_of(path)
        for path in python_files()
        if path.relative_to(ROOT).parts[0] not in {"tests", "migrations"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
        # A class's own method of that name is not a session's.
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "self")
    }
    assert committing <= COMMITTING


def test_only_named_sums_look_over_the_fence() -> None:
    looking = {
        name_of(path)
        for path in python_files()
        if path.relative_to(ROOT).parts[0] not in {"tests", "migrations"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        # By its name, as an attribute, imported under another name, or by its value.
        if "OVER_ALL" in {getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", "")}
        or (isinstance(node, ast.Constant) and node.value == OVER_ALL)
    }
    assert looking == set(OVER_ALL_IN)


def test_the_layers_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(lint_imports), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_host_of_a_registry_and_no_path_of_a_machine_is_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    found = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or path.suffix in {".jpg", ".png", ".webp", ".mp4", ".npz", ".ogg", ".mp3"}:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        if any(word in text for word in FOREIGN):
            found.append(name)
    assert found == []


def test_migrations_are_one_chain() -> None:
    """Two that were written at once would leave two heads: whoever lands later renumbers."""
    names = sorted(path.stem for path in (ROOT / "migrations" / "versions").glob("0*.py"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    for name in names:
        source = (ROOT / "migrations" / "versions" / f"{name}.py").read_text(encoding="utf-8")
        number = int(name[:4])
        assert f'revision = "{number:04}"' in source, name
        before = f'"{number - 1:04}"' if number > 1 else "None"
        assert f"down_revision = {before}" in source, name

"""The docs say what there is: settings, commands, job names, environment, packages."""

from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from inbox.cli import app
from inbox.core.events import JOBS
from inbox.core.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def command_names() -> list[str]:
    """Every command as it is typed after `otklik`."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    names: list[str] = []
    for name, command in group.commands.items():
        inner = command.commands if isinstance(command, TyperGroup) else None
        names += [f"{name} {sub}" for sub in inner] if inner else [name]
    return names


@pytest.mark.parametrize("name", [f"OTKLIK_{name.upper()}" for name in Settings.model_fields])
def test_a_setting_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", command_names())
def test_a_command_is_in_the_readme(name: str) -> None:
    group, _, last = name.rpartition(" ")
    # A row may name a group's commands one after another: `otklik bench pipeline` · `latency`.
    assert f"otklik {name}" in README or (group and f"otklik {group} " in README and f"`{last}`" in README)


@pytest.mark.parametrize("name", [job.name for job in JOBS])
def test_a_job_is_in_the_architecture(name: str) -> None:
    assert name in ARCHITECTURE


def packages() -> list[str]:
    """Packages, and the feature folders of those that have some."""
    inner = [path.parent.relative_to(ROOT).as_posix() for top in ("inbox", "bots", "moderation", "routing")
             for path in sorted((ROOT / top).glob("*/__init__.py"))]  # fmt: skip
    return ["migrations", "tests", *inner]


@pytest.mark.parametrize("package", packages())
def test_a_package_is_in_the_architecture(package: str) -> None:
    assert f"`{package}" in ARCHITECTURE


def test_the_architecture_stays_readable() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 200

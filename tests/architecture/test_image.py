"""The image and compose.yaml name what there is: files of the wheel, settings, commands, the keys of .env.example."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from cryptography.fernet import Fernet

from inbox.core.settings import Settings
from tests.architecture.test_docs import command_names

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE)["services"]
PARTS = {name: service for name, service in SERVICES.items() if service["image"] == "otklik"}
HEALTH_URL = "/healthz"


def copied() -> set[str]:
    """What the first stage copies from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def wheel_needs() -> set[str]:
    """Packages, the build hook with what it builds, and the files that the metadata names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hatch = project["tool"]["hatch"]["build"]
    return {
        "pyproject.toml", "requirements.lock", "panel", hatch["hooks"]["custom"]["path"],
        project["project"]["readme"], *project["project"]["license-files"], *hatch["targets"]["wheel"]["packages"],
    }  # fmt: skip


def test_the_image_copies_all_that_the_wheel_needs_and_only_what_there_is() -> None:
    assert wheel_needs() <= copied()
    assert [name for name in copied() if not (ROOT / name).exists()] == []


def test_what_the_image_copies_is_let_into_the_build_and_keys_are_not() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert let_in == copied()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"OTKLIK_[A-Z_]+", DOCKERFILE + COMPOSE + EXAMPLE))))
def test_a_setting_of_the_image_exists(name: str) -> None:
    assert name.removeprefix("OTKLIK_").lower() in Settings.model_fields


def test_each_part_runs_a_command_that_there_is_and_two_workers_share_the_load() -> None:
    assert {name: service["command"] for name, service in PARTS.items()} == {name: [name] for name in PARTS}
    assert set(PARTS) == {"migrate", "web", "worker", "bots"} <= set(command_names())
    assert PARTS["worker"]["deploy"]["replicas"] == 2


def test_what_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)(?::\?|\})", COMPOSE))
    assert asked == set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def test_any_setting_of_the_env_file_reaches_each_part() -> None:
    assert {service["env_file"] for service in PARTS.values()} == {".env"}


def test_only_the_web_part_is_asked_for_its_health() -> None:
    assert HEALTH_URL in DOCKERFILE
    assert HEALTH_URL in str(PARTS["web"]["healthcheck"]["test"])
    assert all(service["healthcheck"] == {"disable": True} for name, service in PARTS.items() if name != "web")


def test_the_recipe_of_the_example_makes_a_key() -> None:
    recipe = re.search(r'^# python3 -c "(.+)"$', EXAMPLE, re.MULTILINE)
    assert recipe is not None
    made = subprocess.run([sys.executable, "-c", recipe[1]], capture_output=True, text=True, check=True)
    Fernet(made.stdout.strip())


def test_the_stand_in_of_redis_keeps_what_it_confirmed() -> None:
    words = " ".join(SERVICES["valkey"]["command"])
    assert "--appendonly yes --appendfsync always --maxmemory-policy noeviction" in words

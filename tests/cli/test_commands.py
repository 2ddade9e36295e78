"""Commands as an owner types them: a whole demo, doctor, backup and restore, and words for what goes wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.ports import two_free_ports

ROOT = Path(__file__).parents[2]


def environment(home: Path) -> dict[str, str]:
    """Nothing of the machine's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTKLIK_")}
    return {**kept, "OTKLIK_HOME": str(home)}


def otklik(home: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "inbox", *arguments], cwd=ROOT, env=environment(home), input=given, capture_output=True,
        text=True, timeout=100, check=False,
    )  # fmt: skip


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo without traffic."""
    port = two_free_ports()
    process = subprocess.Popen(
        [sys.executable, "-m", "inbox", "demo", "--port", str(port), "--home", str(tmp_path), "--no-traffic", "--json"],
        cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_the_version_is_told(tmp_path: Path) -> None:
    assert otklik(tmp_path, "--version").stdout.startswith("otklik ")


@pytest.mark.timeout(180)
def test_a_demo_answers_a_subscriber_and_ends_in_seconds(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    assert demo.stdout is not None
    ready = json.loads(demo.stdout.readline())
    assert set(ready) == {"url", "sim_url", "accounts"}
    assert {account["role"] for account in ready["accounts"]} == {"owner", "sales", "moderator"}
    say = {"platform": "telegram", "author": {"id": 77, "name": "Анна"}, "text": "Сколько стоит кухня «Верба»?"}
    httpx.post(f"{ready['sim_url']}/sim/say", json=say).raise_for_status()
    owner = {name: ready["accounts"][0][name] for name in ("email", "password")}
    with httpx.Client(base_url=f"{ready['url']}/api/v1", timeout=20) as api:
        token = api.post("/auth/token", json=owner).raise_for_status().json()["token"]
        api.headers["Authorization"] = f"Bearer {token}"
        conversation = wait_for_one(api)
        assert conversation["assignee"] is not None
        path = f"/conversations/{conversation['id']}/messages"
        api.post(path, json={"text": "Сто тысяч"}).raise_for_status()
    assert wait_until_heard(ready["sim_url"]) == ["Сто тысяч"]

    doctor = otklik(tmp_path, "doctor")
    assert "is held by process" in doctor.stdout
    assert doctor.returncode == 0, doctor.stdout

    second = otklik(tmp_path, "up", "--port", str(two_free_ports()))
    assert "in use by process" in second.stderr
    taken = otklik(tmp_path, "up", "--port", ready["url"].rsplit(":", 1)[1])
    assert "cannot listen on" in taken.stderr

    demo.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert demo.wait(30) == 0
    assert time.monotonic() - began < 20
    assert demo.stdout.read() == ""


def wait_for_one(api: httpx.Client) -> dict[str, object]:
    for _ in range(200):
        items = api.get("/conversations").raise_for_status().json()["items"]
        if items:
            found: dict[str, object] = items[0]
            return found
        time.sleep(0.1)
    raise AssertionError("no conversation came")


def wait_until_heard(sim_url: str) -> list[str]:
    for _ in range(200):
        answer = httpx.get(f"{sim_url}/sim/heard", params={"platform": "telegram", "author_id": 77}).json()
        if answer["items"]:
            return [item["text"] for item in answer["items"]]
        time.sleep(0.1)
    raise AssertionError("nothing was heard")


@pytest.mark.timeout(240)
def test_people_are_added_and_a_backup_brings_them_into_an_empty_home(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    added = otklik(
        home, "agent", "add", "Anna@Example.org", "--role", "owner", "--password-stdin", given="long enough\n"
    )
    assert added.returncode == 0, added.stderr
    assert "anna@example.org" in added.stdout
    short = otklik(home, "agent", "add", "b@example.org", "--password-stdin", given="short\n")
    assert short.returncode == 1
    assert "8 characters" in short.stderr

    file = tmp_path / "backup.tar"
    assert otklik(home, "backup", str(file)).returncode == 0
    assert file.stat().st_mode & 0o077 == 0
    restored = otklik(other, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert (other / "secret.key").read_text() == (home / "secret.key").read_text()
    again = otklik(other, "restore", str(file))
    assert "not empty" in again.stderr


def test_half_of_the_outside_servers_is_a_mistake_in_words(tmp_path: Path) -> None:
    values = environment(tmp_path) | {"OTKLIK_DATABASE_URL": "postgresql://127.0.0.1:9/x"}
    done = subprocess.run(
        [sys.executable, "-m", "inbox", "migrate"], cwd=ROOT, env=values, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Set both OTKLIK_DATABASE_URL and OTKLIK_REDIS_URL" in done.stderr
    assert "Traceback" not in done.stderr

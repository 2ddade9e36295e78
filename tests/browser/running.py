"""A demo of its own and a browser, for tests and screenshots."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).parents[2]
ARGUMENTS = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
READY_SECONDS = 120
PRESS_LOOKS = 80
WIDE = (1440, 900)
PHONE = (390, 844)


class Button(TypedDict):
    """Under a message: its words, and what pressing it says."""

    text: str
    value: str


class Chat(TypedDict):
    """Where a message stands."""

    id: int


class Seen(TypedDict):
    """A message on a phone, as far as tests look at it."""

    message_id: int
    chat: Chat
    text: str
    who: str
    buttons: list[list[Button]]


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: its addresses, and the password that all of its people share."""

    url: str
    sim_url: str
    password: str

    def email(self, who: str) -> str:
        """A person's e-mail: owner, sales, support, moderator."""
        return f"{who}@demo.otklik"

    def say(self, author_id: int, name: str, text: str, kind: str = "direct", **more: object) -> dict[str, object]:
        """A subscriber writes."""
        body = {"platform": "telegram", "kind": kind, "author": {"id": author_id, "name": name}, "text": text, **more}
        answer = httpx.post(f"{self.sim_url}/sim/say", json=body, timeout=20)
        answer.raise_for_status()
        said: dict[str, object] = answer.json()
        return said

    def heard(self, author_id: int) -> list[str]:
        """What a subscriber has seen from us."""
        answer = httpx.get(
            f"{self.sim_url}/sim/heard", params={"platform": "telegram", "author_id": author_id}, timeout=20
        )
        answer.raise_for_status()
        return [str(item["text"]) for item in answer.json()["items"]]

    def bot_says(self, author_id: int, kind: str = "direct") -> list[Seen]:
        """The bot's messages on a person's phone, in private or in the group, with their buttons."""
        params = {"platform": "telegram", "author_id": str(author_id), "kind": kind}
        answer = httpx.get(f"{self.sim_url}/sim/view", params=params, timeout=20)
        answer.raise_for_status()
        return [one for one in answer.json()["items"] if one["who"] == "bot"]

    def press(self, author_id: int, name: str, seen: Seen, button: str) -> str:
        """Somebody presses a button under the bot's message; returns what the bot says to it, waiting for a while."""
        (value,) = (one["value"] for row in seen["buttons"] for one in row if one["text"] == button)
        body = {
            "platform": "telegram", "author": {"id": author_id, "name": name}, "message_id": seen["message_id"],
            "value": value, "chat": seen["chat"]["id"],
        }  # fmt: skip
        pressed = httpx.post(f"{self.sim_url}/sim/press", json=body, timeout=20)
        pressed.raise_for_status()
        params = {"platform": "telegram", "press_id": str(pressed.json()["press_id"])}
        for _ in range(PRESS_LOOKS):
            said = httpx.get(f"{self.sim_url}/sim/press", params=params, timeout=20).json()
            if said["text"]:
                return str(said["text"])
            time.sleep(0.25)
        raise AssertionError("the bot said nothing to the press")


@contextmanager
def running_demo(*arguments: str) -> Iterator[Demo]:
    """`otklik demo` in a fresh home, on free ports, for the length of the block.

    OTKLIK_TEST_DEMO names a file with the ready line of a demo that runs already, for working on these tests.
    """
    if running := os.environ.get("OTKLIK_TEST_DEMO"):
        yield _read_line(Path(running).read_text())
        return
    with tempfile.TemporaryDirectory(prefix="otklik-browser-", ignore_cleanup_errors=True) as folder:
        command = [
            sys.executable,
            "-m",
            "inbox",
            "demo",
            "--json",
            "--port",
            str(_free_pair()),
            "--home",
            f"{folder}/h",
        ]
        with (
            Path(folder, "log").open("w") as log,
            subprocess.Popen(
                [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
            ) as process,
        ):
            try:
                yield _read(process, Path(folder, "log"))
            finally:
                process.terminate()
                process.wait(30)


def _read(process: "subprocess.Popen[str]", log: Path) -> Demo:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("{"):
        raise AssertionError(f"the demo did not start: {log.read_text()[-2000:]}")
    return _read_line(line)


def _read_line(line: str) -> Demo:
    ready = json.loads(line)
    return Demo(ready["url"], ready["sim_url"], ready["accounts"][0]["password"])


def _free_pair() -> int:
    """A port that is free together with the next one, which the simulator takes."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with socket.socket() as next_one:
                try:
                    next_one.bind(("127.0.0.1", port + 1))
                except (OSError, OverflowError):
                    continue
        return port


def find_chromium() -> str | None:
    """$CHROMIUM, or the system's."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def open_context(
    browser: Browser, size: tuple[int, int] = WIDE, theme: str = "light", locale: str = "ru-RU"
) -> BrowserContext:
    """A fresh browser of a person in Moscow."""
    return browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        locale=locale,
        timezone_id="Europe/Moscow",
    )


def sign_in(page: Page, demo: Demo, who: str) -> None:
    """Through the form, as a person does."""
    page.goto(f"{demo.url}/sign-in")
    page.fill("[name=email]", demo.email(who))
    page.fill("[name=password]", demo.password)
    page.click("form button.btn-primary")
    page.wait_for_url("**/inbox")


def note_troubles(page: Page) -> list[str]:
    """Whatever the page's console complains of from now on: errors, refused styles and scripts, uncaught faults."""
    troubles: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            troubles.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    return troubles


def open_found(page: Page, demo: Demo, name: str) -> None:
    """Opens the conversation of somebody who has just written, by search: the first page of the list may be full."""
    row = page.locator("#rows .row", has_text=name).first
    for _ in range(PRESS_LOOKS):
        page.goto(f"{demo.url}/w/1/inbox?q={name}")
        if row.count():
            break
        page.wait_for_timeout(250)
    row.click()

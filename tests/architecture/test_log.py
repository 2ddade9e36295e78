"""No log line holds a key."""

import json
import subprocess
import sys

import pytest

from inbox.core.log import hide_secrets

TELEGRAM = "7700000001:AAH-abc_DEFghijklmnopqrstuvwxyz12345"
VK = "vk1.a.Abcdefghijklmnopqrstuvwxyz0123456789_-"


@pytest.mark.parametrize("key", [TELEGRAM, VK])
@pytest.mark.parametrize(
    "line",
    ["{key}", "token={key}.", "https://api.telegram.org/bot{key}/getMe", "file/bot{key}/a.jpg", "'{key}'", "«{key}»"],
)
def test_a_key_is_cut_out_wherever_it_stands(key: str, line: str) -> None:
    assert key not in hide_secrets(line.format(key=key))


@pytest.mark.parametrize("text", ["12:30 позвонили 79001234567", "id 123456: нет", "", "OTKLIK 2026-11-26T12:00:00"])
def test_other_words_stay(text: str) -> None:
    assert hide_secrets(text) == text


def test_neither_our_logs_nor_a_librarys_nor_a_traceback_tells_a_key() -> None:
    program = f"""
import logging, structlog
from inbox.core.log import configure_logs
configure_logs("INFO")
log = structlog.get_logger()
log.info("asked", url="https://api.telegram.org/bot{TELEGRAM}/getMe", nested={{"token": "{TELEGRAM}"}}, many=["{VK}"])
logging.getLogger("library").warning("failed: %s", "{TELEGRAM}")
try:
    raise ValueError("{TELEGRAM}")
except ValueError:
    log.exception("broke")
    logging.getLogger("library").exception("broke with {VK}")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert TELEGRAM not in done.stderr
    assert VK not in done.stderr
    assert json.loads(done.stderr.splitlines()[0])["event"] == "asked"

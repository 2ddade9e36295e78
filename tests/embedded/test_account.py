"""The account that runs the servers for root: it gets through to its folder, strangers do not."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from inbox.core.embedded.account import find_account, one_at_a_time, open_way

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
STRANGER = 4002


def can_reach(path: Path, user_id: int) -> bool:
    command = ["sh", "-c", 'test -e "$1"', "sh", str(path)]
    return subprocess.run(command, user=user_id, group=user_id, extra_groups=[], cwd="/", check=False).returncode == 0


def can_list(path: Path, user_id: int) -> bool:
    command = ["sh", "-c", 'ls "$1" 2>&1', "sh", str(path)]
    done = subprocess.run(
        command, user=user_id, group=user_id, extra_groups=[], cwd="/", check=False, stdout=subprocess.DEVNULL
    )
    return done.returncode == 0


def test_the_way_is_opened_for_walking_and_for_the_account_alone(tmp_path: Path) -> None:
    target = tmp_path / "closed" / "deeper"
    target.mkdir(parents=True)
    for folder in (tmp_path, target.parent, target):
        folder.chmod(0o700)
    account = find_account(tmp_path, target)
    assert account is not None
    assert not can_reach(target, account.user_id)

    open_way(account, target)
    open_way(account, target)

    assert can_reach(target, account.user_id)
    assert not can_list(target.parent, account.user_id)
    assert not can_reach(target, STRANGER)


def test_the_owner_of_the_data_runs_the_servers(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    os.chown(tmp_path / "postgres", STRANGER, STRANGER)

    account = find_account(tmp_path, tmp_path / "postgres")

    assert account is not None
    assert account.user_id == STRANGER


def test_first_starts_at_once_agree_on_one_account() -> None:
    """Each in a process of its own, as they are; useradd alone gives two of them two different accounts."""
    name = f"otk-test-{os.getpid()}"
    program = (
        "import sys; from inbox.core.embedded.account import find_system_account; "
        "print(find_system_account(sys.argv[1]).user_id)"
    )
    try:
        starts = [
            subprocess.Popen([sys.executable, "-c", program, name], stdout=subprocess.PIPE, text=True) for _ in range(4)
        ]
        told = {int(start.communicate()[0]) for start in starts}
        assert told == {pwd.getpwnam(name).pw_uid}
    finally:
        with one_at_a_time():
            subprocess.run(["/usr/sbin/userdel", name], check=True, capture_output=True)

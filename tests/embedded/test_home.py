"""The home: where it is, who holds it, and clear words when it cannot be used."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.core.embedded.account import Account
from inbox.core.embedded.errors import EmbeddedServerError, HomeInUseError, HomeNotWritableError
from inbox.core.embedded.home import LONGEST_SOCKET_PATH, POSTGRES_SOCKET, Home, make_private_folder, open_home


def test_a_new_home_is_private(tmp_path: Path) -> None:
    home = open_home(tmp_path / "deep" / "home")

    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def test_a_file_in_the_home_s_place_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")

    with pytest.raises(HomeNotWritableError, match=r"home cannot be written \(it is not a folder\).*OTKLIK_HOME"):
        open_home(tmp_path / "home")


def test_a_home_under_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(HomeNotWritableError, match="cannot be written"):
        open_home(tmp_path / "file" / "home")


def test_a_home_where_the_system_forbids_writing_is_refused_in_words() -> None:
    with pytest.raises(HomeNotWritableError, match=r"/proc/otklik cannot be written"):
        open_home(Path("/proc/otklik"))


def test_the_second_holder_is_told_who_holds_the_home(home: Home) -> None:
    with home.lock(), pytest.raises(HomeInUseError) as refused, home.lock(wait=timedelta(0)):
        pass

    assert f"{home.path} is in use by process {os.getpid()} (" in str(refused.value)
    assert "UTC" in str(refused.value)


def test_the_holder_s_options_are_not_written_down(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/otklik", "channel", "add", "--token", "secret"])

    with home.lock():
        holder = home.find_holder()

    assert holder is not None
    assert holder.command == "otklik channel add"
    assert home.find_holder() is None


def test_a_home_is_free_again_after_its_holder(home: Home) -> None:
    with home.lock():
        pass
    with home.lock(wait=timedelta(0)):
        assert home.find_holder() is not None


def test_sockets_lie_in_the_home_when_the_path_is_short_enough() -> None:
    assert Home(Path("/var/lib/otklik")).socket_folder == Path("/var/lib/otklik/run")


@pytest.mark.parametrize("length", [100, 107, 200, 3000])
def test_a_socket_s_path_always_fits(length: int) -> None:
    folder = Home(Path("/" + "я" * (length // 2))).socket_folder

    assert len(os.fsencode(folder / POSTGRES_SOCKET)) <= LONGEST_SOCKET_PATH


def test_a_stranger_s_folder_is_not_used_for_sockets(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(EmbeddedServerError, match="belongs to another account"):
        make_private_folder(tmp_path / "sockets", None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_of_another_account_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir()
    os.chown(tmp_path / "sockets", 4001, 4001)

    with pytest.raises(EmbeddedServerError, match="uid 4001"):
        make_private_folder(tmp_path / "sockets", Account(4002, 4002))

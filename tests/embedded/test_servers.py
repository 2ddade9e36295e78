"""The embedded servers as an owner meets them: first start, kills, a second command, a dead parent, a clean end."""

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from inbox.core.embedded.account import ACCOUNT_NAME
from inbox.core.embedded.errors import EmbeddedServerError
from inbox.core.embedded.home import LONGEST_SOCKET_PATH, Home, open_home
from inbox.core.embedded.program import ServerName
from inbox.core.embedded.servers import ServerAddresses, Servers, attach_or_start, start_servers
from inbox.core.embedded.status import read_status
from tests.embedded.conftest import OtherSide, kill_and_wait, list_server_pids

Start = Callable[[str], OtherSide]


def write_in_both(servers: Servers | ServerAddresses) -> None:
    with psycopg.connect(servers.database_dsn) as connection:
        connection.execute("CREATE TABLE kept (words text)")
        connection.execute("INSERT INTO kept VALUES ('Привет')")
    with redis.Redis.from_url(servers.redis_url) as client:
        client.xadd("kept", {"words": "Привет"})


def read_from_both(servers: Servers | ServerAddresses) -> tuple[str, int]:
    with psycopg.connect(servers.database_dsn) as connection:
        (words,) = connection.execute("SELECT words FROM kept").fetchone() or ("nothing",)
    with redis.Redis.from_url(servers.redis_url) as client:
        return words, int(client.xlen("kept"))


def test_both_servers_are_restarted_after_a_kill_with_everything_in_them(home: Home) -> None:
    servers = start_servers(home)
    write_in_both(servers)
    before = servers.pids
    with psycopg.connect(servers.database_dsn, autocommit=True) as open_session:
        open_session.execute("SELECT 1")
        kill_and_wait(home, *before.values())

        assert set(servers.ensure_running()) == set(ServerName)

    assert read_from_both(servers) == ("Привет", 1)
    assert not set(servers.pids.values()) & set(before.values())
    assert servers.ensure_running() == ()
    servers.stop()
    assert list_server_pids(home) == []
    assert servers.ensure_running() == ()


def test_the_servers_keep_what_they_confirm(home: Home) -> None:
    servers = start_servers(home)
    with psycopg.connect(servers.database_dsn) as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    with redis.Redis.from_url(servers.redis_url) as client:
        kept = client.config_get("append*", "maxmemory*", "port")
    servers.stop()

    assert settings == [("on",), ("on",), ("on",), ("",)]
    wanted = {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "maxmemory": "0",
        "port": "0",
    }
    assert {name: kept[name] for name in wanted} == wanted


def test_the_database_knows_cyrillic_and_the_extensions(home: Home) -> None:
    servers = start_servers(home, durable=False)
    with psycopg.connect(servers.database_dsn) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION unaccent")
        row = connection.execute(
            "SELECT lower('ЗАКАЗ Ё'), cardinality(show_trgm('заказ')), unaccent('ёж'), "
            "to_tsvector('russian', 'Заказы') = to_tsvector('russian', 'заказ'), "
            "current_setting('server_encoding'), 'Я' < 'а'"
        ).fetchone()
    servers.stop()

    assert row == ("заказ ё", 6, "еж", True, "UTF8", True)


def test_a_second_up_is_told_which_process_holds_the_home(home: Home, other_side: Start) -> None:
    first = other_side("up")
    second = other_side("up")

    assert f"in use by process {first.pid} (otherside.py up" in str(second.said["error"])
    first.leave()
    assert list_server_pids(home) == []


def test_a_short_command_uses_the_servers_of_up_and_leaves_them_running(home: Home, other_side: Start) -> None:
    up = other_side("up")
    assert "error" not in up.said, up.said
    with attach_or_start(home) as addresses:
        write_in_both(addresses)
        holder = read_status(home).holder
    short = other_side("attach")
    short.leave()

    assert holder is not None
    assert holder.pid == up.pid
    assert short.said["pids"] == up.said["pids"]
    with attach_or_start(home) as addresses:
        assert read_from_both(addresses) == ("Привет", 1)
    up.leave()
    assert list_server_pids(home) == []


def test_the_last_short_command_to_leave_stops_the_servers(home: Home, other_side: Start) -> None:
    first = other_side("attach")
    second = other_side("attach")
    assert second.said["pids"] == first.said["pids"]

    first.leave()
    assert list_server_pids(home) != []
    second.leave()
    assert list_server_pids(home) == []


def test_servers_that_outlived_their_parent_are_adopted(home: Home, other_side: Start) -> None:
    up = other_side("up")
    up.kill()

    servers = start_servers(home, durable=False)

    assert servers.pids == up.said["pids"]
    assert set(servers.adopted) == set(ServerName)
    kill_and_wait(home, servers.pids[ServerName.VALKEY])
    assert servers.ensure_running() == (ServerName.VALKEY,)
    assert servers.adopted == (ServerName.POSTGRES,)
    servers.stop()
    assert list_server_pids(home) == []


def test_ctrl_c_does_not_reach_the_servers(home: Home, other_side: Start) -> None:
    up = other_side("up")
    up.interrupt()

    status = read_status(home)

    assert status.is_running
    assert {server.name: server.pid for server in status.servers} == up.said["pids"]


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(home: Home) -> None:
    servers = start_servers(home, durable=False)
    kill_and_wait(home, *servers.pids.values())
    servers.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file = home.postgres_folder / "postmaster.pid"
        _, *rest = pid_file.read_text().splitlines(keepends=True)
        pid_file.write_text("".join([f"{stranger.pid}\n", *rest]))
        (home.valkey_folder / "valkey.pid").write_text(str(stranger.pid))

        again = start_servers(home, durable=False)
        again.stop()

        assert stranger.poll() is None
        stranger.kill()
    assert again.adopted == ()


def test_a_home_with_a_long_path_works(tmp_path: Path) -> None:
    home = open_home(tmp_path / ("long" * 30) / "home")
    assert len(str(home.path)) > LONGEST_SOCKET_PATH
    servers = start_servers(home, durable=False)
    try:
        write_in_both(servers)
        assert read_from_both(servers) == ("Привет", 1)
        assert stat.S_IMODE(home.socket_folder.stat().st_mode) == 0o700
    finally:
        servers.stop()
        home.socket_folder.rmdir()


def test_the_status_of_a_home_tells_versions_memory_and_disk(home: Home) -> None:
    servers = start_servers(home, durable=False)
    running, pids = read_status(home), servers.pids
    servers.stop()
    stopped = read_status(home)

    assert running.is_running
    assert {server.name: server.pid for server in running.servers} == pids
    assert [str(server.version).split(".")[0] for server in running.servers] == ["18", "9"]
    assert all(1_000_000 < server.memory_bytes < 200_000_000 for server in running.servers)
    assert running.disk_free_bytes > 0
    assert not stopped.is_running
    assert [(server.pid, server.memory_bytes) for server in stopped.servers] == [(None, 0), (None, 0)]


def test_a_log_that_grew_is_cut(home: Home) -> None:
    servers = start_servers(home, durable=False)
    log = home.log_folder / "valkey.log"
    with log.open("ab") as written:
        written.write(b"x" * 11_000_000)
    servers.ensure_running()
    servers.stop()

    assert log.stat().st_size < 100_000
    assert log.with_suffix(".log.1").stat().st_size > 11_000_000


def test_data_of_another_version_is_refused_in_words(home: Home) -> None:
    home.postgres_folder.mkdir()
    (home.postgres_folder / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedServerError, match="written by PostgreSQL 17, this is 18"):
        start_servers(home, durable=False)

    assert list_server_pids(home) == []


def test_a_server_that_cannot_start_says_why(home: Home) -> None:
    start_servers(home, durable=False).stop()
    (home.postgres_folder / "local.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(EmbeddedServerError, match=r"postgres did not start: .*no_such_setting"):
        start_servers(home, durable=False)

    assert list_server_pids(home) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
def test_root_opens_the_way_to_its_home_for_the_servers_account_alone(home: Home, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    servers = start_servers(home, durable=False)
    servers.stop()

    for folder in (tmp_path, home.path):
        assert stat.S_IMODE(folder.stat().st_mode) & stat.S_IRWXO == 0
    assert home.postgres_folder.owner() == ACCOUNT_NAME

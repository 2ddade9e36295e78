"""Migrations bring any database with its data to what the models say."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, pool, text
from sqlalchemy.schema import SchemaItem

import inbox.core.tables
import routing.tables
from inbox.conversations.folding import key_of
from inbox.core.database import Base
from inbox.core.schema import alembic_config, migrate, pending_migrations
from tests.servers import TestServers

pytestmark = pytest.mark.outside
MODELS = (inbox.core.tables, routing.tables)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG = "Мы давно ищем диван и вот нашли у вас тот самый, о котором так долго мечтали всей семьёй"
FIRST = """
insert into organisations (id, name) values (1, 'o');
insert into workspaces (id, organisation_id, name, colour, time_zone, unsure_below, sees_all)
  values (1, 1, 'w', 'teal', 'Europe/Moscow', 0, false);
insert into channels (id, workspace_id, platform, external_id, name, credentials_encrypted, key_fingerprint, mode,
  status, capabilities, epoch) values (1, 1, 'telegram', '77', 'b', '-', '----', 'poll', 'active', '[]', 0);
insert into contacts (id, workspace_id, name, note) values (1, 1, 'Анна', '');
insert into identities (id, workspace_id, channel_id, contact_id, external_id, name, is_bot, is_ours, ours_changed_at)
  values (1, 1, 1, 1, '501', 'Анна', false, true, '2026-11-20 09:00:00.5+00');
insert into conversations (id, workspace_id, channel_id, contact_id, identity_id, kind, key, chat_external_id, status,
  outcome, needs_answer, needs_answer_why, priority, toxic, unsure, held, preview, preview_is_ours, started_at,
  last_message_at, status_at, closed_at) values (1, 1, 1, 1, 1, 'direct', 'direct:501', '501', 'closed', 'answered',
  false, 'direct', 'normal', false, false, false, '', false, '2026-11-20 09:00+00', '2026-11-20 09:00+00',
  '2026-11-20 09:05+00', '2026-11-20 09:05+00');
"""


def _is_ours(_item: SchemaItem, name: str | None, kind: str, *_rest: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith("procrastinate"))


def test_models_say_what_migrations_do(servers: TestServers) -> None:
    engine = create_engine(servers.url_of(servers.template), poolclass=pool.NullPool)
    with engine.connect() as connection:
        options = {"include_object": _is_ours, "compare_type": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    engine.dispose()
    assert MODELS
    assert differences == []


def test_a_database_with_data_is_brought_up(servers: TestServers) -> None:
    url = servers.empty()
    try:
        command.upgrade(alembic_config(url), "0001")
        engine = create_engine(url, poolclass=pool.NullPool)
        with engine.begin() as connection:
            for statement in FIRST.strip().removesuffix(";").split(";\n"):
                connection.exec_driver_sql(statement)
        assert pending_migrations(url)[0] == "0002"
        migrate(url)
        assert pending_migrations(url) == []
        with engine.connect() as connection:
            words = connection.execute(text("select ours_words from identities")).scalar_one()
            decided = connection.execute(
                text(
                    "select decided_status, decided_outcome, status_seen_at = closed_at, settled_seen_at = closed_at, "
                    "judged_seen_at from conversations"
                )
            ).one()
        engine.dispose()
        assert words == [{"at": "2026-11-20T09:00:00.500000+00:00", "is_ours": True}]
        assert tuple(decided) == ("closed", "answered", True, True, None)
    finally:
        servers.drop(url)


def test_short_times_of_idleness_are_raised(servers: TestServers) -> None:
    url = servers.empty()
    try:
        engine = _fill(
            url, "0023", lambda one: one.execute(text("update workspaces set idle_off_after = interval '5 minutes'"))
        )
        with engine.connect() as connection:
            length = connection.execute(text("select idle_off_after from workspaces")).scalar_one()
        engine.dispose()
        assert length == timedelta(minutes=10)
    finally:
        servers.drop(url)


def test_comments_that_are_folded_already_fold_by_all_their_words(servers: TestServers) -> None:
    """Long ones that differ at their end differ, «+» after an insult hides nothing, equal ones stay folded."""
    url = servers.empty()
    try:
        engine = _fill(url, "0024", _write_draw)
        with engine.connect() as connection:
            rows = connection.execute(text("select id, foldable, fold_key from conversations where post_id = 1"))
            found = {row.id: (row.foldable, row.fold_key) for row in rows}
        engine.dispose()
        key = key_of(LONG)
        assert found == {
            11: (True, key), 12: (True, key), 13: (False, key_of(f"{LONG} Синий")), 14: (False, None), 15: (True, None),
            16: (False, None),
        }  # fmt: skip
    finally:
        servers.drop(url)


async def test_processes_that_migrate_at_once_do_not_disturb_each_other(servers: TestServers) -> None:
    url = servers.empty()
    try:
        await asyncio.gather(*(asyncio.to_thread(_migrate_apart, url) for _ in range(3)))
        assert pending_migrations(url) == []
    finally:
        servers.drop(url)


def _write_draw(connection: Connection) -> None:
    """Comments as they were folded: by the one that speaks, long ones by what the list shows."""
    said = {
        11: [(LONG, "draw", False)], 12: [(LONG.upper() + "!", "draw", False)], 13: [(f"{LONG} Синий", "draw", False)],
        14: [("Жулики", "draw", True), ("+", "plus", False)], 15: [("+", "plus", False), ("🔥", "emoji", False)],
        16: [(LONG, "draw", False), ("+", "plus", False)],
    }  # fmt: skip
    own = {"workspace_id": 1, "channel_id": 1}
    _insert(
        connection, "posts", **own, id=1, external_id="1", text="", attachment_kinds=[], mode="draw",
        comments_open=True, published_at=NOON,
    )  # fmt: skip
    for talk, comments in said.items():
        _insert(
            connection, "conversations", **own, id=talk, contact_id=1, identity_id=1, post_id=1, kind="comment",
            key=f"thread:{talk}", chat_external_id="1", status="closed", outcome="no_answer_needed_automatic",
            closed_at=NOON, needs_answer=False, needs_answer_why=comments[-1][1], priority="normal", toxic=False,
            unsure=False, held=False, preview="", preview_is_ours=False, started_at=NOON, last_message_at=NOON,
            foldable=True,
        )  # fmt: skip
        for place, (words, why, is_toxic) in enumerate(comments):
            number = talk * 10 + place
            _insert(
                connection, "messages", **own, id=number, conversation_id=talk, external_id=str(number),
                direction="inbound", kind="message", text=words, sent_at=NOON + timedelta(minutes=place),
                needs_answer=False, needs_answer_why=why, held=False, outside=False, further_external_ids=[],
                addresses_us=False, attempt=0,
            )  # fmt: skip
            _insert(
                connection, "tags", workspace_id=1, message_id=number, sentiment="neutral", intent="other",
                toxic=is_toxic, profanity=False, probabilities={}, unsure=[], reasons={}, model_version="",
            )  # fmt: skip


def _insert(connection: Connection, name: str, **values: object) -> None:
    """A row of a table as it is at this version."""
    connection.execute(Table(name, MetaData(), autoload_with=connection).insert().values(**values))


def _fill(url: str, revision: str, write: Callable[[Connection], object]) -> Engine:
    """A database of the first version, brought to `revision`, written to, and brought up."""
    command.upgrade(alembic_config(url), "0001")
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        for statement in FIRST.strip().removesuffix(";").split(";\n"):
            connection.exec_driver_sql(statement)
    command.upgrade(alembic_config(url), revision)
    with engine.begin() as connection:
        write(connection)
    migrate(url)
    return engine


def _migrate_apart(url: str) -> None:
    """As a process of its own would: Alembic's context is one a process."""
    code = "import sys; from inbox.core.schema import migrate; migrate(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, url], check=True, timeout=60)

"""Migrations bring any database with its data to what the models say."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, pool, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import SchemaItem

import inbox.core.tables
import routing.tables
from inbox.conversations.folding import key_of
from inbox.conversations.refresh import refresh
from inbox.core.database import EVERY_WORKSPACE, Base, Database
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

ANOTHER = """
insert into channels (id, workspace_id, platform, external_id, name, credentials_encrypted, key_fingerprint, mode,
  status, capabilities, epoch, api_url)
select :id, workspace_id, platform, external_id, name, credentials_encrypted, key_fingerprint, mode, status,
  capabilities, epoch, :api_url from channels where id = 1
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


def test_an_account_that_another_server_claims_is_occupied_no_more_and_the_way_back_keeps_the_platforms_own(
    servers: TestServers,
) -> None:
    url = servers.empty()
    try:
        engine = _fill(url, "0028", lambda one: one.execute(text("update channels set api_url = 'https://evil.test'")))
        with engine.begin() as connection:
            for number, api_url in ((2, None), (3, "https://local.test")):
                connection.execute(text(ANOTHER), {"id": number, "api_url": api_url})
        with engine.begin() as connection, pytest.raises(IntegrityError):
            connection.execute(text(ANOTHER), {"id": 4, "api_url": None})
        command.downgrade(alembic_config(url), "0028")
        with engine.connect() as connection:
            kept = connection.execute(text("select id from channels where removed_at is null")).scalars().all()
        engine.dispose()
        assert kept == [2]
    finally:
        servers.drop(url)


def test_what_was_edited_before_verdicts_were_kept_asks_as_it_did(servers: TestServers) -> None:
    """An answered question that was reworded stays answered, one that came as an edit waits since it was sent."""
    url = servers.empty()
    try:
        engine = _fill(url, "0029", _write_edits)
        engine.dispose()
        assert asyncio.run(_refreshed(url)) == [(11, None), (12, NOON)]
    finally:
        servers.drop(url)


def test_what_nobody_has_seen_to_is_told_as_refreshing_tells_it(servers: TestServers) -> None:
    """Suspicious after what was seen, or before; unanswered by what failed, before and after the talk was closed."""
    url = servers.empty()
    try:
        engine = _fill(url, "0030", _write_unsettled)
        columns = text("select id, held, undelivered from conversations where id > 10 order by id")
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(columns)]
        assert found == [(11, True, None), (12, False, None), (13, False, "failed"), (14, False, None)]
        asyncio.run(_refreshed(url, range(11, 15)))
        with engine.connect() as connection:
            assert [tuple(row) for row in connection.execute(columns)] == found
        engine.dispose()
    finally:
        servers.drop(url)


def test_clocks_of_who_cannot_be_written_to_stand_as_refreshing_has_them(servers: TestServers) -> None:
    """Blocked before the due time, and before the clock had been broken or after."""
    url = servers.empty()
    try:
        engine = _fill(url, "0033", _write_silent)
        columns = text(
            "select id, silences, first_response_due_at, warn_at from conversations where id > 10 order by id"
        )
        blocked_at = NOON + timedelta(minutes=5)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(columns)]
        assert found == [(11, [blocked_at], None, None), (12, [blocked_at], NOON + timedelta(minutes=2), None)]
        asyncio.run(_refreshed(url))
        with engine.connect() as connection:
            assert connection.execute(columns).all()[0][:3] == (11, [blocked_at], None)
        engine.dispose()
    finally:
        servers.drop(url)


def test_the_journal_tells_when_projects_were_archived(servers: TestServers) -> None:
    """Twice, of which the second time lasts; a project that was never archived has no such times."""
    url = servers.empty()
    try:
        engine = _fill(url, "0034", _write_archived)
        columns = text("select id, rests, archived_at from workspaces order by id")
        later = [NOON + timedelta(hours=hours) for hours in range(3)]
        with engine.connect() as connection:
            assert [tuple(row) for row in connection.execute(columns)] == [(1, later[:2], later[2]), (2, [], None)]
        command.downgrade(alembic_config(url), "0034")
        with engine.connect() as connection:
            back = connection.execute(text("select resumed_at from workspaces order by id")).scalars().all()
        engine.dispose()
        assert back == [later[1], None]
    finally:
        servers.drop(url)


def test_crms_hear_of_new_leads_alone_from_now_on(servers: TestServers) -> None:
    url = servers.empty()
    try:
        engine = _fill(url, "0036", _write_hooks)
        with engine.connect() as connection:
            events = connection.execute(text("select events from webhooks order by id")).scalars().all()
            states = connection.execute(text("select state, last_error is null from webhook_deliveries order by id"))
            assert events == [["lead.created", "lead.changed"], ["lead.created", "rule.matched"], ["lead.created"]]
            assert [tuple(row) for row in states] == [("queued", True), ("queued", True), ("failed", False)]
        engine.dispose()
    finally:
        servers.drop(url)


async def test_processes_that_migrate_at_once_do_not_disturb_each_other(servers: TestServers) -> None:
    url = servers.empty()
    try:
        await asyncio.gather(*(asyncio.to_thread(_migrate_apart, url) for _ in range(3)))
        assert pending_migrations(url) == []
    finally:
        servers.drop(url)


def _write_hooks(connection: Connection) -> None:
    told = (["lead.created", "lead.changed"], ["lead.created", "lead.changed", "rule.matched"], ["lead.changed"])
    for hook, events in enumerate(told, 1):
        _insert(
            connection, "webhooks", id=hook, workspace_id=1, name="CRM", url="https://crm.example", events=events,
            shape="otklik" if hook == 1 else "bitrix24", secret_encrypted=b"-", is_enabled=True, failures=0,
        )  # fmt: skip
    for delivery, (hook, event) in enumerate(((1, "lead.changed"), (3, "lead.created"), (3, "lead.changed")), 1):
        _insert(
            connection, "webhook_deliveries", id=delivery, workspace_id=1, webhook_id=hook, event=event, body={},
            state="queued", attempts=0, next_at=NOON,
        )  # fmt: skip


def _write_edits(connection: Connection) -> None:
    own = {"workspace_id": 1, "channel_id": 1}
    later = NOON + timedelta(hours=2)
    for talk in (11, 12):
        _insert(
            connection, "conversations", **own, id=talk, contact_id=1, identity_id=1, kind="direct",
            key=f"direct:{talk}", chat_external_id=str(talk), status="open", needs_answer=False,
            needs_answer_why="direct", priority="normal", toxic=False, unsure=False, held=False, preview="",
            preview_is_ours=False, started_at=NOON, last_message_at=NOON,
        )  # fmt: skip
        _insert(
            connection, "messages", **own, id=talk, conversation_id=talk, direction="inbound", kind="message",
            external_id=f":{talk}:1", further_external_ids=[], outside=False, text="какая цена и доставка",
            addresses_us=False, sent_at=NOON, edited_at=later, needs_answer=True, needs_answer_why="direct", attempt=0,
        )  # fmt: skip
    _insert(connection, "message_edits", workspace_id=1, message_id=11, edited_at=NOON, text="какая цена")
    _insert(
        connection, "messages", **own, id=13, conversation_id=11, direction="outbound", kind="message",
        external_id=":11:2", further_external_ids=[], outside=True, text="40 000", addresses_us=False,
        sent_at=NOON + timedelta(hours=1), needs_answer=False, needs_answer_why="ours", attempt=0, delivery="sent",
    )  # fmt: skip


def _write_unsettled(connection: Connection) -> None:
    """Two talks that a person closed at noon with something suspicious, and two with a failed answer."""
    own = {"workspace_id": 1, "channel_id": 1}
    for talk, minutes in ((11, 5), (12, -5), (13, 5), (14, -5)):
        is_suspicious, at = talk < 13, NOON + timedelta(minutes=minutes)
        _insert(
            connection, "conversations", **own, id=talk, contact_id=1, identity_id=1, kind="direct",
            key=f"direct:{talk}", chat_external_id=str(talk), status="closed", outcome="answered",
            decided_status="closed", decided_outcome="answered", closed_at=NOON, status_at=NOON, status_seen_at=NOON,
            settled_at=NOON, settled_seen_at=NOON, needs_answer=False, needs_answer_why="direct", priority="normal",
            toxic=False, unsure=False, held=not is_suspicious or minutes < 0, preview="", preview_is_ours=False,
            started_at=NOON, last_message_at=NOON,
        )  # fmt: skip
        _insert(
            connection, "messages", **own, id=talk, conversation_id=talk, kind="message", external_id=f":{talk}:1",
            direction="inbound" if is_suspicious else "outbound", further_external_ids=[], outside=False,
            text="кредит", addresses_us=False, sent_at=at, sending_at=None if is_suspicious else at,
            needs_answer=False, needs_answer_why="spam" if is_suspicious else "ours", held=is_suspicious, attempt=0,
            delivery=None if is_suspicious else "failed",
        )  # fmt: skip


def _write_silent(connection: Connection) -> None:
    """Two private talks of one who blocked the bot at 12:05; the second was late before."""
    own = {"workspace_id": 1, "channel_id": 1}
    connection.execute(text("update identities set is_ours = false, unreachable_at = '2026-11-20 12:05+00'"))
    for talk, minutes in ((11, 15), (12, 2)):
        due = NOON + timedelta(minutes=minutes)
        _insert(
            connection, "conversations", **own, id=talk, contact_id=1, identity_id=1, kind="direct",
            key=f"direct:{talk}", chat_external_id=str(talk), status="open", needs_answer=True,
            needs_answer_why="direct", priority="normal", toxic=False, unsure=False, held=False, preview="",
            preview_is_ours=False, started_at=NOON, last_message_at=NOON, last_inbound_at=NOON, waiting_since_at=NOON,
            first_response_since_at=NOON, first_response_due_at=due, warn_at=due - timedelta(minutes=1),
            first_response_breached_at=due if talk == 12 else None,
        )  # fmt: skip
    _insert(
        connection, "messages", **own, id=11, conversation_id=11, kind="message", external_id=":11:1",
        direction="inbound", further_external_ids=[], outside=False, text="цена?", addresses_us=False, sent_at=NOON,
        needs_answer=True, needs_answer_why="direct", held=False, attempt=0,
    )  # fmt: skip


async def _refreshed(url: str, ids: Collection[int] = (11, 12)) -> list[tuple[int, datetime | None]]:
    """Conversation, and since when it waits, once its state is computed anew."""
    database = Database(url)
    try:
        async with database.transaction(EVERY_WORKSPACE) as session:
            found = await refresh(session, ids)
            return [(one.id, one.waiting_since_at) for one in found]
    finally:
        await database.close()


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


def _insert(connection: Connection, name: str, /, **values: object) -> None:
    """A row of a table as it is at this version."""
    connection.execute(Table(name, MetaData(), autoload_with=connection).insert().values(**values))


def _write_archived(connection: Connection) -> None:
    connection.execute(
        text(
            "insert into workspaces (organisation_id, name, colour, time_zone, unsure_below, sees_all, id) "
            "values (1, 'second', 'teal', 'Europe/Moscow', 0, false, 2)"
        )
    )
    connection.execute(
        text(
            "update workspaces set resumed_at = '2026-11-20 13:00+00', archived_at = '2026-11-20 14:00+00' where id = 1"
        )
    )
    for hours, action in enumerate(("archived", "resumed", "archived")):
        _insert(
            connection, "audit_entries", workspace_id=1, action=f"workspace.{action}", row_kind="workspace", row_id=1,
            occurred_at=NOON + timedelta(hours=hours),
        )  # fmt: skip


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

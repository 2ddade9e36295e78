"""What `otklik doctor` looks at: each check gives findings in plain words, with how to mend what is wrong."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import redis

from inbox.core.clock import utc_now
from inbox.core.database import libpq_url
from inbox.core.errors import SetupError
from inbox.core.schema import pending_migrations
from inbox.core.secrets import Cipher
from inbox.core.stream import GROUP, STREAM

EXTENSIONS = ("pg_trgm", "unaccent")
OLDEST_POSTGRES = 15
OLDEST_REDIS = 7
LEAST_DISK = 1_000_000_000
"""bytes"""
LARGEST_SKEW = timedelta(seconds=2)
STALLED_AFTER = timedelta(seconds=60)
LONGEST_WAIT_IN_STREAM = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` is empty when all is well."""

    is_well: bool
    words: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined."""

    connection: psycopg.Connection[tuple[object, ...]]
    redis: redis.Redis
    database_url: str
    cipher: Cipher
    folder: Path | None
    """The home, when the servers are embedded."""

    def count(self, query: str, *values: object) -> int:
        """The number that a query gives."""
        row = self.connection.execute(query, values).fetchone()
        return int(str(row[0])) if row else 0


Check = Callable[[Patient], Sequence[Finding]]


def postgres_version(patient: Patient) -> Sequence[Finding]:
    """Old versions lack what we use."""
    version = patient.connection.info.server_version // 10_000
    if version < OLDEST_POSTGRES:
        return [Finding(False, f"PostgreSQL {version} is too old", f"use {OLDEST_POSTGRES} or newer")]
    return [Finding(True, f"PostgreSQL {version} answers")]


def migrations(patient: Patient) -> Sequence[Finding]:
    """The schema must be this program's."""
    pending = pending_migrations(patient.database_url)
    if pending:
        return [Finding(False, f"the database lacks {len(pending)} migration(s)", "run: otklik migrate")]
    return [Finding(True, "the database's schema is current")]


def extensions(patient: Patient) -> Sequence[Finding]:
    """Search needs them."""
    rows = patient.connection.execute("select extname from pg_extension").fetchall()
    missing = [name for name in EXTENSIONS if (name,) not in rows]
    if missing:
        mend = "as a superuser run: " + "; ".join(f"create extension {name}" for name in missing)
        return [Finding(False, f"extensions are missing: {', '.join(missing)}", mend)]
    return [Finding(True, f"extensions {', '.join(EXTENSIONS)} are there")]


def redis_settings(patient: Patient) -> Sequence[Finding]:
    """What a platform was told to be received must outlive a crash of Redis."""
    about = patient.redis.info("server")
    version = str(about.get("valkey_version") or about.get("redis_version"))
    findings = [Finding(True, f"{'Valkey' if 'valkey_version' in about else 'Redis'} {version} answers")]
    if int(version.split(".")[0]) < OLDEST_REDIS:
        findings = [Finding(False, f"Redis {version} is too old", f"use {OLDEST_REDIS} or newer, or Valkey")]
    wanted = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
    try:
        found = patient.redis.config_get(*wanted)
    except redis.ResponseError:
        words = "Redis does not tell its settings (CONFIG is forbidden)"
        return [*findings, Finding(False, words, f"see to it that it has {_as_settings(wanted)}")]
    wrong = {name: value for name, value in wanted.items() if str(found.get(name)) != value}
    if wrong:
        has = _as_settings({name: str(found.get(name)) for name in wrong})
        return [*findings, Finding(False, f"Redis may lose messages: it has {has}", f"set {_as_settings(wrong)}")]
    return [*findings, Finding(True, "Redis keeps what it confirms")]


def _as_settings(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def clocks(patient: Patient) -> Sequence[Finding]:
    """Leases and due times compare clocks."""
    row = patient.connection.execute("select extract(epoch from clock_timestamp())").fetchone()
    postgres_at = float(str(row[0])) if row else 0.0
    here = utc_now().timestamp()
    seconds, microseconds = patient.redis.time()
    skews = {"PostgreSQL": postgres_at - here, "Redis": seconds + microseconds / 1e6 - utc_now().timestamp()}
    late = {name: skew for name, skew in skews.items() if abs(skew) > LARGEST_SKEW.total_seconds()}
    if late:
        words = " and ".join(f"{name}'s by {skew:+.0f} s" for name, skew in late.items())
        return [Finding(False, f"clocks differ from this machine's: {words}", "synchronise them, e.g. with chrony")]
    return [Finding(True, "clocks agree")]


def disk(patient: Patient) -> Sequence[Finding]:
    """A full disk stops intake; nothing is lost, but nothing comes in."""
    folder = patient.folder or Path.cwd()
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free at {folder}"
    if free < LEAST_DISK:
        return [Finding(False, words, "make room: messages wait at the platforms, for a day")]
    return [Finding(True, words)]


def stream(patient: Patient) -> Sequence[Finding]:
    """What waits to be stored."""
    length = int(patient.redis.xlen(STREAM))
    if length == 0:
        return [Finding(True, "nothing waits to be stored")]
    oldest = patient.redis.xrange(STREAM, count=1)
    age = timedelta(seconds=utc_now().timestamp() - int(str(oldest[0][0]).split("-")[0]) / 1000) if oldest else None
    if age is not None and age > LONGEST_WAIT_IN_STREAM:
        words = f"{length} events wait to be stored, the oldest for {age.total_seconds() / 60:.0f} min"
        return [Finding(False, words, "is a worker running (otklik up or otklik worker)? its log says why it waits")]
    consumers = len(patient.redis.xinfo_consumers(STREAM, GROUP))
    return [Finding(True, f"{length} events are being stored by {consumers} worker(s)")]


def jobs(patient: Patient) -> Sequence[Finding]:
    """Jobs whose worker died, and jobs that fail again and again."""
    stalled = patient.count(
        "select count(*) from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id"
        " where j.status = 'doing' and (w.id is null or w.last_heartbeat < now() - %s::interval)",
        STALLED_AFTER,
    )
    failing = patient.count("select count(*) from procrastinate_jobs where status = 'todo' and attempts >= 5")
    findings = []
    if stalled:
        findings.append(
            Finding(False, f"{stalled} job(s) belong to a dead worker", "start a worker: it frees them within 30 s")
        )
    if failing:
        findings.append(
            Finding(False, f"{failing} job(s) failed five times or more and go on trying", "the worker's log says why")
        )
    return findings or [Finding(True, "no job is stuck")]


def replies(patient: Patient) -> Sequence[Finding]:
    """Outcomes that only a person can find out."""
    uncertain = patient.count("select count(*) from messages where delivery = 'uncertain'")
    if uncertain:
        mend = "look in the panel whether they arrived, then confirm them or send them again"
        return [Finding(False, f"of {uncertain} repl(ies) it is not known whether they arrived", mend)]
    return [Finding(True, "every reply's outcome is known")]


def dead_events(patient: Patient) -> Sequence[Finding]:
    """Payloads that nobody understood."""
    count = patient.count("select count(*) from dead_events where replayed_at is null")
    if count:
        row = patient.connection.execute(
            "select error from dead_events where replayed_at is null order by id desc limit 1"
        ).fetchone()
        words = f"{count} event(s) could not be understood; the newest: {str(row[0])[:120] if row else ''}"
        return [Finding(False, words, "they are kept whole in dead_events; update otklik and replay them")]
    return [Finding(True, "every event was understood")]


def channels(patient: Patient) -> Sequence[Finding]:
    """Accounts that do not receive, and keys that cannot be read."""
    rows = patient.connection.execute(
        "select id, name, status, status_reason, credentials_encrypted from channels"
        " where removed_at is null and workspace_id not in (select id from workspaces where archived_at is not null)"
        " order by id"
    ).fetchall()
    findings = []
    for channel_id, name, status, reason, encrypted in rows:
        try:
            patient.cipher.decrypt_fields(bytes(encrypted) if isinstance(encrypted, bytes | memoryview) else b"")
        except SetupError:
            words = f"the key of channel {channel_id} «{name}» was encrypted with another OTKLIK_SECRET_KEY"
            findings.append(Finding(False, words, "bring back the old key, or enter the channel's token again"))
        if status in {"attention", "down"}:
            mend = "see the channel's page in the panel" if status == "attention" else "it is tried again by itself"
            findings.append(Finding(False, f"channel {channel_id} «{name}»: {reason or status}", mend))
    return findings or [Finding(True, f"{len(rows)} channel(s) are well, their keys can be read")]


CHECKS: tuple[Check, ...] = (
    postgres_version, migrations, extensions, redis_settings, clocks, disk, stream, jobs, replies, dead_events,
    channels,
)  # fmt: skip
NEED_SCHEMA = frozenset({jobs, replies, dead_events, channels})


def examine(patient: Patient) -> list[Finding]:
    """Every check; those of tables only once the tables are there."""
    findings: list[Finding] = []
    for check in CHECKS:
        if check in NEED_SCHEMA and pending_migrations(patient.database_url):
            continue
        findings += check(patient)
    return findings


def connect(database_url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection for reading; SetupError in words when there is none."""
    try:
        return psycopg.connect(libpq_url(database_url), connect_timeout=5, autocommit=True)
    except psycopg.OperationalError as error:
        raise SetupError(f"PostgreSQL cannot be reached: {str(error).strip().splitlines()[-1]}") from None

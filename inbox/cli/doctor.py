"""`otklik doctor`: says in plain words what is wrong and how to mend it."""

from contextlib import closing

import redis
from rich.console import Console
from rich.markup import escape

from inbox.cli.build import find_cipher, outside_addresses, reach_servers
from inbox.cli.findings import Finding, Patient, connect, examine
from inbox.core.embedded.home import open_home
from inbox.core.embedded.status import read_status
from inbox.core.errors import SetupError
from inbox.core.settings import Settings


def doctor(settings: Settings) -> bool:
    """Examine and tell; whether all is well."""
    console = Console()
    findings = _about_home(settings)
    with reach_servers(settings) as addresses:
        try:
            findings += _examine(settings, addresses.database_url, addresses.redis_url)
        except redis.RedisError as error:
            findings.append(Finding(False, f"Redis cannot be reached: {error}", "start it, or mend OTKLIK_REDIS_URL"))
    for finding in findings:
        mark = "[green]ok [/]" if finding.is_well else "[red]BAD[/]"
        console.print(f"{mark} {escape(finding.words)}", soft_wrap=True)
        if finding.mend:
            console.print(f"    → {escape(finding.mend)}", soft_wrap=True)
    return all(finding.is_well for finding in findings)


def _about_home(settings: Settings) -> list[Finding]:
    """Who holds the home and what its servers cost, when they are embedded."""
    if outside_addresses(settings):
        return [Finding(True, "outside servers are set")]
    home = open_home(settings.home)
    status = read_status(home)
    if status.holder is None:
        return [Finding(True, f"nobody runs on {home.path} now: its servers are started for this examination")]
    memory = sum(server.memory_bytes for server in status.servers) / 1e6
    holder = f"process {status.holder.pid} ({status.holder.command})"
    return [Finding(True, f"{home.path} is held by {holder}; its servers take {memory:.0f} MB")]


def _examine(settings: Settings, database_url: str, redis_url: str) -> list[Finding]:
    folder = None if outside_addresses(settings) else open_home(settings.home).path
    try:
        cipher = find_cipher(settings, None)
    except SetupError as error:
        return [Finding(False, str(error), "set OTKLIK_SECRET_KEY")]
    with (
        closing(connect(database_url)) as connection,
        redis.Redis.from_url(redis_url, decode_responses=True, socket_timeout=5) as client,
    ):
        return examine(Patient(connection, client, database_url, cipher, folder))

"""What a server is to those that start, watch and stop it; PostgreSQL and Valkey are the two."""

import signal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from inbox.core.embedded.account import Account
from inbox.core.embedded.home import Home


class ServerName(StrEnum):
    """The embedded servers."""

    POSTGRES = "postgres"
    VALKEY = "valkey"


class Program(Protocol):
    """A server that can be started on its folder."""

    @property
    def name(self) -> ServerName:
        """Which one."""

    @property
    def home(self) -> Home:
        """Whose it is."""

    @property
    def account(self) -> Account | None:
        """Whom it runs as; None: as we do."""

    @property
    def stop_signal(self) -> signal.Signals:
        """What asks it to end in order."""

    @property
    def folder(self) -> Path:
        """Its data, and its working folder."""

    @property
    def log(self) -> Path:
        """Where its words go."""

    def prepare(self) -> None:
        """Make the data if there is none, write the settings, clear what a dead server left."""

    def command(self) -> list[str]:
        """What to execute."""

    def find_pid(self) -> int | None:
        """The live server on this folder, whoever started it."""

    def answers(self) -> bool:
        """Whether it serves now."""

    def settle(self) -> None:
        """What must exist inside before the first client comes."""

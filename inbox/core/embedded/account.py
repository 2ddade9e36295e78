"""Who runs the servers when Otklik runs as root: PostgreSQL refuses root, so an account without rights does.

The account is the owner of the home's data; for a new home, the home's owner if that is not root, else the system
account `otklik-servers`, which is created on first use. It must be able to walk to its data and programs: each folder
on the way that would stop it gets an access control entry `--x` for this one account (no listing, nobody else). Only
where the file system has no such entries the folder is opened for walking (o+x) to all. Nothing is opened for reading
but the programs themselves, and these only when they were installed unreadable.
"""

import fcntl
import os
import pwd
import shutil
import stat
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inbox.core.embedded.errors import EmbeddedServerError
from inbox.core.embedded.installation import program_folders

ACCOUNT_NAME = "otklik-servers"

# The attribute's layout is the kernel's (linux/posix_acl_xattr.h): version 2, then (tag, permissions, id), sorted.
_ACL = "system.posix_acl_access"
_ACL_VERSION = 2
_OWNER, _NAMED_USER, _GROUP, _NAMED_GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_WALK = 1


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged system account."""

    user_id: int
    group_id: int

    def own(self, path: Path) -> None:
        """Make `path` the account's."""
        os.chown(path, self.user_id, self.group_id)


def find_account(home: Path, data: Path) -> Account | None:
    """The account to run servers as; None when we are not root and run them as ourselves."""
    if os.geteuid() != 0:
        return None
    for folder in (data, home):
        if folder.is_dir() and folder.stat().st_uid != 0:
            found = folder.stat()
            return Account(found.st_uid, found.st_gid)
    return find_system_account()


def open_way(account: Account, *targets: Path) -> None:
    """Let `account` walk to the targets and run the programs, and nothing more."""
    for target in targets:
        for folder in (target, *target.parents):
            _let_walk(account, folder)
    for folder in program_folders():
        for parent in folder.parents:
            _let_walk(account, parent)
        if not folder.stat().st_mode & stat.S_IXOTH:
            _let_read(folder)


def find_system_account(name: str = ACCOUNT_NAME) -> Account:
    """The system account of this name, created when it is missing. First starts at once agree on one.

    useradd's own lock does not keep two of them apart everywhere: each says that it made the account, with ids of its
    own, and the last to write wins. So one process at a time looks and creates.
    """
    with one_at_a_time():
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            _create_system_account(name)
            found = pwd.getpwnam(name)
    return Account(found.pw_uid, found.pw_gid)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Among Otklik's processes, whoever changes the system's accounts."""
    folder = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _create_system_account(name: str) -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise EmbeddedServerError(
            "PostgreSQL does not run as root and useradd is missing: run otklik as an ordinary user"
        )
    command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    made = subprocess.run(  # noqa: S603
        [*command, "--shell", "/usr/sbin/nologin", name], capture_output=True, check=False, text=True
    )
    if made.returncode != 0:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root and the account {name} cannot be created ({made.stderr.strip()}): "
            "run otklik as an ordinary user"
        )


def _let_walk(account: Account, folder: Path) -> None:
    found = folder.stat()
    if found.st_mode & stat.S_IXOTH or (found.st_uid == account.user_id and found.st_mode & stat.S_IXUSR):
        return
    try:
        _add_walk_entry(account, folder, found.st_mode)
    except (OSError, AttributeError):  # no such entries on this file system, or on this operating system
        folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _add_walk_entry(account: Account, folder: Path, mode: int) -> None:
    entries = {(tag, identity): permissions for tag, permissions, identity in _read_entries(folder, mode)}
    mask = entries.get((_MASK, _NO_ID), entries[_GROUP, _NO_ID])
    own = entries.get((_NAMED_USER, account.user_id), 0)
    entries[_NAMED_USER, account.user_id] = own | _WALK
    entries[_MASK, _NO_ID] = mask | _WALK
    packed = (struct.pack("<HHI", tag, entries[tag, identity], identity) for tag, identity in sorted(entries))
    os.setxattr(folder, _ACL, struct.pack("<I", _ACL_VERSION) + b"".join(packed))


def _read_entries(folder: Path, mode: int) -> list[tuple[int, int, int]]:
    if _ACL in os.listxattr(folder):
        return [
            (tag, bits, identity) for tag, bits, identity in struct.iter_unpack("<HHI", os.getxattr(folder, _ACL)[4:])
        ]
    return [(_OWNER, mode >> 6 & 7, _NO_ID), (_GROUP, mode >> 3 & 7, _NO_ID), (_OTHER, mode & 7, _NO_ID)]


def _let_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        opened = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        path.chmod(mode | opened)

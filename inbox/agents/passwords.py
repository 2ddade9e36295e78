"""Passwords: Argon2 by pwdlib, and constant work for people who do not exist. CPU-heavy: call from a thread."""

from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

MIN_LENGTH = 8
MAX_LENGTH = 1024

_hashes = PasswordHash((Argon2Hasher(),))


def hash_password(password: str) -> str:
    """What is stored."""
    return _hashes.hash(password)


def verify_password(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Whether it is the right one, and a fresh hash when the stored one is of older strength.

    `password_hash` None (nobody has that e-mail) costs the same time as a wrong password.
    """
    try:
        is_right, fresh = _hashes.verify_and_update(password, password_hash or _nobodys_hash())
    except UnknownHashError:
        return False, None
    return is_right and password_hash is not None, fresh


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return hash_password("nobody has this password")

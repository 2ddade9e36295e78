"""Secrets: Fernet for what must be read back, SHA-256 for what must only be recognised."""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from inbox.core.errors import SetupError


class Cipher:
    """Encrypts channel keys with OTKLIK_SECRET_KEY."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise SetupError(
                "OTKLIK_SECRET_KEY is not a Fernet key: 32 bytes in URL-safe base64 (44 characters)"
            ) from None
        self._fingerprint_key = hashlib.sha256(b"otklik:fingerprint:" + key.encode()).digest()

    def encrypt(self, secret: str) -> bytes:
        """Encrypted bytes for a column."""
        return self._fernet.encrypt(secret.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """The secret again; SetupError when it was encrypted with another key."""
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken:
            raise SetupError("a stored key was encrypted with another OTKLIK_SECRET_KEY") from None

    def hide(self, text: str) -> str:
        """A fingerprint by which only this key's holder recognises the text, in hex: HMAC-SHA256."""
        return hmac.new(self._fingerprint_key, text.encode(), hashlib.sha256).hexdigest()

    def encrypt_fields(self, fields: dict[str, str]) -> bytes:
        """Several named secrets as one column."""
        return self.encrypt(json.dumps(fields))

    def decrypt_fields(self, encrypted: bytes) -> dict[str, str]:
        """Named secrets again."""
        loaded: dict[str, str] = json.loads(self.decrypt(encrypted))
        return loaded


def read_or_make_key(path: Path) -> str:
    """The key in a file of mode 600, made on first use."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = Fernet.generate_key().decode()
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def make_secret() -> str:
    """A new random secret of 256 bits, safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is stored of a token: SHA-256, in hex (the secret is random, so no slow hash is needed)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same_secret(expected: str, got: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(expected.encode(), got.encode())

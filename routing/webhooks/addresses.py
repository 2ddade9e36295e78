"""Where webhooks may go: public addresses only, resolved once, so that what was checked is what is called."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from inbox.core.addresses import find_addresses, is_public
from inbox.core.errors import InvalidInputError
from inbox.core.i18n import N_

LONGEST_URL = 500
PRIVATE = N_("This address leads into a private network.")
UNKNOWN = N_("This address is not known.")


class ForbiddenAddressError(Exception):
    """The address must not be called; its text is for people."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: `ip` is what is connected to, `host` what is asked for."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str

    @property
    def url(self) -> str:
        """The address to connect to."""
        ip = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.scheme}://{ip}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        """As the server expects it."""
        usual = {"http": 80, "https": 443}[self.scheme]
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def check_url(url: str, *, allow_private: bool) -> str:
    """The address without blanks; InvalidInputError for what is none, or plainly private."""
    stripped = url.strip()
    wrong = InvalidInputError("Expected an address that begins with https://", field="url")
    if len(stripped) > LONGEST_URL or any(one.isspace() or not one.isprintable() for one in stripped):
        raise wrong
    try:
        parts = urlsplit(stripped)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise wrong from None
    if not is_whole or "@" in parts.netloc:
        raise wrong
    if parts.scheme != "https" and not allow_private:
        raise wrong
    host = parts.hostname or ""
    if not allow_private and (
        _is_private_literal(host) or host == "localhost" or host.endswith((".local", ".internal"))
    ):
        raise InvalidInputError(PRIVATE, field="url")
    return stripped


def place_of(url: str) -> tuple[str, str, int]:
    """The scheme, host and port that a checked address leads to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


async def resolve(url: str, *, allow_private: bool) -> Target:
    """Resolve and check every address of the host; ForbiddenAddressError when one of them is private."""
    parts = urlsplit(url)
    scheme, host, port = place_of(url)
    try:
        addresses = await find_addresses(host, port)
    except (OSError, UnicodeError):
        raise ForbiddenAddressError(UNKNOWN) from None
    if not addresses:
        raise ForbiddenAddressError(UNKNOWN)
    if not allow_private and any(not is_public(one) for one in addresses):
        raise ForbiddenAddressError(PRIVATE)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, host, port, addresses[0], path)


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False

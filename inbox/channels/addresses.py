"""Addresses that people type for a channel: the API's base URL and a proxy."""

from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from inbox.core.i18n import N_

API_SCHEMES = frozenset({"http", "https"})
PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks5"})
LONGEST = 500
NO_BRACES = N_("The API's address has no braces: write it without the place of the key.")


def check_api_url(url: str) -> str:
    """The base URL without a slash at its end; ValueError for what is none, or holds a password or braces."""
    parts = _split(url.strip(), API_SCHEMES)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a base URL has no user, query or fragment")
    if {"{", "}"} & set(url):
        raise ValueError(NO_BRACES)
    return url.strip().rstrip("/")


def check_proxy_url(url: SecretStr) -> SecretStr:
    """The proxy's URL; ValueError for a scheme that no proxy has."""
    stripped = url.get_secret_value().strip()
    _split(stripped, PROXY_SCHEMES)
    return SecretStr(stripped)


def _split(url: str, schemes: frozenset[str]) -> SplitResult:
    words = f"expected an address that begins with {', '.join(f'{scheme}://' for scheme in sorted(schemes))}"
    if len(url) > LONGEST or any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError(words)
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
        parts = SplitResult("", "", "", "", "")
    if not is_whole:
        raise ValueError(words)
    return parts

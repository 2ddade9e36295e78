"""Which addresses may be called for people who typed them: public ones, unless whoever runs Otklik allows others."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from inbox.core.i18n import N_

PRIVATE_SERVER = N_(
    "This address leads into a private network. Whoever runs Otklik can allow such servers and proxies "
    "for channels with OTKLIK_CHANNELS_PRIVATE=true."
)


class PrivateAddressError(OSError):
    """A connection that would have ended in a private network; not a byte was sent."""

    def __init__(self) -> None:
        super().__init__(PRIVATE_SERVER)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet; what is wrapped in IPv6 counts as what it wraps."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is not None:
            return is_public(str(wrapped))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


async def find_addresses(host: str, port: int) -> list[str]:
    """The IP addresses of a host in the order of the system; OSError or UnicodeError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def find_public_address(host: str, port: int) -> str:
    """What to connect to; PrivateAddressError when one of the host's addresses is private."""
    return _first_public(await find_addresses(host, port))


def wait_for_public_address(host: str, port: int) -> str:
    """The same for a thread that may wait."""
    return _first_public([str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])


async def leads_inside(url: str) -> bool:
    """Whether a URL's host is, or has, a private address. A name that nobody knows leads nowhere."""
    try:
        parts = urlsplit(url)
        await find_public_address(parts.hostname or "", parts.port or 443)
    except PrivateAddressError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _first_public(addresses: list[str]) -> str:
    if not addresses or any(not is_public(one) for one in addresses):
        raise PrivateAddressError
    return addresses[0]

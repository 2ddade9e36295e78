"""Connections that end at public addresses only: for servers and proxies that a project's people named.

It is the address that is connected to that is looked at, so that no name, redirect or later look-up leads around it.
"""

import socket

from aiohttp import AddrInfoType

from inbox.channels.adapter import Account
from inbox.core.addresses import PrivateAddressError, is_public


def is_guarded(account: Account, *, allow_private: bool) -> bool:
    """Whether what the account connects to must be public: what is typed may lie, the platform's own servers do not."""
    return not allow_private and (account.api_url is not None or account.proxy_url is not None)


def open_public(place: AddrInfoType) -> socket.socket:
    """aiohttp's `socket_factory`; PrivateAddressError for what is no public address."""
    family, kind, protocol, _, address = place
    if not is_public(str(address[0])):
        raise PrivateAddressError
    return socket.socket(family, kind, protocol)


def was_private(error: BaseException | None) -> bool:
    """Whether this is what became of a PrivateAddressError on its way through a library."""
    while error is not None and not isinstance(error, PrivateAddressError):
        error = error.__context__
    return error is not None

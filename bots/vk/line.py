"""How requests travel to VK, or to the server that stands for it: timeouts, and no way into a private network."""

import socket
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError

from inbox.core.addresses import wait_for_public_address

DEFAULT_API_URL = "https://api.vk.ru"
CONNECT_SECONDS = 10
READ_SECONDS = 30
SOCKS_PORT = 1080


class _PublicConnection(HTTPConnection):
    """Looks its host up once: what was found public is what is connected to. TLS still asks for the host's name."""

    @override
    def _new_conn(self) -> socket.socket:
        host = self.host
        try:
            self.host = wait_for_public_address(host, self.port)
            return super()._new_conn()
        except socket.gaierror as error:
            raise NameResolutionError(host, self, error) from error
        finally:
            self.host = host


class _PublicTlsConnection(_PublicConnection, HTTPSConnection):
    """The same over TLS."""


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicTlsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTlsConnection


_PUBLIC_POOLS = {"http": _PublicPool, "https": _PublicTlsPool}


class Line(HTTPAdapter):
    """Timeouts on every request, and another server in place of vk_api's own; public addresses only when guarded."""

    def __init__(self, api_url: str | None, *, is_guarded: bool) -> None:
        self._api_url = (api_url or DEFAULT_API_URL).rstrip("/")
        self._is_guarded = is_guarded
        super().__init__(pool_connections=2, pool_maxsize=2, max_retries=0)
        if is_guarded:
            self.poolmanager.pool_classes_by_scheme = _PUBLIC_POOLS

    @override
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        if request.url and request.url.startswith(f"{DEFAULT_API_URL}/method/"):
            request.url = self._api_url + request.url.removeprefix(DEFAULT_API_URL)
        limits = timeout or (CONNECT_SECONDS, READ_SECONDS)
        if self._is_guarded and proxies:
            proxies = {scheme: _pin(proxy) for scheme, proxy in proxies.items()}
        return super().send(request, stream, limits, verify, cert, proxies)

    @override
    def proxy_manager_for(self, proxy: str, **proxy_kwargs: object) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if self._is_guarded and not _is_socks(proxy):
            manager.pool_classes_by_scheme = _PUBLIC_POOLS
        return manager


def _is_socks(proxy: str) -> bool:
    return proxy.lower().startswith("socks")


def _pin(proxy: str) -> str:
    """A SOCKS proxy by the address that was looked at; the others' connections look by themselves."""
    if not _is_socks(proxy):
        return proxy
    parts = urlsplit(proxy)
    try:
        address = wait_for_public_address(parts.hostname or "", parts.port or SOCKS_PORT)
    except socket.gaierror as error:
        raise requests.exceptions.ProxyError(error) from None
    user, at, _ = parts.netloc.rpartition("@")
    place = f"[{address}]" if ":" in address else address
    return parts._replace(netloc=f"{user}{at}{place}:{parts.port or SOCKS_PORT}").geturl()

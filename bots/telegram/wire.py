"""The HTTP side of the Bot API: one question, one answer; no token ever leaves it in an error.

aiogram builds the requests and owns the connection pool; the answer is read raw, so that a field aiogram does not know
yet cannot turn a delivered message into an unknown outcome. Errors of aiohttp carry the URL, and with it the token:
ours are raised after theirs are gone, without cause or context.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from ssl import SSLContext

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.utils.token import TokenValidationError, validate_token
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
    NonHttpUrlClientError,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from typing_extensions import override

from bots.fields import RawObject
from bots.guard import is_guarded, open_public, was_private
from bots.telegram.reasons import CANNOT_CONNECT, FILE_GONE, KEY_REVOKED, NO_ANSWER, NO_PROXY_SUPPORT
from inbox.channels.adapter import Account
from inbox.core.addresses import PRIVATE_SERVER, find_public_address
from inbox.core.errors import (
    KeyRefusedError,
    PermanentRefusalError,
    PlatformError,
    SetupError,
    TemporaryRefusalError,
    UnknownOutcomeError,
)

CALL_SECONDS = 20
FILE_SECONDS = 300
CALL_LIMITS = ClientTimeout(total=CALL_SECONDS, connect=10, sock_connect=10, sock_read=CALL_SECONDS)
FILE_LIMITS = ClientTimeout(total=FILE_SECONDS, connect=10, sock_connect=10, sock_read=120)
"""A call that lasts longer has an unknown outcome; how long a reply may be `sending` follows from these."""

IDLE_SECONDS = 4.0
"""A connection unused for longer is not used again: servers close idle ones (uvicorn's after five seconds), and a
message written into one that is just being closed has an unknown outcome.
"""

CHUNK_BYTES = 64 * 1024

_PROXY_FAILED = (ProxyConnectionError, ProxyError, ProxyTimeoutError)
_NEVER_LEFT = (
    *_PROXY_FAILED,
    ClientConnectorError,
    ClientHttpProxyError,
    ConnectionTimeoutError,
    InvalidURL,
    NonHttpUrlClientError,
)
"""Errors raised before a byte of the request was written."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the Bot API answered: `code` is its error code or HTTP's status, `result` is raw JSON."""

    code: int
    ok: bool
    result: object = None
    description: str = ""
    retry_after: timedelta | None = None
    migrate_to_chat_id: int | None = None


class _PublicProxyConnector(ProxyConnector):
    """The way through a SOCKS proxy at a public address; where it leads from there is the proxy's own network."""

    _named: str | None = None

    @override
    async def _connect_via_proxy(
        self, host: str, port: int, ssl: SSLContext | None = None, timeout: float | None = None
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        self._named = self._named or self._proxy_host
        try:
            self._proxy_host = await find_public_address(self._named, self._proxy_port)
        except (OSError, UnicodeError) as error:  # nothing has left: not an error of a connection that stood
            raise ProxyConnectionError(str(error)) from error
        return await super()._connect_via_proxy(host, port, ssl, timeout)


class Wire(AiohttpSession):
    """The connection pool to one Bot API server through one proxy, shared by many bots.

    A guarded one connects to public addresses only, and says so when it does not.
    """

    def __init__(self, api_url: str | None, proxy_url: str | None, *, is_guarded: bool) -> None:
        # aiohttp speaks to HTTP proxies by itself; aiogram reaches the others through aiohttp-socks.
        is_http_proxy = proxy_url is not None and proxy_url.startswith(("http://", "https://"))
        self._http_proxy = proxy_url if is_http_proxy else None
        api = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
        try:
            # Each bot's long poll keeps a connection, so their number has no limit.
            super().__init__(proxy=None if is_http_proxy else proxy_url, limit=0, api=api)
        except RuntimeError:
            raise SetupError(NO_PROXY_SUPPORT) from None
        self._connector_init["keepalive_timeout"] = IDLE_SECONDS
        if is_guarded and self._connector_type is ProxyConnector:
            self._connector_type = _PublicProxyConnector
        elif is_guarded:
            self._connector_init["socket_factory"] = open_public

    async def ask(
        self, account: Account, method: TelegramMethod[TelegramType], limits: ClientTimeout = CALL_LIMITS
    ) -> Answer:
        """The answer to a call, a refusal included.

        TemporaryRefusalError when the request never left, UnknownOutcomeError when no sensible answer came.
        """
        _check_token(account)
        got = await self._exchange(account, method, limits)
        if isinstance(got, PlatformError):
            raise got
        return _read_answer(*got)

    async def _exchange(
        self, account: Account, method: TelegramMethod[TelegramType], limits: ClientTimeout
    ) -> tuple[int, bytes] | PlatformError:
        """Status and body, or the error to raise: not from here, where a local's repr holds the URL."""
        session = await self.create_session()
        try:
            async with session.post(
                self.api.api_url(account.token, method.__api_method__),
                data=self.build_form_data(Bot(account.token, session=self), method),
                timeout=limits,
                proxy=self._http_proxy,
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except _NEVER_LEFT as error:
            return TemporaryRefusalError(PRIVATE_SERVER if was_private(error) else CANNOT_CONNECT)
        except (ClientError, TimeoutError, OSError):
            return UnknownOutcomeError(NO_ANSWER)

    async def read(self, account: Account, path: str) -> AsyncIterator[bytes]:
        """The bytes of a file that getFile named, in chunks."""
        _check_token(account)
        failure: PlatformError | None = None
        async with aclosing(self._pieces(account, path)) as pieces:
            async for piece in pieces:
                if isinstance(piece, PlatformError):
                    failure = piece
                else:
                    yield piece
        if failure is not None:
            raise failure

    async def _pieces(self, account: Account, path: str) -> AsyncGenerator[bytes | PlatformError, None]:
        """Chunks, and last the error to raise, if any. No redirect is followed: it might lead into our own network."""
        session = await self.create_session()
        try:
            async with session.get(
                self.api.file_url(account.token, path),
                timeout=FILE_LIMITS,
                proxy=self._http_proxy,
                allow_redirects=False,
            ) as response:
                if response.status == 200:
                    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                        yield chunk
                elif response.status in {400, 404}:
                    yield PermanentRefusalError(FILE_GONE)
                else:
                    yield TemporaryRefusalError(NO_ANSWER)
        except (*_PROXY_FAILED, ClientError, TimeoutError, OSError) as error:
            yield TemporaryRefusalError(PRIVATE_SERVER if was_private(error) else NO_ANSWER)


class Wires:
    """The connection pools of a process, one for each pair of server and proxy.

    `allow_private`: whether servers and proxies that people named may stand in a private network.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._open: dict[tuple[str | None, str | None], Wire] = {}

    def wire(self, account: Account) -> Wire:
        """The pool that serves an account."""
        key = (account.api_url, account.proxy_url)
        if key not in self._open:
            self._open[key] = Wire(*key, is_guarded=is_guarded(account, allow_private=self._allow_private))
        return self._open[key]

    async def close(self) -> None:
        """Close all pools."""
        while self._open:
            _, wire = self._open.popitem()
            await wire.close()


def _check_token(account: Account) -> None:
    """What does not look like a token must not become a part of a URL.

    The token is a local of no frame of ours that raises, for some tracebacks show locals.
    """
    try:
        is_valid = validate_token(account.token) and "/" not in account.token
    except TokenValidationError:
        is_valid = False
    if not is_valid:
        raise KeyRefusedError(KEY_REVOKED)


def _read_answer(status: int, body: bytes) -> Answer:
    """A refusal needs no readable body, a success does: without it nobody knows what was done."""
    try:
        parsed: object = json.loads(body)
    except ValueError:
        parsed = None
    answer: RawObject = parsed if isinstance(parsed, dict) else {}
    if status >= 500 or (status < 400 and "ok" not in answer):
        raise UnknownOutcomeError(NO_ANSWER)
    parameters = answer.get("parameters")
    details: RawObject = parameters if isinstance(parameters, dict) else {}
    code, description, seconds = answer.get("error_code"), answer.get("description"), details.get("retry_after")
    new_chat_id = details.get("migrate_to_chat_id")
    return Answer(
        code=code if isinstance(code, int) else status,
        ok=answer.get("ok") is True,
        result=answer.get("result"),
        description=description if isinstance(description, str) else "",
        retry_after=timedelta(seconds=seconds) if isinstance(seconds, int) else None,
        migrate_to_chat_id=new_chat_id if isinstance(new_chat_id, int) else None,
    )

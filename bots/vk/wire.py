"""The HTTP side of VK's API: one question, one answer, each key in a thread of its own; no key leaves it in an error.

vk_api blocks, has no timeout, repeats error 6 without bound and holds a lock during a request, so that every key gets
one instance of it, one thread, a session with timeouts, and no error handlers. Its exceptions carry the key: ours are
raised after theirs are gone, without cause or context.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import requests
from aiohttp import ClientSession, TCPConnector
from jconfig import MemoryConfig
from requests.exceptions import ConnectTimeout, InvalidSchema, InvalidURL, MissingSchema, ProxyError, SSLError
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError
from vk_api import ApiError, ApiHttpError, VkApi
from vk_api.vk_api import VkApiGroup

from bots.guard import is_guarded, open_public, was_private
from bots.vk.line import CONNECT_SECONDS, Line
from bots.vk.reasons import CANNOT_CONNECT, NO_ANSWER, NO_PROXY_SUPPORT
from inbox.channels.adapter import Account, KeyKind
from inbox.core.addresses import PRIVATE_SERVER, PrivateAddressError
from inbox.core.errors import PlatformError, TemporaryRefusalError, UnknownOutcomeError

API_VERSION = "5.199"
OWN_CALLS_PER_SECOND = 20
USER_CALLS_PER_SECOND = 3
"""VK's limits; vk_api paces both within this process, the token bucket in Redis over all."""

UPLOAD_SECONDS = 120
IDLE_SECONDS = 600
PAUSES = (0.4, 1.5)
"""seconds before the second and the third try of a call"""

_NEVER_LEFT = (ConnectTimeout, ProxyError, SSLError, InvalidURL, MissingSchema)
"""Errors raised before a byte of the request was written."""
_UNREACHED = (NewConnectionError, ConnectTimeoutError, NameResolutionError)

Params = Mapping[str, str | int]
_Given = TypeVar("_Given")


@dataclass(frozen=True, slots=True)
class Answer:
    """What VK answered: a result, or its error's code and words."""

    result: object = None
    code: int | None = None
    subcode: int | None = None
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is a result."""
        return self.code is None


@dataclass(frozen=True, slots=True)
class File:
    """A file on its way to an upload address, under the form's field name."""

    field_name: str
    file_name: str
    mime_type: str
    content: bytes = field(repr=False)


class Wire:
    """One key's line to VK: a vk_api instance in a thread of its own. A guarded one calls public addresses only."""

    def __init__(self, account: Account, kind: KeyKind, token: str, *, is_guarded: bool) -> None:
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        line = Line(account.api_url, is_guarded=is_guarded)
        session.mount("https://", line)
        session.mount("http://", line)
        if account.proxy_url is not None:
            session.proxies = {"http": account.proxy_url, "https": account.proxy_url}
        maker = VkApiGroup if kind is KeyKind.OWN else VkApi
        self._vk = maker(token=token, config=MemoryConfig, api_version=API_VERSION, session=session)
        self._vk.error_handlers.clear()
        self._session = session
        self._in_hand = 0
        self._used_at = time.monotonic()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"vk-{account.channel_id}-{kind}")

    async def ask(self, method: str, params: Params) -> Answer:
        """The answer to a call, a refusal included.

        TemporaryRefusalError when the request never left, UnknownOutcomeError when no sensible answer came.
        """
        got = await self._in_thread(self._exchange, method, params)
        if isinstance(got, PlatformError):
            raise got
        return got

    async def upload(self, url: str, file: File) -> object:
        """What an upload address answers; it holds no key. Errors as in `ask`."""
        got = await self._in_thread(self._bring, url, file)
        if isinstance(got, PlatformError):
            raise got
        return got.result

    def is_idle(self, seconds: float) -> bool:
        """Whether nobody uses the line, and nobody has for so long."""
        return self._in_hand == 0 and time.monotonic() - self._used_at > seconds

    async def _in_thread(
        self, work: Callable[[str, _Given], Answer | PlatformError], name: str, given: _Given
    ) -> Answer | PlatformError:
        self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, name, given)
        finally:
            self._in_hand -= 1
            self._used_at = time.monotonic()

    def close(self) -> None:
        """Give the thread back; a call in it ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    def _exchange(self, method: str, params: Params) -> Answer | PlatformError:
        """The answer, or the error to raise: not from here, where locals hold the key."""
        try:
            body: object = self._vk.method(method, dict(params), raw=True)
        except ApiError as error:
            return _refusal(error.error)
        except ApiHttpError:
            return UnknownOutcomeError(NO_ANSWER)
        except (requests.RequestException, PrivateAddressError) as error:
            return _failure(error)
        except (ValueError, TypeError, KeyError, OSError):
            return UnknownOutcomeError(NO_ANSWER)
        if not isinstance(body, dict) or "response" not in body:
            return UnknownOutcomeError(NO_ANSWER)
        return Answer(result=body["response"])

    def _bring(self, url: str, file: File) -> Answer | PlatformError:
        form = {file.field_name: (file.file_name, file.content, file.mime_type)}
        try:
            response = self._session.post(url, files=form, timeout=(CONNECT_SECONDS, UPLOAD_SECONDS))
            if response.ok:
                return Answer(result=json.loads(response.content))
        except (requests.RequestException, PrivateAddressError) as error:
            return _failure(error)
        except (ValueError, OSError):
            return UnknownOutcomeError(NO_ANSWER)
        return UnknownOutcomeError(NO_ANSWER)


@dataclass(frozen=True, slots=True)
class _LineKey:
    """What tells lines apart."""

    kind: KeyKind
    api_url: str | None
    proxy_url: str | None = field(repr=False)
    token: str = field(repr=False)


class Wires:
    """The lines of a process: one for each key, and pools of connections for long polls and files.

    `allow_private`: whether servers and proxies that people named, and what such a server names, may be private.
    """

    def __init__(
        self, pauses: Sequence[float] = PAUSES, idle_seconds: float = IDLE_SECONDS, *, allow_private: bool = False
    ) -> None:
        self.pauses = pauses
        self._idle_seconds = idle_seconds
        self._allow_private = allow_private
        self._open: dict[_LineKey, Wire] = {}
        self._http: dict[bool, ClientSession] = {}

    def wire(self, account: Account, kind: KeyKind, token: str) -> Wire:
        """The line of a key; those that nobody has used for a while are closed."""
        key = _LineKey(kind, account.api_url, account.proxy_url, token)
        if key not in self._open:
            for other in [other for other, wire in self._open.items() if wire.is_idle(self._idle_seconds)]:
                self._open.pop(other).close()
            self._open[key] = Wire(account, kind, token, is_guarded=self._is_guarded(account))
        return self._open[key]

    def http(self, account: Account) -> ClientSession:
        """The pool for long polls and files, guarded or not; a long poll keeps a connection: there is no limit."""
        guarded = self._is_guarded(account)
        if guarded not in self._http or self._http[guarded].closed:
            connector = TCPConnector(limit=0, socket_factory=open_public if guarded else None)
            self._http[guarded] = ClientSession(connector=connector)
        return self._http[guarded]

    async def close(self) -> None:
        """Close all lines."""
        while self._open:
            _, wire = self._open.popitem()
            wire.close()
        for session in self._http.values():
            await session.close()

    def _is_guarded(self, account: Account) -> bool:
        return is_guarded(account, allow_private=self._allow_private)


def _refusal(error: object) -> Answer | PlatformError:
    if not isinstance(error, dict) or type(error.get("error_code")) is not int:
        return UnknownOutcomeError(NO_ANSWER)
    subcode, message = error.get("error_subcode"), error.get("error_msg")
    return Answer(
        code=error["error_code"],
        subcode=subcode if isinstance(subcode, int) else None,
        message=message if isinstance(message, str) else "",
    )


def _failure(error: requests.RequestException | PrivateAddressError) -> PlatformError:
    if was_private(error):
        return TemporaryRefusalError(PRIVATE_SERVER)
    if isinstance(error, InvalidSchema):
        return TemporaryRefusalError(NO_PROXY_SUPPORT if "SOCKS" in str(error) else CANNOT_CONNECT)
    if isinstance(error, _NEVER_LEFT) or _is_unreached(error):
        return TemporaryRefusalError(CANNOT_CONNECT)
    return UnknownOutcomeError(NO_ANSWER)


def _is_unreached(error: OSError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, _UNREACHED)

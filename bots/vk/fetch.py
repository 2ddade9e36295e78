"""Opening an attachment for reading, through us; only from hosts that are VK's, or the channel's own server."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse, ClientTimeout

from bots.guard import was_private
from bots.vk import reasons
from bots.vk.wire import Wires
from inbox.channels.adapter import Account, RemoteFile
from inbox.core.addresses import PRIVATE_SERVER
from inbox.core.errors import PermanentRefusalError, PlatformError, TemporaryRefusalError

FILE_LIMITS = ClientTimeout(total=600, connect=10, sock_connect=10, sock_read=60)
CHUNK_BYTES = 64 * 1024
MAX_HOPS = 3

HOSTS = ("vk.com", "vk.ru", "userapi.com", "vkuser.net", "vkuseraudio.net", "vk-cdn.net", "mycdn.me", "okcdn.ru")
"""Where VK keeps files; their subdomains too."""


async def fetch(wires: Wires, account: Account, url: str) -> RemoteFile:
    """The file's chunks, type and size in bytes. PermanentRefusalError when it is gone or lies elsewhere."""
    got = await _open(wires, account, url)
    if isinstance(got, PlatformError):
        raise got
    return RemoteFile(_chunks(got), got.content_type, got.content_length)


async def _open(wires: Wires, account: Account, url: str) -> ClientResponse | PlatformError:
    """The answer that holds the file; every hop is looked at, since a file must not lead into our own network."""
    proxy = account.proxy_url if account.proxy_url and account.proxy_url.startswith("http") else None
    for _ in range(MAX_HOPS):
        if not _is_vks(url, account):
            return PermanentRefusalError(reasons.FOREIGN_FILE)
        try:
            response = await wires.http(account).get(url, timeout=FILE_LIMITS, proxy=proxy, allow_redirects=False)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            return TemporaryRefusalError(PRIVATE_SERVER if was_private(error) else reasons.NO_ANSWER)
        if response.status == 200:
            return response
        response.close()
        if response.status not in {301, 302, 303, 307, 308}:
            break
        url = response.headers.get("Location", "")
    else:
        return PermanentRefusalError(reasons.FILE_GONE)
    return TemporaryRefusalError(reasons.NO_ANSWER) if response.status >= 500 else _gone()


def _gone() -> PlatformError:
    return PermanentRefusalError(reasons.FILE_GONE)


async def _chunks(response: ClientResponse) -> AsyncIterator[bytes]:
    failure: PlatformError | None = None
    async with aclosing(_pieces(response)) as pieces:
        async for piece in pieces:
            if isinstance(piece, PlatformError):
                failure = piece
            else:
                yield piece
    if failure is not None:
        raise failure


async def _pieces(response: ClientResponse) -> AsyncGenerator[bytes | PlatformError, None]:
    """Chunks, and last the error to raise, if any."""
    try:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            yield chunk
    except (ClientError, TimeoutError, OSError):
        yield TemporaryRefusalError(reasons.NO_ANSWER)
    finally:
        response.close()


def _is_vks(url: str, account: Account) -> bool:
    try:
        parts = urlsplit(url)
        own = urlsplit(account.api_url or "")
    except ValueError:
        return False
    if own.netloc and (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return True
    host = parts.hostname or ""
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in HOSTS)

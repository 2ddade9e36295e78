"""No request makes us hold more than it may have, whoever sends it."""

from collections.abc import AsyncIterator

import pytest

from inbox.core.web.bodies import LONGEST, MEGABYTE, longest_body
from tests.company import Company

pytestmark = pytest.mark.outside

FILE = b'--b\r\nContent-Disposition: form-data; name="email"; filename="f"\r\n\r\n'


class Flood:
    """A body without a length said before; counts what was taken of it."""

    def __init__(self, chunks: int, head: bytes = b"") -> None:
        self.left = chunks
        self.head = head
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.head
        while self.left:
            self.left -= 1
            self.taken += 1
            yield b"x" * (MEGABYTE // 4)


@pytest.mark.parametrize("path", ["/api/v1/channels", "/webhooks/telegram/1", "/sign-in", "/api/v1/nowhere"])
async def test_a_length_that_is_too_long_is_refused_before_anything_is_read(company: Company, path: str) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x" * (LONGEST + 1)

    guest = await company.guest()
    answer = await guest.post(path, content=body(), headers={"Content-Length": str(LONGEST + 1)})
    assert (answer.status_code, read) == (413, 0)
    if path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "The request is longer than 1 MB."
        assert answer.json()["request_id"]


@pytest.mark.parametrize(
    ("path", "content_type", "head"),
    [
        ("/api/v1/channels", "application/json", b"{"),
        ("/sign-in", "application/x-www-form-urlencoded", b"email="),
        ("/sign-in", "multipart/form-data; boundary=b", FILE),
    ],
)
async def test_a_body_that_does_not_say_its_length_is_cut_off(
    company: Company, path: str, content_type: str, head: bytes
) -> None:
    flood = Flood(40, head)
    guest = await company.guest()
    answer = await guest.post(path, content=flood, headers={"Content-Type": content_type})
    assert answer.status_code == 413
    assert flood.taken <= 6


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/conversations/1/messages", 401), ("/w/all/inbox/1/messages", 303)]
)
async def test_of_a_stranger_nothing_is_read_where_files_may_come(company: Company, path: str, status: int) -> None:
    flood = Flood(400)
    guest = await company.guest()
    answer = await guest.post(path, content=flood, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert flood.taken <= 2


async def test_of_who_is_signed_in_files_are_read_to_their_limit(company: Company) -> None:
    flood = Flood(400)
    owner = await company.client_of("owner")
    path = "/api/v1/conversations/1/messages"
    answer = await owner.post(path, content=flood, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert flood.taken <= 302


@pytest.mark.parametrize(
    ("method", "path", "megabytes"),
    [
        ("POST", "/api/v1/conversations/7/messages", 75),
        ("POST", "/w/3/inbox/7/messages", 55),
        ("POST", "/w/all/inbox/7/messages", 55),
        ("PATCH", "/api/v1/conversations/7/messages", 1),
        ("POST", "/api/v1/conversations/7/messages/8", 1),
        ("POST", "/api/v1/conversations/x/messages", 1),
        ("POST", "/", 1),
    ],
)
def test_only_messages_with_files_may_be_long(method: str, path: str, megabytes: int) -> None:
    assert longest_body(method, path) == megabytes * MEGABYTE

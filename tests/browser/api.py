"""The demo's API for browser tests: what a person does elsewhere while the page is open."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.browser.running import Demo


@contextmanager
def client_of(demo: Demo, who: str) -> Iterator[httpx.Client]:
    """A client with this person's token."""
    with httpx.Client(base_url=f"{demo.url}/api/v1", timeout=20) as client:
        answer = client.post("/auth/token", json={"email": demo.email(who), "password": demo.password})
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client

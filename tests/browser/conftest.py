"""One demo and one browser for all tests of a process; a fresh signed-in page for each."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Demo, find_chromium, open_context, running_browser, running_demo, sign_in


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder drive a browser; starting a demo may take a while."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))


expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """A demo without traffic of its own."""
    with running_demo("--no-traffic") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the tests are left out, but not in CI."""
    if find_chromium() is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium: set CHROMIUM, or install it")
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    """The inbox as the owner sees it, in Russian."""
    context = open_context(browser)
    context.set_default_timeout(20_000)
    fresh = context.new_page()
    sign_in(fresh, demo, "owner")
    yield fresh
    context.close()

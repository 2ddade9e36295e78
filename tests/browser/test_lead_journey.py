"""A lead rings in Telegram, a colleague of sales takes it up there, and the open list of leads follows."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.api import client_of
from tests.browser.running import Demo, Seen, note_troubles, open_context, sign_in

OWNER_PHONE, SALES_PHONE, BUYER = 995_001, 995_002, 995_003
SECONDS = 20
Found = TypeVar("Found")


def until(find: Callable[[], Found | None]) -> Found:
    """What turns up within SECONDS."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        if (found := find()) is not None:
            return found
        time.sleep(0.2)
    raise AssertionError("it did not turn up")


def code_on(page: Page, demo: Demo, button: str) -> str:
    """A one-time code from the page of alerts."""
    page.goto(f"{demo.url}/w/1/settings/alerts")
    page.get_by_role("button", name=button).click()
    return page.locator("code", has_text="/link").inner_text()


def rings(demo: Demo, phone: int, words: str, kind: str = "direct") -> Seen | None:
    """The bot's newest message with these words."""
    return next((one for one in reversed(demo.bot_says(phone, kind)) if words in one["text"]), None)


@pytest.fixture
def sales(browser: Browser, demo: Demo) -> Iterator[Page]:
    """Sales with their Telegram linked; the only one of sales on shift."""
    page = open_context(browser).new_page()
    page.set_default_timeout(20_000)
    sign_in(page, demo, "sales")
    with client_of(demo, "sales2") as other:
        other.patch("/me", json={"shift_state": "off"}).raise_for_status()
        yield page
        other.patch("/me", json={"shift_state": "on"}).raise_for_status()
    page.context.close()


def test_a_lead_is_taken_up_from_telegram_and_the_panel_shows_it(page: Page, sales: Page, demo: Demo) -> None:
    troubles = note_troubles(sales)
    demo.say(OWNER_PHONE, "Ольга Демидова", code_on(page, demo, "Привязать чат"), kind="group")
    until(lambda: rings(demo, OWNER_PHONE, "приходят в этот чат", "group"))
    demo.say(SALES_PHONE, "Мария Ковалёва", code_on(sales, demo, "Привязать мой Telegram"))
    until(lambda: rings(demo, SALES_PHONE, "приходят") or rings(demo, SALES_PHONE, "Telegram"))
    sales.goto(f"{demo.url}/w/1/leads")
    sales.evaluate("window.isTheSamePage = true")
    demo.say(BUYER, "Инна Покупаева", "Хочу заказать у вас кухню, сколько стоит и когда привезёте?")
    lead = sales.locator("#leads article", has_text="Инна Покупаева")
    stage = lead.get_by_label("Этап")
    expect(stage).to_have_value("new")
    ring = until(lambda: rings(demo, SALES_PHONE, "Инна Покупаева"))
    assert demo.press(SALES_PHONE, "Мария Ковалёва", ring, "Взять") == "Лид ваш"
    expect(stage).to_have_value("taken_up")
    assert sales.evaluate("window.isTheSamePage")
    page.goto(f"{demo.url}/w/1/settings/alerts")
    page.get_by_role("button", name="Отвязать").first.click()
    expect(page.get_by_role("button", name="Привязать чат")).to_be_visible()
    assert not troubles

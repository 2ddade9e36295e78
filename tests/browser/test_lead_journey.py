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


def find_ring(demo: Demo) -> Seen | None:
    """The newest lead on the phone of sales that can still be taken up."""
    open_ones = [one for one in demo.bot_says(SALES_PHONE) if "Инна Покупаева" in one["text"] and one["buttons"]]
    return open_ones[-1] if open_ones else None


def wait_linked(page: Page, place: str) -> None:
    """Look again until the bot has taken the code."""

    def look() -> bool | None:
        page.goto(page.url.split("/alerts")[0] + "/alerts")
        return page.locator(f"form[action$='/{place}']").count() > 0 or None

    until(look)


def unlink(page: Page, demo: Demo, place: str) -> None:
    """Take back what a code linked, as far as it got; `place`: forget (the chat) or me/unlink."""
    page.goto(f"{demo.url}/w/1/settings/alerts")
    button = page.locator(f"form[action$='/{place}'] button")
    if button.count():
        button.click()
        expect(button).to_have_count(0)


@pytest.fixture
def boss(page: Page, demo: Demo) -> Iterator[Page]:
    """The owner, who linked the team's chat; afterwards it is linked no more, and leads are lost."""
    demo.say(OWNER_PHONE, "Ольга Демидова", code_on(page, demo, "Привязать чат"), kind="group")
    wait_linked(page, "forget")
    yield page
    unlink(page, demo, "forget")
    with client_of(demo, "owner") as owner:
        for lead in owner.get("/leads").json()["items"]:
            if lead["stage"] in {"new", "taken_up"}:
                lost = {"stage": "lost", "reason": "Проверка"}
                owner.patch(f"/leads/{lead['id']}", json=lost).raise_for_status()
                closed = {"status": "closed"}  # so that the next word begins a turn of its own
                owner.patch(f"/conversations/{lead['conversation_id']}", json=closed).raise_for_status()


@pytest.fixture
def sales(browser: Browser, demo: Demo) -> Iterator[Page]:
    """Sales with their Telegram linked; the only one of sales on shift."""
    page = open_context(browser).new_page()
    page.set_default_timeout(20_000)
    sign_in(page, demo, "sales")
    demo.say(SALES_PHONE, "Мария Ковалёва", code_on(page, demo, "Привязать мой Telegram"))
    wait_linked(page, "me/unlink")
    with client_of(demo, "sales2") as other:
        other.patch("/me", json={"shift_state": "off"}).raise_for_status()
        yield page
        other.patch("/me", json={"shift_state": "on"}).raise_for_status()
    unlink(page, demo, "me/unlink")
    page.context.close()


def test_a_lead_is_taken_up_from_telegram_and_the_panel_shows_it(boss: Page, sales: Page, demo: Demo) -> None:
    troubles = note_troubles(sales)
    sales.goto(f"{demo.url}/w/1/leads")
    sales.evaluate("window.isTheSamePage = true")
    lead = sales.locator("#leads article", has_text="Инна Покупаева")
    before = lead.count()
    demo.say(BUYER, "Инна Покупаева", "Хочу заказать у вас кухню, сколько стоит и когда привезёте?")
    expect(lead).to_have_count(before + 1)
    stage = lead.first.get_by_label("Этап")
    expect(stage).to_have_value("new")
    ring = until(lambda: find_ring(demo))
    assert demo.press(SALES_PHONE, "Мария Ковалёва", ring, "Взять") == "Лид ваш"
    expect(stage).to_have_value("taken_up")
    assert sales.evaluate("window.isTheSamePage")
    assert not troubles

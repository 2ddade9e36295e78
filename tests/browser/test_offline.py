"""Without a connection nothing that was pressed is silent: an answer waits beside its field, other deeds say so."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import PHONE, WIDE, Demo, open_context, open_found, sign_in
from tests.browser.test_pages import CONTRAST

MINE = "Диван едет, будет завтра"


def open_talk(browser: Browser, demo: Demo, size: tuple[int, int], subscriber: int) -> Page:
    name = f"Олег Без Связи {subscriber}"
    demo.say(subscriber, name, "Когда привезёте диван?")
    context = open_context(browser, size)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "owner")
    open_found(page, demo, name)
    expect(page.locator("#head")).to_contain_text(name)
    return page


@pytest.mark.parametrize(("size", "subscriber"), [(WIDE, 992_001), (PHONE, 992_002)])
def test_an_answer_without_a_connection_stays_and_goes_once_when_it_is_back(
    browser: Browser, demo: Demo, size: tuple[int, int], subscriber: int
) -> None:
    page = open_talk(browser, demo, size, subscriber)
    page.context.set_offline(True)
    page.fill("#text", MINE)
    page.press("#text", "Control+Enter")
    expect(page.locator("#unsent")).to_be_visible()
    assert page.input_value("#text") == MINE
    expect(page.locator("#message-on-its-way")).to_have_count(0)
    page.wait_for_timeout(400)  # the button is itself again
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("[data-retry]").click()
    expect(page.locator("#unsent")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#unsent")).to_be_hidden()
    expect(page.locator(".toast2[data-toast=done]")).to_have_count(1)
    expect(page.locator("#stream .bubble-out", has_text=MINE)).to_have_count(1)
    for _ in range(40):
        if demo.heard(subscriber):
            break
        page.wait_for_timeout(250)
    assert demo.heard(subscriber) == [MINE]
    page.context.close()


def test_what_was_changed_meanwhile_waits_for_its_writer(browser: Browser, demo: Demo) -> None:
    page = open_talk(browser, demo, WIDE, 992_010)
    page.context.set_offline(True)
    page.fill("#text", MINE)
    page.press("#text", "Control+Enter")
    expect(page.locator("#unsent")).to_be_visible()
    page.fill("#text", f"{MINE}, после обеда")
    with page.expect_response("**/parts*"):
        page.context.set_offline(False)
    page.wait_for_timeout(500)
    assert page.input_value("#text") == f"{MINE}, после обеда"
    expect(page.locator("#unsent")).to_be_visible()
    page.locator("[data-retry]").click()
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#unsent")).to_be_hidden()
    page.context.close()


def test_closing_without_a_connection_says_that_it_came_to_nothing(browser: Browser, demo: Demo) -> None:
    page = open_talk(browser, demo, WIDE, 992_020)
    page.context.set_offline(True)
    said = page.locator(".toast2[data-toast=error]")
    for _ in range(2):
        page.keyboard.press("e")
        expect(said).to_have_count(1)
    page.context.set_offline(False)
    page.keyboard.press("e")
    expect(page.locator(".toast2[data-toast=done]")).to_have_count(1)
    page.context.set_offline(True)
    page.keyboard.press("z")
    expect(page.locator(".toast2[data-toast=done] [data-undo]")).to_be_visible()
    page.context.set_offline(False)
    page.keyboard.press("z")
    expect(page.locator("#rows .row:not(.gone)", has_text="Олег Без Связи 992020")).to_have_count(1)
    page.context.close()

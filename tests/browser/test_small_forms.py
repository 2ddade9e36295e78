"""The composer's lists leave its tabs in sight, also on a phone; the moderation dialog's hints are no part of names."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.running import PHONE, WIDE, Demo, note_troubles, open_context, sign_in
from tests.browser.test_pages import CONTRAST

NAME = "Тимур Формин"


@pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (WIDE, "light")])
def test_canned_responses_open_above_the_tabs_and_hints_are_no_part_of_names(
    browser: Browser, demo: Demo, size: tuple[int, int], theme: str
) -> None:
    demo.say(950_900, NAME, "Здравствуйте, сколько стоит формовка?", kind="comment")
    context = open_context(browser, size, theme)
    page = context.new_page()
    sign_in(page, demo, "owner")
    row = page.locator("#rows .row", has_text=NAME)
    for _ in range(40):
        page.goto(f"{demo.url}/w/1/inbox?q=формовка")
        if row.count():
            break
        page.wait_for_timeout(500)
    troubles = note_troubles(page)
    row.click()
    page.locator("#text").fill("/")
    shown = page.locator("#canned")
    expect(shown).to_be_visible()
    menu, tab = shown.bounding_box(), page.locator("[data-mode-button=reply]").bounding_box()
    assert menu is not None
    assert tab is not None
    assert menu["y"] + menu["height"] <= tab["y"]
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= size[0]
    page.locator("#text").fill("")
    page.locator("#text").blur()
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="Модерация")
    expect(dialog.get_by_role("combobox", name="За что", exact=True)).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Почему", exact=True)).to_be_visible()
    expect(dialog).to_contain_text("Модель на этом учится.")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not troubles
    context.close()

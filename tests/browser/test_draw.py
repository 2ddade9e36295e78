"""A prize draw on the panel: one row for all hands, which opens, counts as they come, and leads to each thread."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import PHONE, WIDE, Demo, note_troubles, open_context, sign_in
from tests.browser.test_pages import CONTRAST

ASKING = "Скажите, а когда вы подведёте итоги этого розыгрыша?"


@pytest.fixture(scope="module")
def drawn(browser: Browser, demo: Demo) -> None:
    """A dozen hands and a question under the newest post, which a moderator has made a draw from its card."""
    for place in range(12):
        demo.say(950_000 + place, f"Участник {place}", "+" if place % 3 else "Участвую!", "comment")
    demo.say(950_100, "Вера Вопрос", ASKING, "comment")
    context = open_context(browser)
    page = context.new_page()
    sign_in(page, demo, "moderator")
    page.locator("#rows .row", has_text="Вера Вопрос").click()
    page.get_by_text("Комментарии…").click()
    page.get_by_role("button", name="Розыгрыш").click()
    page.locator("#folds [data-fold]").wait_for()
    context.close()


def _open(browser: Browser, demo: Demo, size: tuple[int, int], theme: str) -> Page:
    context = open_context(browser, size, theme)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "owner")
    return page


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "dark"), (PHONE, "light")])
def test_the_folded_row_opens_counts_on_and_leads_to_a_thread(
    browser: Browser, demo: Demo, drawn: None, size: tuple[int, int], theme: str
) -> None:
    page = _open(browser, demo, size, theme)
    troubles = note_troubles(page)
    row = page.locator("#folds [data-fold]")
    expect(row).to_have_count(1)
    before = int(row.inner_text().split()[0])
    row.click()
    expect(page.locator("[data-folded-row]")).to_have_count(before)
    assert page.evaluate(CONTRAST) == []
    late = f"Опоздавший {size[0]}"
    demo.say(951_000 + size[0], late, "+", "comment")
    expect(page.locator("#fold-count h2")).to_contain_text(f"{before + 1} ")
    page.locator("#fold-count a").click()
    first = page.locator("[data-folded-row]").first
    expect(first).to_contain_text(late)
    if size == PHONE:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first.click()
    expect(page.locator("#head")).to_contain_text(late)
    card = page.locator("#stream-scroll [data-fold]")
    expect(card).to_contain_text(f"{before + 1} ")
    card.click()
    expect(page.locator("[data-folded-row]")).to_have_count(before + 1)
    assert not troubles
    page.context.close()

"""Each page, once in each language and theme: it opens, its console is silent, its words can be read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.running import PHONE, WIDE, Demo, note_troubles, open_context, sign_in

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
PATHS = (
    "/w/1/inbox", "/w/all/inbox", "/w/1/inbox?view=leads", "/w/1/inbox?view=due_soon", "/w/1/inbox?view=automatic",
    "/w/1/inbox?view=closed", "/w/1/inbox?q=стол", "/w/1/channels", "/w/all/channels", "/w/1/channels/new", "/w/1/more",
    "/w/1/me/notifications", "/w/1/contacts/1", "/w/1/settings/webhooks",
)  # fmt: skip


@pytest.fixture(scope="module")
def talks(demo: Demo) -> None:
    """A few conversations of different kinds."""
    demo.say(930_001, "Ирина Лидова", "Хочу заказать кухню, сколько стоит и когда привезёте?")
    demo.say(930_002, "Клим Недоволен", "Третью неделю жду шкаф, это ужас, верните деньги!")
    demo.say(930_003, "Лена Довольна", "Спасибо, стол просто чудо!\nhttps://example.org/photo?a=1&b=2")
    demo.say(930_004, "Марк", "+")


@pytest.fixture(params=[("ru-RU", "light"), ("en-GB", "dark")], ids=["ru-light", "en-dark"])
def view(request: pytest.FixtureRequest, browser: Browser, demo: Demo, talks: None) -> Iterator[Page]:
    """The owner's browser in a language and a theme."""
    locale, theme = request.param
    context = open_context(browser, WIDE, theme, locale)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "owner")
    _choose_locale(page, locale[:2])
    yield page
    _choose_locale(page, "ru")
    context.close()


def _choose_locale(page: Page, locale: str) -> None:
    page.locator("#me-menu > summary").click()
    page.locator(f"#me-menu button[lang={locale}]").click()
    page.wait_for_load_state("load")


def test_each_page_opens_quietly_and_is_legible(view: Page, demo: Demo) -> None:
    troubles = note_troubles(view)
    weak: list[str] = []
    for path in PATHS:
        answer = view.goto(f"{demo.url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        weak += [f"{path}: {one}" for one in view.evaluate(CONTRAST)]
    assert not troubles
    assert not weak


def test_an_open_conversation_is_quiet_and_legible(view: Page, demo: Demo) -> None:
    troubles = note_troubles(view)
    view.goto(f"{demo.url}/w/1/inbox")
    weak: list[str] = []
    for place in range(3):
        view.locator("#rows .row").nth(place).click()
        view.locator("#head").wait_for()
        view.locator("[data-inbound] details summary", has_text="?").first.click()
        view.wait_for_timeout(200)
        weak += view.evaluate(CONTRAST)
    assert not troubles
    assert not weak


def test_a_phone_shows_one_column_and_leads_back(browser: Browser, demo: Demo, talks: None) -> None:
    context = open_context(browser, PHONE)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "owner")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#rows .row").first.click()
    page.locator("#composer").wait_for(state="visible")
    assert not page.locator("#rows").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("[data-back]").click()
    page.locator("#rows").wait_for(state="visible")
    assert page.locator(".tabs-bottom").is_visible()
    context.close()


def test_pages_hold_no_inline_scripts_or_styles(view: Page, demo: Demo) -> None:
    for path in PATHS:
        view.goto(f"{demo.url}{path}")
        html = view.evaluate("fetch(location.href).then(answer => answer.text())")
        assert " style=" not in html
        assert "<style" not in html
        assert "onclick=" not in html
        assert "<script>" not in html

"""Two moderators write to one subscriber: who comes second is asked, reads the first's answer, and decides."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.api import client_of
from tests.browser.running import PHONE, WIDE, Demo, open_context, open_found, sign_in
from tests.browser.test_pages import CONTRAST

THEIRS, MINE = "Нина, добрый день! Ищем ваш диван.", "Здравствуйте! Смотрю ваш заказ"


def open_talk(browser: Browser, demo: Demo, size: tuple[int, int], theme: str, subscriber: int) -> tuple[Page, int]:
    """The talk of a new subscriber, as the owner sees it."""
    name = f"Нина Двойная {subscriber}"
    demo.say(subscriber, name, "Где мой заказ? Третью неделю жду диван")
    context = open_context(browser, size, theme)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "owner")
    open_found(page, demo, name)
    expect(page.locator("#head")).to_contain_text(name)
    return page, int(page.locator("#conversation").get_attribute("data-conversation") or 0)


def answer_elsewhere(demo: Demo, page: Page, talk_id: int) -> None:
    """A colleague's answer, which this page shows while somebody writes."""
    with client_of(demo, "support") as colleague:
        colleague.post(f"/conversations/{talk_id}/claim")
        colleague.post(f"/conversations/{talk_id}/messages", json={"text": THEIRS}).raise_for_status()
    expect(page.locator("#stream")).to_contain_text(THEIRS)


@pytest.mark.parametrize(
    ("size", "theme", "subscriber"), [(WIDE, "dark", 991_001), (WIDE, "light", 991_002), (PHONE, "light", 991_003)]
)
def test_who_comes_second_is_asked_and_nothing_goes_before(
    browser: Browser, demo: Demo, size: tuple[int, int], theme: str, subscriber: int
) -> None:
    page, talk_id = open_talk(browser, demo, size, theme, subscriber)
    page.fill("#text", MINE)
    answer_elsewhere(demo, page, talk_id)
    asked = page.locator("#answered")
    page.press("#text", "Control+Enter")
    expect(asked).to_be_visible()
    expect(asked).to_contain_text(THEIRS)
    page.wait_for_timeout(400)  # the button is itself again
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.input_value("#text") == MINE
    assert demo.heard(subscriber) == [THEIRS]
    asked.locator("[data-leave]").click()
    expect(asked).to_be_hidden()
    assert page.input_value("#text") == MINE
    page.press("#text", "Control+Enter")
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#stream .bubble-out", has_text=MINE)).to_have_count(1)
    page.context.close()


def test_control_enter_again_sends_and_what_was_seen_before_writing_asks_nothing(browser: Browser, demo: Demo) -> None:
    page, talk_id = open_talk(browser, demo, WIDE, "light", 991_010)
    page.fill("#text", MINE)
    answer_elsewhere(demo, page, talk_id)
    page.press("#text", "Control+Enter")
    expect(page.locator("#answered")).to_be_visible()
    page.press("#text", "Control+Enter")
    expect(page.locator("#stream .bubble-out", has_text=MINE)).to_have_count(1)
    expect(page.locator("#answered")).to_be_hidden()
    with client_of(demo, "support") as colleague:
        colleague.post(f"/conversations/{talk_id}/messages", json={"text": "И ещё раз"}).raise_for_status()
    expect(page.locator("#stream")).to_contain_text("И ещё раз")
    page.fill("#text", "Спасибо, коллега")
    page.press("#text", "Control+Enter")
    expect(page.locator("#stream .bubble-out", has_text="Спасибо, коллега")).to_have_count(1)
    page.context.close()

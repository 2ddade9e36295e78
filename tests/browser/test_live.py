"""A message comes in while one looks, is answered, and shows as sent; a colleague's deeds appear by themselves."""

import re

from playwright.sync_api import Browser, Page, expect

from inbox.conversations.panel.pages import PAGE
from tests.browser.running import Demo, note_troubles, open_context, sign_in

ROWS_BY_ID = re.compile(r"/rows\?.*ids=")


def test_a_message_arrives_is_answered_and_shows_as_sent(page: Page, demo: Demo) -> None:
    troubles = note_troubles(page)
    demo.say(910_001, "Анна Живая", "Сколько стоит кухня «Верба»?")
    page.locator("#newer").click()
    row = page.locator("#rows .row", has_text="Анна Живая")
    expect(row).to_contain_text("Сколько стоит кухня «Верба»?")
    row.click()
    expect(page.locator("#stream")).to_contain_text("Сколько стоит кухня «Верба»?")
    page.fill("#text", "Здравствуйте! От 84 900 ₽.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#stream .bubble-out")).to_have_text("Здравствуйте! От 84 900 ₽.")
    expect(page.locator("[data-delivery=sent]")).to_be_visible()
    expect(page.locator("#text")).to_have_value("")
    assert demo.heard(910_001) == ["Здравствуйте! От 84 900 ₽."]
    demo.say(910_001, "Анна Живая", "Спасибо, а доставка в Казань?")
    expect(page.locator("#stream")).to_contain_text("Спасибо, а доставка в Казань?")
    assert not troubles


def test_a_draft_waits_for_its_conversation(page: Page, demo: Demo) -> None:
    for author_id, name in ((910_011, "Борис Первый"), (910_012, "Вера Вторая")):
        demo.say(author_id, name, "Есть кто живой?")
    expect(page.locator("#newer")).to_contain_text("2")
    page.locator("#newer").click()
    page.locator("#rows .row", has_text="Борис Первый").click()
    page.fill("#text", "начало ответа")
    page.locator("#rows .row", has_text="Вера Вторая").click()
    expect(page.locator("#head")).to_contain_text("Вера Вторая")
    expect(page.locator("#text")).to_have_value("")
    page.locator("#rows .row", has_text="Борис Первый").click()
    expect(page.locator("#head")).to_contain_text("Борис Первый")
    expect(page.locator("#text")).to_have_value("начало ответа")


def test_what_a_colleague_does_appears_by_itself(page: Page, browser: Browser, demo: Demo) -> None:
    demo.say(910_021, "Галина Общая", "Здравствуйте, подскажите адрес салона?")
    page.locator("#newer").click()
    page.locator("#rows .row", has_text="Галина Общая").click()
    expect(page.locator("#head")).to_contain_text("Галина Общая")
    other = open_context(browser)
    colleague = other.new_page()
    sign_in(colleague, demo, "support")
    colleague.goto(page.url)
    colleague.keyboard.press("n")
    colleague.fill("#text", "Отвечаю я")
    colleague.keyboard.press("Control+Enter")
    expect(page.locator("#stream")).to_contain_text("Отвечаю я")
    colleague.keyboard.press("Escape")
    colleague.keyboard.press("e")
    expect(page.locator("#head")).to_contain_text("Открыть снова")
    other.close()


def test_after_a_lost_connection_the_page_catches_up(page: Page, demo: Demo) -> None:
    page.context.set_offline(True)
    demo.say(910_031, "Денис Потерянный", "Вы меня слышите?")
    page.wait_for_timeout(3000)
    page.context.set_offline(False)
    expect(page.locator("#newer")).to_be_visible()
    page.locator("#newer").click()
    expect(page.locator("#rows .row", has_text="Денис Потерянный")).to_be_visible()


def test_what_is_new_is_shown_even_if_its_place_is_on_a_later_page(page: Page, demo: Demo) -> None:
    for number in range(PAGE):
        demo.say(910_100 + number, f"Читатель {number}", "Как оформить возврат?")
    expect(page.locator("#newer")).to_contain_text(str(PAGE))
    page.locator("#newer").click()
    expect(page.locator("#rows .row")).to_have_count(PAGE)
    demo.say(910_041, "Яна Последняя", "Можно забрать сегодня?")
    expect(page.locator("#newer")).to_be_visible()
    newest = page.locator("#rows .row", has_text="Яна Последняя")
    page.route(ROWS_BY_ID, lambda route: route.abort(), times=1)
    page.locator("#newer").click()
    expect(page.locator("#newer")).to_be_hidden()
    expect(page.locator("#newer")).to_be_visible()  # it could not be fetched, so it waits again
    expect(newest).to_have_count(0)
    page.locator("#newer").click()
    expect(newest).to_be_in_viewport()
    more = page.locator("#rows > [hx-trigger]")
    more.scroll_into_view_if_needed()
    expect(more).to_have_count(0)
    expect(newest).to_have_count(1)

"""Everything by keyboard, in the Russian layout, too."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Demo


@pytest.fixture
def busy(page: Page, demo: Demo) -> Page:
    """Three conversations to walk through."""
    for number, name in enumerate(("Ева Клавишная", "Жанна Клавишная", "Зоя Клавишная")):
        demo.say(920_000 + number, name, "Подскажите, пожалуйста, цену и сроки?")
    for _ in range(40):
        page.goto(f"{demo.url}/w/1/inbox?q=Клавишная")
        if page.locator("#rows .row").count() == 3:
            break
        page.wait_for_timeout(500)
    expect(page.locator("#rows .row")).to_have_count(3)
    return page


def name_of_open(page: Page) -> str:
    return page.locator("#head .font-semibold").first.inner_text()


def test_the_list_is_walked_with_j_and_k(busy: Page) -> None:
    names = busy.locator("#rows .row .truncate.font-semibold").all_inner_texts()
    rows = busy.locator("#rows .row")
    busy.keyboard.press("j")
    expect(rows.nth(0)).to_have_class("row on")
    expect(busy.locator("#head")).to_contain_text(names[0])
    busy.keyboard.press("j")
    expect(busy.locator("#head")).to_contain_text(names[1])
    busy.keyboard.press("k")
    expect(busy.locator("#head")).to_contain_text(names[0])


def test_keys_faster_than_the_answers_mean_the_row_that_they_chose(busy: Page) -> None:
    names = busy.locator("#rows .row .truncate.font-semibold").all_inner_texts()
    busy.locator("#rows .row").first.click()
    for key in "jjkjx":  # by mouse to the first one; down, down, up, down; and settle the last
        busy.keyboard.press(key)
    expect(busy.locator(".toast2", has_text="ответ не нужен")).to_be_visible()
    expect(busy.locator("#rows .row.on")).to_contain_text(names[1])
    expect(busy.locator("#head")).to_contain_text(names[1])


def test_letters_work_in_the_russian_layout(busy: Page) -> None:
    busy.keyboard.press("j")
    expect(busy.locator("#reply-form")).to_be_visible()
    busy.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'т', code: 'KeyN', bubbles: true}))")
    expect(busy.locator("#reply-form")).to_have_attribute("data-mode", "note")
    expect(busy.locator("#text")).to_be_focused()
    busy.keyboard.press("Escape")
    expect(busy.locator("#reply-form")).to_have_attribute("data-mode", "reply")


def test_closing_opens_the_next_and_can_be_undone(busy: Page) -> None:
    busy.keyboard.press("j")
    expect(busy.locator("#head")).to_be_visible()
    closed = name_of_open(busy)
    busy.keyboard.press("e")
    toast = busy.locator(".toast2", has_text="Закрыто")
    expect(toast).to_be_visible()
    expect(busy.locator("#head")).not_to_contain_text(closed)
    toast.get_by_role("button", name="Отменить").click()
    expect(busy.locator(".toast2", has_text="Отменено")).to_be_visible()
    expect(busy.locator("#head")).to_contain_text(closed)
    expect(busy.locator("#head")).to_contain_text("Закрыть")


def test_z_takes_back_what_the_notice_offers_once(busy: Page) -> None:
    busy.keyboard.press("z")  # nothing to take back: nothing happens
    busy.keyboard.press("j")
    expect(busy.locator("#head")).to_be_visible()
    closed = name_of_open(busy)
    busy.keyboard.press("e")
    expect(busy.locator(".toast2", has_text="Закрыто")).to_be_visible()
    busy.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'я', code: 'KeyZ', bubbles: true}))")
    busy.keyboard.press("z")
    expect(busy.locator(".toast2", has_text="Отменено")).to_have_count(1)
    expect(busy.locator("#head")).to_contain_text(closed)
    expect(busy.locator("#head")).to_contain_text("Закрыть")


def test_menus_open_by_their_letter_and_close_by_escape(busy: Page) -> None:
    busy.keyboard.press("j")
    expect(busy.locator("#head")).to_be_visible()
    busy.keyboard.press("a")
    menu = busy.locator("#head details[data-key=a]")
    expect(menu).to_have_attribute("open", "")
    busy.keyboard.press("ArrowDown")
    busy.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    busy.keyboard.press("s")
    expect(busy.locator("#head details[data-key=s]")).to_have_attribute("open", "")


def test_assigning_says_so_in_the_thread(busy: Page) -> None:
    busy.keyboard.press("j")
    expect(busy.locator("#head")).to_be_visible()
    busy.keyboard.press("a")
    busy.locator("#head details[data-key=a] .item", has_text="Света Дорохова").click()
    expect(busy.locator(".toast2")).to_contain_text("Ответственный назначен")
    expect(busy.locator("#stream")).to_contain_text("назначает: Света Дорохова")


def test_slash_searches_and_the_question_mark_lists_the_keys(busy: Page) -> None:
    busy.keyboard.press("/")
    expect(busy.locator("#search")).to_be_focused()
    busy.keyboard.press("Escape")
    busy.keyboard.press("Shift+?")
    expect(busy.locator("#keys")).to_be_visible()
    busy.keyboard.press("Escape")
    expect(busy.locator("#keys")).not_to_be_visible()


def test_x_settles_without_words(busy: Page) -> None:
    busy.keyboard.press("j")
    expect(busy.locator("#head")).to_be_visible()
    busy.keyboard.press("x")
    expect(busy.locator(".toast2", has_text="ответ не нужен")).to_be_visible()
